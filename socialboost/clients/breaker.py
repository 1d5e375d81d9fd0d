"""A circuit breaker whose state all worker processes share through Redis.

closed: calls pass. After FAILURES failures in a row it opens for OPEN_SECONDS: calls are refused without
being made. Then it is half-open: the next call must first pass a probe. One success closes it.

Redis may be wiped at any time; the breaker is then closed, which only costs a few failing calls.
"""

from __future__ import annotations

import time
from typing import Final

import redis

FAILURES: Final = 5
OPEN_SECONDS: Final = 30
_FORGET_SECONDS: Final = 3600


class Breaker:
    """The breaker of one service; `name` is the prefix of its keys."""

    def __init__(self, client: redis.Redis, name: str) -> None:
        self._redis = client
        self._failures = f"breaker:{name}:failures"
        self._open = f"breaker:{name}:open"
        self._since = f"breaker:{name}:since"

    def open_for_seconds(self) -> float:
        """Return how long calls are still refused, or 0."""
        left_ms = self._redis.pttl(self._open)
        return max(int(left_ms), 0) / 1000

    def outage_since(self) -> int | None:
        """Return the Unix time at which this outage opened the breaker, or None without an outage."""
        since = self._redis.get(self._since)
        return int(since) if since else None

    def succeeded(self) -> None:
        """Record a success, which ends an outage."""
        self._redis.delete(self._failures, self._open, self._since)

    def failed(self) -> None:
        """Record a failure. From the fifth in a row on, every failure opens the breaker."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.incr(self._failures)
        pipe.expire(self._failures, _FORGET_SECONDS)
        failures = int(pipe.execute()[0])
        if failures >= FAILURES:
            pipe.set(self._open, 1, ex=OPEN_SECONDS)
            pipe.set(self._since, int(time.time()), nx=True, ex=_FORGET_SECONDS)
            pipe.execute()
