"""Evaluates Telegram's answers to a broadcast: how a chunk ends, and whether too many people refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from socialboost.clients.refusals import CHAT_CODES, UNREACHABLE_CODES
from socialboost.errors import RefusesUsError, RejectedError, ServiceError
from socialboost.screens.admin.broadcasts import AWAY, MOSTLY_REFUSED, REFUSES_US
from workers.engine import hooks, outages

JUDGED: Final = 50
"""How many answers are checked before the broadcast goes on to everybody else."""
FEWEST_JUDGED: Final = 10
"""A broadcast that ends with fewer answers is too small to be checked."""
_FORBIDDEN: Final = 403

Kind = Literal["continue", "away", "completed", "failed", "paused", "lost"]


@dataclass(frozen=True)
class Ending:
    """The end of a chunk. `lost`: another runner has the broadcast now; `away`: Telegram is down.

    `reason` is one of REASONS in screens/admin/broadcasts.py, with its details after a colon, or the text
    of the refusal.
    """

    kind: Kind
    delay_seconds: float = 0.0
    reason: str | None = None
    answered: bool = False
    """True if Telegram answered in this chunk. Then the outage that ended the chunk is a new one."""


LOST: Final = Ending("lost")


def away(error: ServiceError) -> Ending:
    """Return the end of a chunk in which Telegram was down or refused our token. No recipient is marked."""
    if isinstance(error, RefusesUsError):
        hooks.SERVICE_REFUSES(error)
        return Ending("away", reason=f"{REFUSES_US}:{error.setting}")
    return Ending("away", reason=f"{AWAY}:{outages.describe(error)}")


def is_about_the_person(error: RejectedError) -> bool:
    """Return True if a refusal is about this person only."""
    return error.status == _FORBIDDEN or error.code in CHAT_CODES or error.code in UNREACHABLE_CODES


class Answers:
    """Counts Telegram's own answers: accepted messages and refusals. `row` is begin_broadcast's answer."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.judged = bool(row["judged"])
        """True if the first answers were checked, in this chunk or an earlier one."""
        self.sent = 0
        self.refused = 0
        self._sent_before = int(row["sent"])
        self._refused_before = int(row["blocked"]) + int(row["failed"])

    @property
    def any(self) -> bool:
        """Return True if this chunk has had an answer."""
        return self.sent + self.refused > 0

    @property
    def left(self) -> int:
        """Return how many more answers must be checked."""
        return JUDGED - self._sent_before - self._refused_before - self.sent - self.refused

    def mostly_refused(self, fewest: int) -> Ending | None:
        """Return a pause if nine in ten answers so far are refusals and the answers were not checked yet."""
        refused = self._refused_before + self.refused
        answers = self._sent_before + self.sent + refused
        if self.judged or answers < fewest or refused * 10 < answers * 9:
            return None
        return Ending("paused", reason=f"{MOSTLY_REFUSED}:{refused}/{answers}")
