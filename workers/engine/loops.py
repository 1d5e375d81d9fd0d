"""A thread of a worker process that does one round after another: what cannot wait for the minute's tick."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import psycopg
import redis
from dramatiq.errors import BrokerConnectionError

from socialboost import logs
from socialboost.db import Database
from socialboost.errors import QueueUnavailableError
from workers.engine import outages
from workers.notices.infrastructure import DATABASE_AWAY, REDIS_AWAY, Alarm

log = logs.get(__name__)


class Loop(ABC):
    """`start` it once per process; after `stop` no round begins, and `join` waits for the one under way.

    `steps` grows as it gets on (watchdog.py): with every round, and within one that may be long.

    Several processes run the same loop: a round begins by taking the loop's lease, or does nothing. An error
    of one round never ends the loop; while PostgreSQL is away it only waits.
    """

    name: ClassVar[str]
    period_seconds: ClassVar[float]
    grace_seconds: ClassVar[float] = 0.0
    """After an outage of PostgreSQL, until the first round."""

    def __init__(self, db: Callable[[], Database], owner: str, alarm: Alarm | None = None) -> None:
        """`alarm`: for a loop whose every round needs both PostgreSQL and Redis."""
        self.db = db
        self.owner = owner
        self._alarm = alarm
        self._stop = threading.Event()
        self._database_away = False
        self.steps = 0
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @abstractmethod
    def round(self) -> None:
        """Do one round."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end with the round under way."""
        self._stop.set()

    def join(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        self._thread.join(seconds)

    @property
    def alive(self) -> bool:
        """Whether the thread is still running rounds."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether a long round should end early."""
        return self._stop.is_set()

    def _run(self) -> None:
        while not self._stop.wait(self.period_seconds):
            self.steps += 1
            try:
                self._try_round()
            except Exception:
                log.exception("round_failed", loop=self.name)  # a bug in one row must not end the loop

    def _try_round(self) -> None:
        try:
            if self._database_away:
                self._wait_for_database()
            self.round()
        except psycopg.Error as error:
            if not outages.is_away(error):
                raise
            if not self._database_away:
                log.warning("loop_waits", loop=self.name, reason="database away", error=type(error).__name__)
            self._database_away = True
            if self._alarm:
                self._alarm.failed(DATABASE_AWAY, error)
        except (redis.RedisError, BrokerConnectionError, QueueUnavailableError) as error:
            log.warning("loop_waits", loop=self.name, reason="Redis away", error=type(error).__name__)
            if self._alarm:
                self._alarm.failed(REDIS_AWAY, error)
        else:
            if self._alarm:
                self._alarm.over()

    def _wait_for_database(self) -> None:
        """Return once it takes writes and the grace is over; psycopg.Error while it does not."""
        self.db().run("beat", name=self.name)
        self._stop.wait(self.grace_seconds)
        self._database_away = False
