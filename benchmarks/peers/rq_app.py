"""RQ. Its default worker forks for every job; SimpleWorker does not, and then survives no crash of a job."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import redis
from rq import Queue

from benchmarks.peers.marks import mark


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    queue = Queue(os.environ["RQ_QUEUE"], connection=redis.Redis.from_url(os.environ["REDIS_URL"]))
    return lambda sent_ns: queue.enqueue(mark, sent_ns, result_ttl=0)
