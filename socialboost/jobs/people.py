"""People: the menu, their figures, their language, fixed texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, NOTIFICATIONS, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class ShowMenu(Tap):
    """Show the main menu."""

    actor_name: ClassVar[str] = "show_menu"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowStats(Tap):
    """Show the person's package, quota and totals."""

    actor_name: ClassVar[str] = "show_stats"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowHistory(Tap):
    """Show a page of the person's orders and posts, newest first."""

    actor_name: ClassVar[str] = "show_history"
    queue: ClassVar[str] = INTERACTIVE
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowPage(Tap):
    """Show a fixed text: support, faq, privacy, paysupport, help, languages, processing; or what is said to a
    stale button (unknown), to a message out of place (stray), to a command that there is none of
    (unknown_command) and to somebody who sends too much (too_fast)."""

    actor_name: ClassVar[str] = "show_page"
    queue: ClassVar[str] = INTERACTIVE
    page: str


@dataclass(frozen=True, kw_only=True)
class RegisterUser(Tap, LedgerJob):
    """/start: create or refresh the user, then show the welcome and the menu."""

    actor_name: ClassVar[str] = "register_user"
    queue: ClassVar[str] = INTERACTIVE
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    start_payload: str | None = None
    """What followed /start: a referral code or a campaign name, at most 64 of A-Za-z0-9_-."""


@dataclass(frozen=True, kw_only=True)
class SetLanguage(Tap, LedgerJob):
    """Remember the language the person chose, then show the menu in it."""

    actor_name: ClassVar[str] = "set_language"
    queue: ClassVar[str] = INTERACTIVE
    chosen: str


@dataclass(frozen=True, kw_only=True)
class SetReachable(LedgerJob):
    """The person blocked or unblocked the bot (my_chat_member)."""

    actor_name: ClassVar[str] = "set_reachable"
    queue: ClassVar[str] = NOTIFICATIONS
    telegram_id: int
    reachable: bool
