"""arq on Redis; it polls every half second by default."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import func

from benchmarks.peers.marks import mark

CONCURRENCY = 100
QUIET = {"version": 1, "loggers": {"arq": {"level": "WARNING"}}}
"""Two lines a job would be measured else."""


async def noop(_context: Any, sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


class WorkerSettings:
    """What `arq` reads."""

    functions = (func(noop, name="bench_noop", keep_result=0),)
    redis_settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    max_jobs = CONCURRENCY


async def sender() -> Callable[[int], Awaitable[Any]]:
    """Return what enqueues one no-op."""
    pool = await create_pool(WorkerSettings.redis_settings)
    return lambda sent_ns: pool.enqueue_job("bench_noop", sent_ns)
