"""Operations: the admin panel, scheduled jobs, health, cleaning up and the bot's registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, MAINTENANCE, AdminTap, Job, LedgerJob


@dataclass(frozen=True, kw_only=True)
class ShowAdminPage(AdminTap, queue=INTERACTIVE):
    """Show a fixed page of the panel: panel, stats, settings, notices or debug."""

    page: str = "panel"


@dataclass(frozen=True, kw_only=True)
class ShowDecision(AdminTap, LedgerJob, queue=INTERACTIVE):
    """Show a decision's result to the admin who took it; key <the decision's key>:shown."""

    subject: str
    """payment, job, withheld or broadcast."""
    target: str
    """Its id or ref."""
    outcome: str = ""
    """The reason why nothing was done about a payment, or a job's outcome, as the screens name it."""


@dataclass(frozen=True, kw_only=True)
class CheckHealth(Job, queue=INTERACTIVE):
    """GET /health. Answer: {"database": bool}."""

    max_age_seconds: ClassVar[int | None] = 5


@dataclass(frozen=True, kw_only=True)
class TickMinute(Job, queue=MAINTENANCE):
    """Enqueue the jobs that are due; periodiq sends this once a minute."""


@dataclass(frozen=True, kw_only=True)
class PurgeLedger(LedgerJob, queue=MAINTENANCE):
    """Delete settled ledger rows older than a week and fold the figures, once an hour."""


@dataclass(frozen=True, kw_only=True)
class RegisterBot(LedgerJob, queue=MAINTENANCE):
    """setWebhook or deleteWebhook as the settings say, and setMyCommands; key tick:register_bot:<uuid>."""


@dataclass(frozen=True, kw_only=True)
class RegisterCommands(LedgerJob, queue=MAINTENANCE):
    """setMyCommands for one admin's own chat, at their /start; key commands:<telegram_id>:<update_id>."""

    telegram_id: int


@dataclass(frozen=True, kw_only=True)
class ReconcilePayments(LedgerJob, queue=MAINTENANCE):
    """One round of the reconciler, if its loop has stopped; key tick:reconcile_payments:<minute>."""
