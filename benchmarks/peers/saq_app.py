"""SAQ on Redis."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from saq import Queue

from benchmarks.peers.marks import mark

CONCURRENCY = 100

queue = Queue.from_url(os.environ["REDIS_URL"])


async def noop(_context: Any, *, sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


settings = {"queue": queue, "functions": [("bench_noop", noop)], "concurrency": CONCURRENCY}


async def sender() -> Callable[[int], Awaitable[Any]]:
    """Return what enqueues one no-op."""
    await queue.connect()
    return lambda sent_ns: queue.enqueue("bench_noop", sent_ns=sent_ns)
