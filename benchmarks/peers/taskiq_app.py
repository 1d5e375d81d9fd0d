"""Taskiq on Redis streams, the broker of taskiq-redis that acknowledges."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from taskiq_redis import RedisStreamBroker

from benchmarks.peers.marks import mark

broker = RedisStreamBroker(url=os.environ["REDIS_URL"], queue_name="bench_taskiq", consumer_id="0")


@broker.task(task_name="bench_noop")
async def noop(sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


async def sender() -> Callable[[int], Awaitable[Any]]:
    """Return what enqueues one no-op."""
    await broker.startup()
    send: Callable[[int], Awaitable[Any]] = noop.kiq
    return send
