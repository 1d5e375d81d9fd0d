"""Background loops of a worker process, for periodic work that cannot wait for the minute's tick."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final, Protocol

import psycopg
import redis
from dramatiq.errors import BrokerConnectionError

from socialboost import logs
from socialboost.db import Database
from socialboost.errors import QueueUnavailableError
from workers.engine import outages

DATABASE_AWAY: Final = "database_away"
REDIS_AWAY: Final = "redis_away"

log = logs.get(__name__)


class Alarm(Protocol):
    """Notifies the admins that PostgreSQL or Redis is down, and when it works again."""

    def failed(self, kind: str, error: Exception) -> None:
        """Record a round that failed because of DATABASE_AWAY or REDIS_AWAY."""
        ...

    def over(self) -> None:
        """Record a successful round."""
        ...


class Loop(ABC):
    """A thread that does one round after another. `start` it once per process.

    After `stop` no round begins; `join` waits for the one under way. `steps` shows the watchdog progress: it
    grows with every round, and during a long one. Several processes run the same loop, so a round first
    takes the loop's lease, or does nothing. An error in a round never ends the loop. While PostgreSQL is down
    the loop waits.
    """

    name: ClassVar[str]
    period_seconds: ClassVar[float]
    grace_seconds: ClassVar[float] = 0.0
    """Wait between the end of a PostgreSQL outage and the next round."""

    def __init__(self, db: Callable[[], Database], owner: str, alarm: Alarm | None = None) -> None:
        """Pass `alarm` for a loop whose every round needs both PostgreSQL and Redis."""
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
        """Let the thread end after the current round."""
        self._stop.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, at most `seconds`."""
        self._thread.join(seconds)

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """True if a long round should end early."""
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
        """Return when PostgreSQL takes writes again and the grace time is over; else raise psycopg.Error."""
        self.db().run("beat", name=self.name)
        self._stop.wait(self.grace_seconds)
        self._database_away = False
