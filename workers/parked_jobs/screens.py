"""Shows parked jobs and dead letters to an admin: the list, one of them, the confirmation of discarding."""

from __future__ import annotations

from socialboost import jobs
from socialboost.screens.admin import parked_jobs
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import actor
from workers.parked_jobs import lookup
from workers.people import access
from workers.telegram import answers


@actor(jobs.ShowParkedJobs, right="look")
def show_parked_jobs(job: jobs.ShowParkedJobs) -> None:
    """Show a page of parked jobs and dead letters, newest first."""
    language = access.language(job)
    page = max(job.page, 0)
    # One more of each says that there is another page.
    window = {"limit": parked_jobs.ENTRIES + 1, "offset": page * parked_jobs.ENTRIES}
    parked = resources.db().many("get_parked_jobs", **window)
    letters = resources.db().many("get_dead_letters", **window)
    answers.reply(job, parked_jobs.parked_jobs(parked, letters, page, language))


@actor(jobs.ShowParkedJob, right="look")
def show_parked_job(job: jobs.ShowParkedJob) -> None:
    """Show one of them."""
    language = access.language(job)
    found = lookup.find(job.ref)
    if found is None:
        answers.reply(job, parked_jobs.outcome("gone", language))
        return
    zone, discardable = resources.settings().timezone, found["actor"] not in lookup.MONEY
    answers.reply(job, parked_jobs.parked_job(found, job.ref, language, zone, discardable=discardable))


@actor(jobs.AskSettlement, right="parked_jobs")
def ask_settlement(job: jobs.AskSettlement) -> None:
    """Ask for a confirmation that says what is lost with the job."""
    language = access.language(job)
    answers.reply(job, question(job.ref, language))


def show_settled(job: jobs.ShowDecision, language: str) -> None:
    """Show the outcome of a decision about a parked job."""
    answers.reply(job, parked_jobs.outcome(job.outcome, language))


def question(ref: str, language: str) -> Screen:
    found = lookup.find(ref)
    if found is None:
        return parked_jobs.outcome("gone", language)
    if found["actor"] in lookup.MONEY:
        return parked_jobs.outcome("money", language)
    refund = None
    if found["actor"] == jobs.SendRefund.actor_name and lookup.is_readable(found):
        refund = resources.db().one("get_refund", refund_id=found["args"]["refund_id"])
    return parked_jobs.sure(found, ref, refund, language)
