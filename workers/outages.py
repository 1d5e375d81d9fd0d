"""What counts as "not now" rather than as a failed attempt, and how a dead database is left in peace."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
import redis
from dramatiq.errors import BrokerConnectionError
from psycopg import errors as postgres

from socialboost import redaction
from socialboost.errors import PostponeError, QueueUnavailableError, ThrottledError, UnreachableError

SHORTEST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 60.0
"""Between two tries during an outage: half of the time waited so far, within these. Whoever waits learns of
its end late by half of its length at most."""
_PROBE_SECONDS: Final = 1.0
_ERROR_CHARACTERS: Final = 500
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+")

_GUILTY: Final = (postgres.QueryCanceled, postgres.ProgramLimitExceeded, postgres.ConfigurationLimitExceeded)
"""OperationalErrors that the statement itself earned: they use up attempts."""


class DatabaseAwayError(psycopg.OperationalError):
    """The database did not answer a moment ago; it is not asked again for another moment."""


def is_away(error: BaseException) -> bool:
    """Whether our own PostgreSQL or Redis was away, or too busy, when this was raised."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return not isinstance(error, _GUILTY)
    lost = redis.ConnectionError | redis.TimeoutError | BrokerConnectionError | QueueUnavailableError
    return isinstance(error, lost)


@dataclass(frozen=True, slots=True)
class Wait:
    """For how long a job is put off whose attempt is given back."""

    seconds: float
    """At least; exactly, unless it grows."""
    grows: bool
    """Whether it is an outage: then the wait grows with the time the job has been waiting."""

    def after(self, waited_seconds: float) -> float:
        """Return the wait of a job that has been waiting for so long; postpone_job reckons the same."""
        if not self.grows:
            return self.seconds
        return max(self.seconds, min(max(waited_seconds / 2, SHORTEST_SECONDS), LONGEST_SECONDS))


def wait(error: BaseException) -> Wait | None:
    """How long to wait when this error is no fault of the job and must not use up an attempt; else None."""
    if isinstance(error, PostponeError):
        return Wait(max(error.seconds, 0.0), error.outage)
    if isinstance(error, ThrottledError):
        return Wait(max(error.retry_after, 0.0), grows=True)
    if isinstance(error, UnreachableError) or is_away(error):
        return Wait(0.0, grows=True)
    return None


def describe(error: BaseException) -> str:
    """Return the error for the ledger: class and first line of its message, without URLs and secrets."""
    first_line = (str(error).splitlines() or [""])[0]
    text = f"{type(error).__name__}: {_URL.sub('<url>', redaction.clean(first_line))}"
    return text[:_ERROR_CHARACTERS].replace("\x00", "")


class Gate:
    """Lets one thread at a time try a database that is away; the others learn at once that it still is.

    Without it every thread of the process would sit out the pool's timeout for every message.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut = False
        self._next_try = 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Guard a call to the database; DatabaseAwayError when it is not to be tried now."""
        probing = self._enter()
        try:
            yield
        except BaseException as error:
            self._leave(shut=is_away(error), probing=probing)
            raise
        self._leave(shut=False, probing=probing)

    def _enter(self) -> bool:
        with self._lock:
            if not self._shut:
                return False
            if time.monotonic() < self._next_try:
                raise DatabaseAwayError("the database was away a moment ago")
            self._next_try = float("inf")  # ours is the try; the others wait for its end
            return True

    def _leave(self, *, shut: bool, probing: bool) -> None:
        with self._lock:
            if shut and (probing or not self._shut):
                self._next_try = time.monotonic() + _PROBE_SECONDS
            self._shut = shut
