"""Classifies errors: whose fault an error is, and whether the job's attempt is given back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import psycopg
import redis
from dramatiq.errors import BrokerConnectionError

from socialboost.db.meanings import Meaning
from socialboost.db.meanings import meaning as meaning_of_state
from socialboost.errors import (
    AmbiguousError,
    PostponeError,
    QueueUnavailableError,
    RefusesUsError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)
from socialboost.logs import redaction

SHORTEST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 60.0
"""Limits of the wait between two tries during an outage. The wait is half of the time waited so far, so a job
notices the end of an outage late by at most half of the outage's length."""
_ERROR_CHARACTERS: Final = 500
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+")

_REDIS_CANNOT: Final = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.NoPermissionError,
)
"""Errors of a Redis that answers but cannot work: it is full, was demoted, or its users changed."""
_REDIS_CANNOT_WORDS: Final = ("MISCONF", "LOADING", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN")
"""The same errors where redis-py has no class for them. Any other refusal is about our own command."""


_BY_KIND: Final[tuple[tuple[type[BaseException], Meaning], ...]] = (
    (redis.RedisError, Meaning.AWAY),
    (BrokerConnectionError, Meaning.AWAY),
    (QueueUnavailableError, Meaning.AWAY),
    (RefusesUsError, Meaning.OURS),
    (UnreachableError, Meaning.AWAY),
    (AmbiguousError, Meaning.AWAY),
    (ThrottledError, Meaning.BUSY),
    (RejectedError, Meaning.THEIRS),
)
"""The meaning of each kind of error; the first match counts."""


def meaning(error: BaseException) -> Meaning:
    """Return what an error means. Jobs, loops, /health and the alarm all use this table.

    PostgreSQL's errors are classified by SQLSTATE (socialboost/db/meanings.py), Redis' by class and first
    word, another service's by the exception its client raised (docs/failures.md). Anything else is our bug.
    """
    if isinstance(error, psycopg.Error):
        return meaning_of_state(error)
    if isinstance(error, redis.ResponseError):
        cannot = isinstance(error, _REDIS_CANNOT) or str(error).startswith(_REDIS_CANNOT_WORDS)
        return Meaning.AWAY if cannot else Meaning.OURS
    return next((found for kind, found in _BY_KIND if isinstance(error, kind)), Meaning.OURS)


def is_away(error: BaseException) -> bool:
    """Return True if the error says that our own PostgreSQL or Redis is down or too busy."""
    own = psycopg.Error | redis.RedisError | BrokerConnectionError | QueueUnavailableError
    return isinstance(error, own) and meaning(error) in {Meaning.AWAY, Meaning.BUSY}


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a job is postponed. Its attempt is given back."""

    seconds: float
    """The exact wait, or the shortest one if `grows`."""
    grows: bool
    """True in an outage: the wait grows with the time the job has already waited."""

    def after(self, waited_seconds: float) -> float:
        """Return the wait of a job that has already waited this long; postpone_job computes the same."""
        if not self.grows:
            return self.seconds
        return max(self.seconds, min(max(waited_seconds / 2, SHORTEST_SECONDS), LONGEST_SECONDS))


def wait(error: BaseException) -> Wait | None:
    """Return the wait if the error is not the job's fault and the attempt is given back; else None."""
    if isinstance(error, PostponeError):
        return Wait(max(error.seconds, 0.0), error.outage)
    if isinstance(error, ThrottledError):
        return Wait(max(error.retry_after, 0.0), grows=True)
    if isinstance(error, UnreachableError):
        return Wait(0.0, grows=True)
    # This is recorded only after our own outage is over, so there is nothing left to wait for.
    return Wait(SHORTEST_SECONDS, grows=False) if is_away(error) else None


def describe(error: BaseException) -> str:
    """Return the error for the ledger: class and first line of its message, without URLs and secrets."""
    first_line = (str(error).splitlines() or [""])[0]
    text = f"{type(error).__name__}: {_URL.sub('<url>', redaction.clean(first_line))}"
    return text[:_ERROR_CHARACTERS].replace("\x00", "")
