"""What may have been told before the database was restored from a copy: an admin has it sent, or discards it.

`python -m socialboost restored` notes the moment (settings.restored_at) and holds back what the copy owed.
What is found later about the time before it (payments at Crypto Pay, orders whose hour was over, refunds and
posts that had ended) moves all the same; only its message is owed as `withheld` (outbox.add, told_before).
"""

from __future__ import annotations

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.errors import ParkError
from socialboost.screens.admin import withheld as screens
from socialboost.screens.core import Screen
from workers.engine import deciding, resources
from workers.engine.actors import Attempt, actor
from workers.people import access
from workers.telegram import answers

log = logs.get(__name__)


@actor(jobs.ShowWithheld)
def show_withheld(job: jobs.ShowWithheld) -> None:
    """Show a page of them, oldest first."""
    language = access.language(job)
    if language is not None:
        answers.reply(job, _list(max(job.page, 0), language))


@actor(jobs.ShowWithheldMessage)
def show_withheld_message(job: jobs.ShowWithheldMessage) -> None:
    """Show one of them, or the list when it was settled."""
    language = access.language(job)
    if language is None:
        return
    row = resources.db().one("get_withheld_message", ref=job.ref)
    if row is None:
        answers.reply(job, _list(0, language, "gone"))
        return
    answers.reply(job, screens.message(row, language, resources.settings().timezone))


@actor(jobs.AskWithheld)
def ask_withheld(job: jobs.AskWithheld) -> None:
    """Ask whether the admin is sure, saying how many people would hear it."""
    language = access.language(job)
    if language is not None:
        answers.reply(job, _question(job.ref, job.action, language))


@actor(jobs.SettleWithheld, on_duplicate=deciding.value)
def settle_withheld(job: jobs.SettleWithheld, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (once)
    """Send or discard, if all is as the admin saw it. Of two admins the second learns how it is now."""
    language = access.language(job)
    if language is None:
        return deciding.refuse(job)
    if job.action not in callbacks.WITHHELD_ACTIONS:
        raise ParkError("no such decision")
    if not job.seen:
        answers.reply(job, _question(job.ref, job.action, language))
        return deciding.ASKED
    value = deciding.decide(
        job,
        lambda tx: _settle(tx, job),
        lambda value: deciding.sight(job, "withheld", job.ref, str(value["outcome"])),
    )
    log.info("withheld_settled", ref=job.ref, action=job.action, **value)
    return value


def show_settled(job: jobs.ShowDecision, language: str) -> None:
    """Show what is left after a decision, and what became of it."""
    answers.reply(job, _list(0, language, job.outcome))


def _settle(tx: Transaction, job: jobs.SettleWithheld) -> deciding.Value:
    """Move them; the rescuer sends what is due now, as many in a round as it may."""
    settled: deciding.Value = tx.value(
        "settle_withheld",
        ref=job.ref,
        action=job.action,
        admin=deciding.actor_id(job),
        seen=job.seen,
        origin=job.origin,
    )
    return settled


def _list(page: int, language: str, said: str = "") -> Screen:
    entries = resources.db().many("get_withheld", limit=screens.ENTRIES + 1, offset=page * screens.ENTRIES)
    counted = resources.db().one("count_withheld")
    count = int(counted["count"]) if counted else 0
    return screens.withheld(entries, count, page, language, said=said)


def _question(ref: str, action: str, language: str) -> Screen:
    if ref == callbacks.EVERYTHING:
        counted = resources.db().one("count_withheld")
        count, seen = (int(counted["count"]), str(counted["seen"])) if counted else (0, "")
    else:
        row = resources.db().one("get_withheld_message", ref=ref)
        count, seen = (1, str(row["seen"])) if row else (0, "")
    if not count or action not in callbacks.WITHHELD_ACTIONS:
        return _list(0, language, "gone")
    return screens.sure(action, ref, count, seen, language)
