"""Broadcasts: what admins do about them, and the jobs that send, show and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import BROADCAST, INTERACTIVE, NOTIFICATIONS, AdminTap, Decision, Job, LedgerJob


@dataclass(frozen=True, kw_only=True)
class Broadcast(LedgerJob, queue=BROADCAST):
    """Send for some seconds, then add the next chunk to the outbox; key broadcast:<id>:<chunk>.

    `chunk` equals the row's. move_broadcast's change to running or scheduled adds a job in its transaction.
    """

    claim_seconds: ClassVar[float | None] = 3.0
    broadcast_id: str
    chunk: int = 1


@dataclass(frozen=True, kw_only=True)
class ShowBroadcastProgress(Job, queue=NOTIFICATIONS):
    """Edit the broadcast's cards."""

    max_age_seconds: ClassVar[int | None] = 10
    broadcast_id: str
    chat_id: int = 0
    """Redraw only this chat's card, after a change that no later progress would show. It is never skipped."""


@dataclass(frozen=True, kw_only=True)
class ReportBroadcast(LedgerJob, queue=NOTIFICATIONS):
    """Show on the cards how a broadcast ended, or why it waits; key notice:broadcast:<id>:<chunk>."""

    max_attempts: ClassVar[int] = 2
    broadcast_id: str


@dataclass(frozen=True, kw_only=True)
class AskBroadcast(AdminTap, queue=INTERACTIVE):
    """Ask for a new broadcast's message."""


@dataclass(frozen=True, kw_only=True)
class ComposeBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """The admin's answer to AskBroadcast: a text in Telegram's HTML, or the admin's message to be copied."""

    text: str = ""
    copied_id: int | None = None
    """The message's id in the admin's chat, if it is not only text."""
    dialogue: str = ""
    album: bool = False
    """True for the first message of an album. The other messages of the album make no job."""


@dataclass(frozen=True, kw_only=True)
class AimBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """Choose a draft's recipients: show the admin the message itself, then ask for the confirmation."""

    broadcast_id: str
    segment: str


@dataclass(frozen=True, kw_only=True)
class ConfirmBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """Ask for the confirmation below a preview that was sent; key <the preview's job>:confirmation.

    It is a separate job, so that the preview is not repeated if the chat's limit allows only one message.
    """

    broadcast_id: str


@dataclass(frozen=True, kw_only=True)
class AskBroadcastDetail(AdminTap, queue=INTERACTIVE):
    """Ask for a draft's buttons or for its time."""

    broadcast_id: str
    detail: str
    """buttons or time."""


@dataclass(frozen=True, kw_only=True)
class DetailBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """The admin's answer to AskBroadcastDetail."""

    broadcast_id: str
    detail: str
    text: str
    dialogue: str = ""


@dataclass(frozen=True, kw_only=True)
class MoveBroadcast(AdminTap, Decision, queue=INTERACTIVE):
    """Send, pause, resume or cancel. Answers {outcome: done | changed_meanwhile | gone, status}."""

    broadcast_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ShowBroadcasts(AdminTap, queue=INTERACTIVE):
    """Show a page of broadcasts, newest first."""

    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowBroadcast(AdminTap, queue=INTERACTIVE):
    """Show one broadcast's card: its state, its counts, and the possible actions."""

    broadcast_id: str
