"""GET /health: can a job be queued, does a worker answer, does it reach the database?"""

from __future__ import annotations

import json
import threading
from typing import Final

import redis
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from socialboost import broker, jobs
from socialboost.errors import BusyError, NoAnswerError, QueueUnavailableError
from socialboost.settings import WebSettings

_KEY: Final = "health_check"
_CACHE_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 2.0
_REDIS_SECONDS: Final = 1.0


class HealthCheck:
    """Asks a worker at most every ten seconds, for all web processes together."""

    def __init__(self, cache: redis.Redis) -> None:
        self._cache = cache
        self._asking = threading.Lock()
        self._last: dict[str, bool] | None = None

    def checks(self) -> dict[str, bool]:
        """Return {"database", "redis", "thread_pool"}."""
        cached = self._read()
        if cached is not None:
            return cached
        # One request asks; meanwhile the others repeat the last answer, or wait when there is none yet.
        if not self._asking.acquire(blocking=self._last is None):
            return self._last or self._read() or _verdict(redis_is_up=True)
        try:
            cached = self._read()
            self._last = cached if cached is not None else self._ask()
            return self._last
        finally:
            self._asking.release()

    def _read(self) -> dict[str, bool] | None:
        """Return the cached answer, if any; an unreachable Redis is an answer too."""
        try:
            text = self._cache.get(_KEY)
        except redis.RedisError:
            return _verdict(redis_is_up=False)
        if not isinstance(text, bytes | str):
            return None
        kept: dict[str, bool] = json.loads(text)
        return kept

    def _ask(self) -> dict[str, bool]:
        try:
            answer = jobs.ask(jobs.CheckHealth(), timeout_seconds=_ANSWER_SECONDS)
            found = _verdict(redis_is_up=True, worker_answered=True, database=answer.get("database") is True)
        except (NoAnswerError, BusyError):
            found = _verdict(redis_is_up=True)
        except QueueUnavailableError:
            return _verdict(redis_is_up=False)
        try:
            self._cache.set(_KEY, json.dumps(found), ex=_CACHE_SECONDS)
        except redis.RedisError:
            return _verdict(redis_is_up=False)
        return found


def _verdict(*, redis_is_up: bool, worker_answered: bool = False, database: bool = False) -> dict[str, bool]:
    return {"database": database, "redis": redis_is_up, "thread_pool": worker_answered}


def blueprint(settings: WebSettings) -> Blueprint:
    """Return the route: open to all, never limited, without versions or names."""
    routes = Blueprint("health", __name__)
    url = settings.cache_redis_url.get_secret_value()
    check = HealthCheck(broker.connect(url, timeout_seconds=_REDIS_SECONDS, retries=0))

    @routes.get("/health")
    def health() -> ResponseReturnValue:
        checks = check.checks()
        healthy = all(checks.values())
        body = {
            "status": "healthy" if healthy else "unhealthy",
            "checks": {**checks, "service": "interface-bot"},
        }
        return jsonify(body), 200 if healthy else 503

    return routes
