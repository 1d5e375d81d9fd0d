"""Shows payments that wait for a decision: the list, a card, and the questions before a decision."""

from __future__ import annotations

from socialboost import jobs
from socialboost.screens.admin import payments
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import actor
from workers.people import access
from workers.telegram import answers


@actor(jobs.ShowExceptions, right="look")
def show_exceptions(job: jobs.ShowExceptions) -> None:
    """Show a page of the payments that wait, oldest first."""
    language = access.language(job)
    page = max(job.page, 0)
    entries = resources.db().many(
        "get_exceptions",
        limit=payments.ENTRIES + 1,  # one more says that there is another page
        offset=page * payments.ENTRIES,
    )
    answers.reply(job, payments.exceptions(entries, page, language))


@actor(jobs.ShowPayment, right="look")
def show_payment(job: jobs.ShowPayment) -> None:
    """Show one payment as it is now."""
    language = access.language(job)
    answers.reply(job, card(job.payment_id, language))


@actor(jobs.AskDecision, right="payments")
def ask_decision(job: jobs.AskDecision) -> None:
    """Ask for confirmation, naming the money, the person and the package."""
    language = access.language(job)
    answers.reply(job, question(job.payment_id, job.action, language))


def show_decided(job: jobs.ShowDecision, language: str) -> None:
    """Show the payment after a decision, or why the decision was not taken."""
    answers.reply(job, card(job.target, language, job.outcome))


@actor(jobs.AskPaymentOwner, right="payments")
def ask_payment_owner(job: jobs.AskPaymentOwner) -> None:
    """Ask whose money it is, if the payment has no owner yet."""
    language = access.language(job)
    row = resources.db().one("get_payment", payment_id=job.payment_id)
    if row is None or row["order_id"] is not None or row["state"] != "exception":
        answers.end_dialogue(job, f"tg:{job.update_id}")
        answers.reply(job, card(job.payment_id, language))
        return
    answers.reply(job, payments.ask_owner(row, language))


def question(payment_id: str, action: str, language: str) -> Screen:
    """Return the confirmation, or the card if this decision is not possible in the payment's state."""
    row = resources.db().one("get_payment", payment_id=payment_id)
    if row is None:
        return payments.payment_gone(language)
    zone = resources.settings().timezone
    error = payments.obstacle(row, action)
    return (
        payments.payment(row, language, zone, error=error)
        if error
        else payments.sure(row, action, language, zone)
    )


def card(payment_id: str, language: str, error: str = "") -> Screen:
    """Return the payment's current card. `error` is the reason why a decision was not taken."""
    row = resources.db().one("get_payment", payment_id=payment_id)
    if row is None:
        return payments.payment_gone(language)
    if error == "changed_meanwhile" and row["resolution"]:  # what changed is that it was decided: say that
        error = "already_resolved"
    return payments.payment(row, language, resources.settings().timezone, error=error)
