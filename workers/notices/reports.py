"""Reports to the admins: broken invariants, and a daily summary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from socialboost import jobs, logs
from socialboost.screens.texts import crypto
from workers.engine import outbox, resources
from workers.engine.actors import Attempt, actor

LOOKED_BACK: Final = timedelta(days=1)
REPORT_HOUR: Final = 9
"""The local hour at which the daily report is sent."""
LATE_SECONDS: Final = 600
"""How long a job may wait before it counts as stuck."""
MOST_SHOWN: Final = 10

log = logs.get(__name__)


@actor(jobs.CheckInvariants)
def check_invariants(job: jobs.CheckInvariants, attempt: Attempt) -> None:  # noqa: ARG001 (it only reads)
    """Look for broken invariants. The same breach is reported once a day, not every five minutes."""
    since = datetime.now(UTC) - LOOKED_BACK
    found = resources.db().many("find_breaches", since=since, late_seconds=LATE_SECONDS)
    if not found:
        return
    lines = [f"{row['breach']}: {row['subject']}"[:200] for row in found]
    log.critical("invariant_broken", count=len(lines), breaches=lines[:MOST_SHOWN])
    digest = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:32]
    data = {"count": len(lines), "error": "; ".join(lines[:MOST_SHOWN])}
    notice = jobs.NotifyAdmins(
        key=f"notice:invariant_broken:{datetime.now(UTC):%Y-%m-%d}:{digest}",
        kind="invariant_broken",
        data=data,
    )
    with resources.db().transaction() as tx:
        outbox.notify_admins(tx, notice)


@actor(jobs.SendDailyReport)
def send_daily_report(job: jobs.SendDailyReport, attempt: Attempt) -> None:  # noqa: ARG001 (one key a day)
    """Notify the admins of what happened on that day, and of what waits for their decision now."""
    zone = resources.settings().timezone.key
    report = resources.db().one("get_daily_report", day=job.day, timezone=zone)
    data = {"day": job.day, "amount": _sums(report["amounts"] if report else {})}
    data |= {name: str(value) for name, value in (report or {}).items() if name != "amounts"}
    notice = jobs.NotifyAdmins(key=f"notice:daily_report:{job.day}", kind="daily_report", data=data)
    midnight = datetime.fromisoformat(job.day).replace(tzinfo=resources.settings().timezone)
    with resources.db().transaction() as tx:
        told = tx.value("told_before", at=midnight + timedelta(days=1, hours=REPORT_HOUR))
        outbox.notify_admins(tx, notice, told_before=bool(told))


def _sums(amounts: Mapping[str, Decimal]) -> str:
    """Return the day's money, each asset apart, first the one packages are priced in."""
    others = {asset: amount for asset, amount in amounts.items() if asset != "USDT" and amount}
    return ", ".join(
        (crypto(amounts.get("USDT", 0)), *(crypto(others[asset], asset) for asset in sorted(others)))
    )
