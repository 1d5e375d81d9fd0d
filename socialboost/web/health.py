"""GET /health: tells if a job can be queued, a worker answers and the database takes a write."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Final

import redis
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from socialboost import jobs
from socialboost.errors import BusyError, NoAnswerError, QueueUnavailableError
from socialboost.queue import broker
from socialboost.settings import WebSettings

FRESH_SECONDS: Final = 2.0
"""No answer is older than this."""
_PERIOD_SECONDS: Final = 1.0
ATTENTION_SECONDS: Final = 5.0
"""How long to keep checking after the last request."""
_ANSWER_SECONDS: Final = 1.5
_REDIS_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Checks:
    """The results of one check. `began` is its start on the monotonic clock."""

    redis: bool = False
    thread_pool: bool = False
    database: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def age_seconds(self) -> float:
        """The age of these results."""
        return time.monotonic() - self.began


class HealthCheck:
    """Checks once a second, in a thread of its own, as long as somebody asks.

    So requests start no checks and hold no thread while Redis hangs. Only the first requests after a pause
    wait, for at most FRESH_SECONDS.
    """

    def __init__(self, cache: redis.Redis) -> None:
        self._cache = cache
        self._changed = threading.Condition()
        self._looking = False
        self._asked = 0.0
        self._last: Checks | None = None

    def checks(self) -> Checks:
        """Return the current results. Good results older than FRESH_SECONDS do not count."""
        with self._changed:
            self._asked = time.monotonic()
            if not self._looking:
                self._looking = True
                self._last = None
                threading.Thread(target=self._look_on, name="health", daemon=True).start()
            self._changed.wait_for(lambda: self._last is not None, FRESH_SECONDS)
            last = self._last
        if last is None:
            return Checks()
        return last if last.age_seconds <= FRESH_SECONDS else Checks(redis=last.redis)

    def _look_on(self) -> None:
        """Repeat the check until nobody has asked for a while."""
        wanted = True
        try:
            while wanted:
                found = self._look(time.monotonic())
                with self._changed:
                    self._last = found
                    self._changed.notify_all()
                    wanted = time.monotonic() - self._asked <= ATTENTION_SECONDS
                    self._looking = wanted
                if wanted:
                    time.sleep(max(0.0, _PERIOD_SECONDS - found.age_seconds))
        except BaseException:  # unexpected: the next request starts a new thread
            self._looking = False
            raise

    def _look(self, began: float) -> Checks:
        try:
            self._cache.ping()
            answer = jobs.ask(jobs.CheckHealth(), timeout_seconds=_ANSWER_SECONDS)
        except (NoAnswerError, BusyError):
            return Checks(redis=True, began=began)
        except (QueueUnavailableError, redis.RedisError):
            return Checks(began=began)
        database = isinstance(answer, dict) and answer.get("database") is True
        return Checks(redis=True, thread_pool=True, database=database, began=began)


def blueprint(settings: WebSettings) -> Blueprint:
    """Return the route. It is public, has no rate limit, and shows no versions or names."""
    routes = Blueprint("health", __name__)
    url = settings.cache_redis_url.get_secret_value()
    check = HealthCheck(broker.connect(url, timeout_seconds=_REDIS_SECONDS, retries=0))

    @routes.get("/health")
    def health() -> ResponseReturnValue:
        found = check.checks()
        checks = {"database": found.database, "redis": found.redis, "thread_pool": found.thread_pool}
        healthy = all(checks.values())
        body = {
            "status": "healthy" if healthy else "unhealthy",
            "checks": {**checks, "service": "interface-bot"},
        }
        return jsonify(body), 200 if healthy else 503

    return routes
