"""Broadcasts: what admins do about them, and the jobs that send, show and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import BROADCAST, INTERACTIVE, NOTIFICATIONS, AdminTap, Decision, Job, LedgerJob


@dataclass(frozen=True, kw_only=True)
class Broadcast(LedgerJob, queue=BROADCAST):
    """Send for some seconds, then add the next chunk to the outbox; key broadcast:<id>:<chunk>.

    The chunk is the row's. A move to running or scheduled (move_broadcast) adds a job in its transaction.
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
    """Only this chat's card, after a move that no later progress would show: put off, never passed over."""


@dataclass(frozen=True, kw_only=True)
class ReportBroadcast(LedgerJob, queue=NOTIFICATIONS):
    """Say on the cards how a broadcast ended, or why it waits; key notice:broadcast:<id>:<chunk>."""

    max_attempts: ClassVar[int] = 2
    broadcast_id: str


@dataclass(frozen=True, kw_only=True)
class AskBroadcast(AdminTap, queue=INTERACTIVE):
    """Ask for the message that everybody is to get."""


@dataclass(frozen=True, kw_only=True)
class ComposeBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """The admin's answer to AskBroadcast: a text in Telegram's HTML, or the admin's message to be copied."""

    text: str = ""
    copied_id: int | None = None
    """The message's id in the admin's chat, when it is more than text."""
    dialogue: str = ""
    album: bool = False
    """It is the first message of an album, the others of which are not sent on."""


@dataclass(frozen=True, kw_only=True)
class AimBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """Choose whom a draft goes to: shows the admin the message itself, then asks for the confirmation."""

    broadcast_id: str
    segment: str


@dataclass(frozen=True, kw_only=True)
class ConfirmBroadcast(AdminTap, LedgerJob, queue=INTERACTIVE):
    """Ask for the confirmation below a preview that was sent; key <the preview's job>:confirmation.

    A job of its own, so that a chat with room for one message only does not get the preview again.
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
    """Send a draft now, pause, resume, cancel. Answers {outcome: done | changed_meanwhile | gone, status}."""

    broadcast_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ShowBroadcasts(AdminTap, queue=INTERACTIVE):
    """Show a page of broadcasts, newest first."""

    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowBroadcast(AdminTap, queue=INTERACTIVE):
    """Show one broadcast's card: its state, its counts, what can be done."""

    broadcast_id: str
