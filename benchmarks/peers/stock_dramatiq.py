"""Unchanged Dramatiq: its Redis broker and its default middleware."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.peers.marks import mark

_broker = RedisBroker(url=os.environ["REDIS_URL"], namespace="stock_dramatiq")
dramatiq.set_broker(_broker)


@dramatiq.actor(queue_name="stock")
def noop(sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    return noop.send
