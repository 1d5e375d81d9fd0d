"""Notices to the admins: problems, and one report a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from socialboost.jobs.base import MAINTENANCE, NOTIFICATIONS, LedgerJob
from socialboost.kinds import NoticeKind


@dataclass(frozen=True, kw_only=True)
class NotifyAdmins(LedgerJob, queue=NOTIFICATIONS):
    """Queue a notice to every admin and the channel: one ledger row, so one repeat, for each."""

    tells: ClassVar[bool] = True
    kind: NoticeKind
    data: dict[str, Any] = field(default_factory=dict)
    """Scalars the notice shows; never a secret."""


@dataclass(frozen=True, kw_only=True)
class SendAdminNotice(LedgerJob, queue=NOTIFICATIONS):
    """One notice to one admin chat or channel, at most one repeat; key notice:<subject>:<chat_id>."""

    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    chat_id: int
    kind: NoticeKind
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SendDailyReport(LedgerJob, queue=MAINTENANCE):
    """Send the admins' report about yesterday; key tick:send_daily_report:<day>."""

    day: str
    """The local day it is about, as YYYY-MM-DD."""


@dataclass(frozen=True, kw_only=True)
class CheckInvariants(LedgerJob, queue=MAINTENANCE):
    """Check the invariants, and notify the admins of broken ones; key tick:check_invariants:<minute>."""
