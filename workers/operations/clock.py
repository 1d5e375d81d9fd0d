"""The minute's tick: enqueues what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from periodiq import cron

from socialboost import jobs
from workers.engine import resources
from workers.engine.actors import Attempt, actor
from workers.notices import reports
from workers.operations import watch

PURGE_MINUTE: Final = 30
"""The minute of each hour. The next hour makes up for a missed purge."""
INVARIANTS_MINUTES: Final = 5


@actor(jobs.TickMinute, periodic=cron("* * * * *"), max_retries=0)
def tick_minute(job: jobs.TickMinute) -> None:  # noqa: ARG001
    """Enqueue the jobs that are due. A repeated minute has the same keys, so its jobs run once."""
    now = datetime.now(UTC)
    minute = f"{now:%Y-%m-%dT%H:%M}"
    jobs.send(jobs.SweepOrders(key=f"tick:sweep_orders:{minute}"))
    jobs.send(jobs.ReconcilePayments(key=f"tick:reconcile_payments:{minute}"))
    if now.minute % INVARIANTS_MINUTES == 0:
        jobs.send(jobs.CheckInvariants(key=f"tick:check_invariants:{minute}"))
    if now.minute == PURGE_MINUTE:
        jobs.send(jobs.PurgeLedger(key=f"tick:purge_ledger:{now:%Y-%m-%dT%H}"))
    local = now.astimezone(resources.settings().timezone)
    if (
        local.hour >= reports.REPORT_HOUR and local.minute == 0
    ):  # each hour again: a tick missed is made up for
        day = f"{local - timedelta(days=1):%Y-%m-%d}"
        jobs.send(jobs.SendDailyReport(key=f"tick:send_daily_report:{day}", day=day))


@actor(jobs.ReconcilePayments)
def reconcile_payments(job: jobs.ReconcilePayments, attempt: Attempt) -> None:  # noqa: ARG001 (UNIQUE facts)
    """Run one round of the watch if none of its loops is alive."""
    watch.run_if_no_loop_is_alive()
