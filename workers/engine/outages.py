"""What an error means for a job: whose matter it is, and whether it must not use up an attempt."""

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
"""Between two tries during an outage: half of the time waited so far, within these. Whoever waits learns of
its end late by half of its length at most."""
_ERROR_CHARACTERS: Final = 500
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+")

_REDIS_CANNOT: Final = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.NoPermissionError,
)
"""A Redis that answers and cannot do the work: full, demoted, or its users changed."""
_REDIS_CANNOT_WORDS: Final = ("MISCONF", "LOADING", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN")
"""The same where redis-py has no class for it; other refusals are about our own command."""


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
"""The first that fits counts."""


def meaning(error: BaseException) -> Meaning:
    """Return whose matter an error is: the one table that jobs, loops, /health and the alarm go by.

    PostgreSQL's by SQLSTATE (socialboost/db/meanings.py), Redis' by class and first word, another service's
    by what its client made of the answer (docs/failures.md). Anything else is ours.
    """
    if isinstance(error, psycopg.Error):
        return meaning_of_state(error)
    if isinstance(error, redis.ResponseError):
        cannot = isinstance(error, _REDIS_CANNOT) or str(error).startswith(_REDIS_CANNOT_WORDS)
        return Meaning.AWAY if cannot else Meaning.OURS
    return next((found for kind, found in _BY_KIND if isinstance(error, kind)), Meaning.OURS)


def is_away(error: BaseException) -> bool:
    """Whether our own PostgreSQL or Redis was away, or too busy, when this was raised."""
    own = psycopg.Error | redis.RedisError | BrokerConnectionError | QueueUnavailableError
    return isinstance(error, own) and meaning(error) in {Meaning.AWAY, Meaning.BUSY}


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
    if isinstance(error, UnreachableError):
        return Wait(0.0, grows=True)
    # Written down only when the outage of our own is over, so there is nothing left to wait for.
    return Wait(SHORTEST_SECONDS, grows=False) if is_away(error) else None


def describe(error: BaseException) -> str:
    """Return the error for the ledger: class and first line of its message, without URLs and secrets."""
    first_line = (str(error).splitlines() or [""])[0]
    text = f"{type(error).__name__}: {_URL.sub('<url>', redaction.clean(first_line))}"
    return text[:_ERROR_CHARACTERS].replace("\x00", "")
