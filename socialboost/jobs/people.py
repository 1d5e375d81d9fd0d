"""People: the menu, their figures, their language, the fixed texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, NOTIFICATIONS, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class ShowMenu(Tap, queue=INTERACTIVE):
    """Show the main menu."""


@dataclass(frozen=True, kw_only=True)
class ShowStats(Tap, queue=INTERACTIVE):
    """Show the person's package, quota and totals."""


@dataclass(frozen=True, kw_only=True)
class ShowHistory(Tap, queue=INTERACTIVE):
    """Show a page of the person's orders and posts, newest first."""

    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowPage(Tap, queue=INTERACTIVE):
    """Show a fixed text: support, faq, privacy, paysupport, help, languages, processing; or the answer to a
    stale button (unknown), an unexpected message (stray), an unknown command (unknown_command) or a person
    who sends too much (too_fast)."""

    page: str


@dataclass(frozen=True, kw_only=True)
class RegisterUser(Tap, LedgerJob, queue=INTERACTIVE):
    """/start: create or refresh the user, then show the welcome and the menu."""

    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    start_payload: str | None = None
    """The payload of /start: a referral code or a campaign name, at most 64 of A-Za-z0-9_-."""


@dataclass(frozen=True, kw_only=True)
class SetLanguage(Tap, LedgerJob, queue=INTERACTIVE):
    """Store the language that the person chose, then show the menu in it."""

    may_finish_later: ClassVar[bool] = True
    chosen: str


@dataclass(frozen=True, kw_only=True)
class SetReachable(LedgerJob, queue=NOTIFICATIONS):
    """Record that the person blocked or unblocked the bot (my_chat_member)."""

    may_finish_later: ClassVar[bool] = True
    telegram_id: int
    reachable: bool
