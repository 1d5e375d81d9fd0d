"""The watch: polls the other services, in one process at a time.

Its steps are independent: Main Bot is asked even while Crypto Pay is down. Every process that consumes
`maintenance` runs the loop, but only the one with the lease works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final

from socialboost import jobs, logs
from socialboost.db import Database
from socialboost.errors import (
    AmbiguousError,
    RefusesUsError,
    ServiceError,
    ThrottledError,
    UnaskedError,
    UnreachableError,
)
from socialboost.kinds import NoticeKind
from workers.engine import hooks, outages, outbox, resources
from workers.engine.dead_letters import DeadLetters
from workers.engine.loops import Loop
from workers.notices import owed
from workers.payments.reconciler import PERIOD_SECONDS, Reconciler
from workers.people import roster

PATIENCE_SECONDS: Final = 20.0
"""How long another service may be down before the admins are notified. A restart takes less."""
LEASE_SECONDS: Final = 3.0
"""Short, so that another process continues soon after this one was killed, because payments without a webhook
wait for it. A slow step may outlast it: then two processes ask the same, which is harmless."""
LEASE: Final = "watch"
FIRST_RETRY_SECONDS: Final = 1.0
"""Time before an unanswered question is repeated. Payments whose webhook was lost wait for it."""
SILENT_SECONDS: Final = 900.0
"""Main Bot is asked about a task that it has not reported for so long."""
MOST_QUESTIONS: Final = 50
RECENT_SECONDS: Final = 30.0
SHARED_SECONDS: Final = 2.0
"""Time until the bot knows of a new admin, and of all admins again after a wipe of Redis."""
FEW_PAYMENTS: Final = 3
"""After so many payments found by polling within an hour, and no webhook, the webhook counts as off."""

log = logs.get(__name__)


@dataclass
class Step:
    """One task of the watch, and when it is due next (time.monotonic)."""

    name: str
    run: Callable[[], object]
    every_seconds: float
    due: float = 0.0
    retry_seconds: float = FIRST_RETRY_SECONDS
    began: float = 0.0
    failing_since: float | None = None

    def begin(self) -> None:
        """Set when the step is due again if this run succeeds."""
        self.began = time.monotonic()
        self.due = self.began + self.every_seconds

    def succeed(self) -> None:
        """Forget earlier failures."""
        self.retry_seconds, self.failing_since = FIRST_RETRY_SECONDS, None

    def fail(self, error: Exception) -> float:
        """Schedule the next run with a growing delay, at least as long as the service asks for.

        Returns how long the service has not answered, in seconds.
        """
        now = time.monotonic()
        if self.failing_since is None:
            self.failing_since = self.began
        wanted = error.retry_after if isinstance(error, ThrottledError) else 0.0
        self.due = now + max(wanted, self.retry_seconds)
        self.retry_seconds = min(2 * self.retry_seconds, self.every_seconds)
        return now - self.failing_since


class Watch(Loop):
    """Runs the steps in turn while this process has the lease."""

    name: ClassVar[str] = "watch"
    period_seconds: ClassVar[float] = 1.0

    def __init__(self, db: Callable[[], Database], owner: str) -> None:
        super().__init__(db, owner)
        reconciler, letters = Reconciler(db), DeadLetters(db)
        self._steps = [
            Step("repair_payments", reconciler.repair, PERIOD_SECONDS),
            Step("verify_payments", reconciler.verify, PERIOD_SECONDS),
            Step("look_through_recent", reconciler.look_through_recent, RECENT_SECONDS),
            Step("ask_about_tasks", self.ask_about_tasks, PERIOD_SECONDS),
            Step("collect_dead_letters", letters.collect, PERIOD_SECONDS),
            Step("tell_again", self.tell_again, PERIOD_SECONDS),
            Step("notice_silent_webhook", self.notice_silent_webhook, 60.0),
            Step("share_admins", self.share_admins, SHARED_SECONDS),
        ]

    def round(self) -> None:
        """Run the steps that are due, if this process has the lease."""
        for step in self._steps:
            if self.stopping or not self._lead():
                return
            if time.monotonic() >= step.due:
                self._run_step(step)

    def _lead(self) -> bool:
        return bool(self.db().value("take_lease", name=LEASE, owner=self.owner, seconds=LEASE_SECONDS))

    def _run_step(self, step: Step) -> None:
        self.steps += 1
        step.begin()
        try:
            step.run()
            step.succeed()
        except Exception as error:
            if outages.is_away(error):  # our own: the loop waits for that
                raise
            failing_seconds = step.fail(error)
            if isinstance(error, ServiceError):  # asked again in a later round, nothing is lost by that
                log.warning("watch_step_waits", step=step.name, error=outages.describe(error))
            else:  # a bug, or data nobody foresaw: the other steps go on
                log.exception("watch_step_broke", step=step.name)
            if isinstance(error, RefusesUsError):
                hooks.SERVICE_REFUSES(error)
            elif failing_seconds > PATIENCE_SECONDS:
                self._notice_stopped(step, error)

    def _notice_stopped(self, step: Step, error: Exception) -> None:
        """Notify the admins, at most once an hour, that this step cannot run, and why."""
        kind: NoticeKind = "crypto_pay_away"
        subject = ""
        if not _is_outage(error):
            kind, subject = "guarantee_stopped", f":{step.name}"
        key = f"notice:{kind}{subject}:{datetime.now(UTC):%Y-%m-%dT%H}"
        data = {"step": step.name, "error": outages.describe(error)}
        with self.db().transaction() as tx:
            outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind=kind, data=data))

    def ask_about_tasks(self) -> None:
        """Add a question to Main Bot about each task on which it has not reported for too long."""
        with self.db().transaction() as tx:
            silent = tx.many("ask_about_silent_tasks", silent_seconds=SILENT_SECONDS, limit=MOST_QUESTIONS)
            for task in silent:
                if task["is_open"]:
                    continue
                key = f"ask:{task['task_id']}:{task['asked_ms']}"
                outbox.add(tx, jobs.AskMainBot(key=key, task_id=task["task_id"]))

    def tell_again(self) -> None:
        """Send notices again that no admin has received."""
        owed.tell_again(self.db)

    def share_admins(self) -> None:
        """Copy the ids of everybody with a role to Redis, where the bot reads them."""
        roster.share(self.db)

    def notice_silent_webhook(self) -> None:
        """Notify the admins, at most once an hour, that payments are found only by polling."""
        sources = self.db().one("count_recent_sources")
        if sources is None or sources["by_webhook"] or sources["by_reconciler"] < FEW_PAYMENTS:
            return
        key = f"notice:webhook_silent:{datetime.now(UTC):%Y-%m-%dT%H}"
        with self.db().transaction() as tx:
            data = {"count": sources["by_reconciler"]}
            outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="webhook_silent", data=data))


def _is_outage(error: Exception) -> bool:
    """Return True if the service did not answer at all. An unusable answer is another problem."""
    if isinstance(error, AmbiguousError):
        return not isinstance(error, UnaskedError) and not 200 <= error.status < 300
    return isinstance(error, UnreachableError | ThrottledError)


def run_if_no_loop_is_alive() -> bool:
    """Run one round if no process runs the watch's loop. Returns True if it ran.

    The scheduler calls this every minute, so that payments are found even when every loop has died.
    """
    watch = Watch(resources.db, owner="minute")
    if not resources.db().value("take_lease", name=LEASE, owner=watch.owner, seconds=1.0):
        return False
    log.error("watch_had_stopped")
    watch.round()
    return True
