"""Messages withheld after a restore: showing, sending and discarding them."""

from __future__ import annotations

from dataclasses import dataclass

from socialboost.jobs.base import INTERACTIVE, AdminTap, Decision


@dataclass(frozen=True, kw_only=True)
class ShowWithheld(AdminTap, queue=INTERACTIVE):
    """Show a page of the messages that may have been sent before a restore, oldest first."""

    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowWithheldMessage(AdminTap, queue=INTERACTIVE):
    """Show one of them (`ref`: digest of its key) with the possible decisions."""

    ref: str


@dataclass(frozen=True, kw_only=True)
class AskWithheld(AdminTap, queue=INTERACTIVE):
    """Ask for a confirmation that one of them, or all (`ref`: all), are sent or discarded."""

    ref: str
    action: str
    """send or discard."""


@dataclass(frozen=True, kw_only=True)
class SettleWithheld(AdminTap, Decision, queue=INTERACTIVE):
    """Send or discard one of them, or all.

    Answers {outcome: sent | discarded | gone | changed_meanwhile | not_allowed | asked, count}.
    """

    ref: str
    action: str
