"""Shows withheld messages to an admin: the list, one message, the confirmation of a decision."""

from __future__ import annotations

from socialboost import jobs
from socialboost.chat import callbacks
from socialboost.screens.admin import withheld
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import actor
from workers.people import access
from workers.telegram import answers


@actor(jobs.ShowWithheld, right="look")
def show_withheld(job: jobs.ShowWithheld) -> None:
    """Show a page of them, oldest first."""
    language = access.language(job)
    answers.reply(job, _list(max(job.page, 0), language))


@actor(jobs.ShowWithheldMessage, right="look")
def show_withheld_message(job: jobs.ShowWithheldMessage) -> None:
    """Show one of them, or the list if it was already decided about."""
    language = access.language(job)
    row = resources.db().one("get_withheld_message", ref=job.ref)
    if row is None:
        answers.reply(job, _list(0, language, "gone"))
        return
    answers.reply(job, withheld.message(row, language, resources.settings().timezone))


@actor(jobs.AskWithheld, right="withheld")
def ask_withheld(job: jobs.AskWithheld) -> None:
    """Ask for a confirmation that says how many people would get a message."""
    language = access.language(job)
    answers.reply(job, question(job.ref, job.action, language))


def show_settled(job: jobs.ShowDecision, language: str) -> None:
    """Show a decision's outcome and the messages that remain."""
    answers.reply(job, _list(0, language, job.outcome))


def _list(page: int, language: str, said: str = "") -> Screen:
    entries = resources.db().many("get_withheld", limit=withheld.ENTRIES + 1, offset=page * withheld.ENTRIES)
    counted = resources.db().one("count_withheld")
    count = int(counted["count"]) if counted else 0
    return withheld.withheld(entries, count, page, language, said=said)


def question(ref: str, action: str, language: str) -> Screen:
    if ref == callbacks.EVERYTHING:
        counted = resources.db().one("count_withheld")
        count, seen = (int(counted["count"]), str(counted["seen"])) if counted else (0, "")
    else:
        row = resources.db().one("get_withheld_message", ref=ref)
        count, seen = (1, str(row["seen"])) if row else (0, "")
    if not count or action not in callbacks.WITHHELD_ACTIONS:
        return _list(0, language, "gone")
    return withheld.sure(action, ref, count, seen, language)
