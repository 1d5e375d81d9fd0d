"""The floor: redis-py alone. LPUSH; BLMOVE to a second list so that a crash loses nothing; LREM when done."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import redis

from benchmarks.peers.marks import mark

WAITING, TAKEN = "bench:raw:waiting", "bench:raw:taken"


def client() -> redis.Redis:
    """A connection without surprises."""
    return redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=30, decode_responses=True)


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    connection = client()
    return lambda sent_ns: connection.lpush(WAITING, sent_ns)


def work() -> None:
    """Take one job after another, for ever."""
    connection = client()
    while True:
        if (job := connection.blmove(WAITING, TAKEN, 2, "RIGHT", "LEFT")) is not None:
            mark(int(job))
            connection.lrem(TAKEN, 1, str(job))


if __name__ == "__main__":
    work()
