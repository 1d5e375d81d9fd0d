"""Broadcasts: what admins do about them, and the jobs that send, show and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import BROADCAST, INTERACTIVE, NOTIFICATIONS, Decision, Job, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class Broadcast(LedgerJob):
    """Send for some seconds, then owe the next chunk; key broadcast:<id>:<chunk>, as the row has it.

    Owed in the transaction that moves the broadcast to running or scheduled (move_broadcast).
    """

    actor_name: ClassVar[str] = "broadcast"
    queue: ClassVar[str] = BROADCAST
    claim_seconds: ClassVar[float | None] = 3.0
    broadcast_id: str
    chunk: int = 1


@dataclass(frozen=True, kw_only=True)
class ShowBroadcastProgress(Job):
    """Edit the broadcast's cards."""

    actor_name: ClassVar[str] = "show_broadcast_progress"
    queue: ClassVar[str] = NOTIFICATIONS
    max_age_seconds: ClassVar[int | None] = 10
    broadcast_id: str
    chat_id: int = 0
    """Only this chat's card, after a move that no later progress would show: put off, never passed over."""


@dataclass(frozen=True, kw_only=True)
class ReportBroadcast(LedgerJob):
    """Say on the cards how a broadcast ended, or why it waits; key notice:broadcast:<id>:<chunk>."""

    actor_name: ClassVar[str] = "report_broadcast"
    queue: ClassVar[str] = NOTIFICATIONS
    max_attempts: ClassVar[int] = 2
    broadcast_id: str


@dataclass(frozen=True, kw_only=True)
class AskBroadcast(Tap):
    """Ask for the message that everybody is to get."""

    actor_name: ClassVar[str] = "ask_broadcast"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ComposeBroadcast(Tap, LedgerJob):
    """The answer to that question: a text in Telegram's HTML, or the admin's message to be copied."""

    actor_name: ClassVar[str] = "compose_broadcast"
    queue: ClassVar[str] = INTERACTIVE
    text: str = ""
    copied_id: int | None = None
    """The message's id in the admin's chat, when it is more than text."""
    dialogue: str = ""
    album: bool = False
    """It is the first message of an album, the others of which are not sent on."""


@dataclass(frozen=True, kw_only=True)
class AimBroadcast(Tap, LedgerJob):
    """Choose whom a draft goes to: shows the admin the message itself, then asks for the confirmation."""

    actor_name: ClassVar[str] = "aim_broadcast"
    queue: ClassVar[str] = INTERACTIVE
    broadcast_id: str
    segment: str


@dataclass(frozen=True, kw_only=True)
class AskBroadcastDetail(Tap):
    """Ask for a draft's buttons or for its time."""

    actor_name: ClassVar[str] = "ask_broadcast_detail"
    queue: ClassVar[str] = INTERACTIVE
    broadcast_id: str
    detail: str
    """buttons or time."""


@dataclass(frozen=True, kw_only=True)
class DetailBroadcast(Tap, LedgerJob):
    """The answer to that question."""

    actor_name: ClassVar[str] = "detail_broadcast"
    queue: ClassVar[str] = INTERACTIVE
    broadcast_id: str
    detail: str
    text: str
    dialogue: str = ""


@dataclass(frozen=True, kw_only=True)
class MoveBroadcast(Tap, Decision):
    """Send a draft now, pause, resume, cancel. Answers {outcome: done | changed_meanwhile | gone, status}."""

    actor_name: ClassVar[str] = "move_broadcast"
    queue: ClassVar[str] = INTERACTIVE
    broadcast_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ShowBroadcasts(Tap):
    """Show a page of broadcasts, newest first."""

    actor_name: ClassVar[str] = "show_broadcasts"
    queue: ClassVar[str] = INTERACTIVE
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowBroadcast(Tap):
    """Show one broadcast's card: its state, its counts, what can be done."""

    actor_name: ClassVar[str] = "show_broadcast"
    queue: ClassVar[str] = INTERACTIVE
    broadcast_id: str
