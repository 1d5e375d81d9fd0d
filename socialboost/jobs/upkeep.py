"""Word to the admins, and what runs by the clock or the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from socialboost.jobs.base import INTERACTIVE, MAINTENANCE, NOTIFICATIONS, Job, LedgerJob


@dataclass(frozen=True, kw_only=True)
class NotifyAdmins(LedgerJob):
    """Owe a notice to every admin and the channel: one ledger row, so one repeat, for each."""

    actor_name: ClassVar[str] = "notify_admins"
    queue: ClassVar[str] = NOTIFICATIONS
    tells: ClassVar[bool] = True
    kind: str
    """One of socialboost/screens/notices.py's KINDS."""
    data: dict[str, Any] = field(default_factory=dict)
    """Scalars the notice shows; never a secret."""


@dataclass(frozen=True, kw_only=True)
class SendAdminNotice(LedgerJob):
    """One notice to one admin chat or channel, at most one repeat; key notice:<subject>:<chat_id>."""

    actor_name: ClassVar[str] = "send_admin_notice"
    queue: ClassVar[str] = NOTIFICATIONS
    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    chat_id: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckHealth(Job):
    """GET /health. Answer: {"database": bool}."""

    actor_name: ClassVar[str] = "check_health"
    queue: ClassVar[str] = INTERACTIVE
    max_age_seconds: ClassVar[int | None] = 5


@dataclass(frozen=True, kw_only=True)
class TickMinute(Job):
    """periodiq's minute: only enqueues what is due (queue.md 1.5)."""

    actor_name: ClassVar[str] = "tick_minute"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class SweepOrders(LedgerJob):
    """Cancel pending orders past their deadline, complete those whose days are over."""

    actor_name: ClassVar[str] = "sweep_orders"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class PurgeLedger(LedgerJob):
    """Delete settled ledger rows older than a week and fold the figures, once an hour."""

    actor_name: ClassVar[str] = "purge_ledger"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class RegisterBot(LedgerJob):
    """setWebhook or deleteWebhook as the settings say, and setMyCommands; key tick:register_bot:<uuid>."""

    actor_name: ClassVar[str] = "register_bot"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class RegisterCommands(LedgerJob):
    """setMyCommands for one admin's own chat, at their /start; key commands:<telegram_id>:<update_id>."""

    actor_name: ClassVar[str] = "register_commands"
    queue: ClassVar[str] = MAINTENANCE
    telegram_id: int


@dataclass(frozen=True, kw_only=True)
class ReconcilePayments(LedgerJob):
    """One round of the reconciler, if its loop has stopped; key tick:reconcile_payments:<minute>."""

    actor_name: ClassVar[str] = "reconcile_payments"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class CheckInvariants(LedgerJob):
    """Look for what must never be, and tell the admins; key tick:check_invariants:<minute>."""

    actor_name: ClassVar[str] = "check_invariants"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class SendDailyReport(LedgerJob):
    """The admins' line about yesterday; key tick:send_daily_report:<day>."""

    actor_name: ClassVar[str] = "send_daily_report"
    queue: ClassVar[str] = MAINTENANCE
    day: str
    """The local day it is about, as YYYY-MM-DD."""
