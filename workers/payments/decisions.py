"""Payments that wait for a person: asked "sure?", an admin decides once, and what follows is owed with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.errors import ParkError
from socialboost.screens import texts
from socialboost.screens.admin import payments as screens
from socialboost.screens.core import Screen
from workers.engine import cache, deciding, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.people import access
from workers.telegram import answers, repeats

_TELEGRAM_ID: Final = re.compile(r"[1-9][0-9]{0,15}")
_CLOSING: Final = {"credit": "credited", "dismiss": "dismissed", "refund": "refunded"}
"""What the owner is told when the decision itself moved the money; a transfer is told of once it is sent."""

log = logs.get(__name__)


@actor(jobs.ShowExceptions)
def show_exceptions(job: jobs.ShowExceptions) -> None:
    """Show a page of what waits, oldest first."""
    language = access.language(job)
    if language is None:
        return
    page = max(job.page, 0)
    entries = resources.db().many(
        "get_exceptions",
        limit=screens.ENTRIES + 1,  # one more says that there is another page
        offset=page * screens.ENTRIES,
    )
    answers.reply(job, screens.exceptions(entries, page, language))


@actor(jobs.ShowPayment)
def show_payment(job: jobs.ShowPayment) -> None:
    """Show one payment as it is now."""
    language = access.language(job)
    if language is not None:
        answers.reply(job, _card(job.payment_id, language))


@actor(jobs.AskDecision)
def ask_decision(job: jobs.AskDecision) -> None:
    """Ask whether the admin is sure, naming the money, the person and the package."""
    language = access.language(job)
    if language is not None:
        answers.reply(job, _question(job.payment_id, job.action, language))


@actor(jobs.ResolvePayment, on_duplicate=deciding.value)
def resolve_payment(job: jobs.ResolvePayment, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (once)
    """Decide, if the payment is as the admin saw it. Of two admins the second is shown how it stands now."""
    language = access.language(job)
    if language is None:
        return deciding.refuse(job)
    if job.action not in callbacks.DECISIONS:
        raise ParkError("no such decision")
    if not job.seen:
        answers.reply(job, _question(job.payment_id, job.action, language))
        return deciding.ASKED
    value = deciding.decide(
        job,
        lambda tx: _resolve(tx, job),
        lambda value: deciding.sight(job, "payment", job.payment_id, str(value.get("error", ""))),
    )
    log.info("payment_decided", payment_id=job.payment_id, action=job.action, **value)
    return value


def _resolve(tx: Transaction, job: jobs.ResolvePayment) -> deciding.Value:
    result = tx.value(
        "resolve_payment",
        payment_id=job.payment_id,
        action=job.action,
        admin=deciding.actor_id(job),
        seen=job.seen,
        origin=job.origin,
    )
    if not result["success"]:
        now = {name: result[name] for name in ("state", "resolution")}
        return {**deciding.outcome(result), **now}
    cache.forget_user(tx, result["telegram_id"])
    _owe_consequences(tx, result)
    return {**deciding.outcome(result), "order_id": result["order_id"], "refund_id": result["refund_id"]}


def show_decided(job: jobs.ShowDecision, language: str) -> None:
    """Show how the payment stands after a decision, or why it was not taken."""
    answers.reply(job, _card(job.target, language, job.outcome))


def _owe_consequences(tx: Transaction, result: Mapping[str, Any]) -> None:
    """Owe the receipt, the transfer or the word that this decision calls for."""
    action, payment_id = result["action"], result["payment_id"]
    if action == "activate":
        order_id = result["order_id"]
        outbox.add(tx, jobs.SendReceipt(key=f"receipt:{order_id}", order_id=order_id))
    elif action == "refund" and not result["refunded"]:
        refund_id, number = result["refund_id"], result["refund_round"]
        outbox.add(tx, jobs.SendRefund(key=f"refund:{refund_id}:{number}", refund_id=refund_id))
    elif result["telegram_id"] is not None:
        owe_word(tx, payment_id, _CLOSING[action])


def owe_word(tx: Transaction, payment_id: str, kind: str, *, told_before: bool = False) -> None:
    """Owe the payment's owner word of what was decided."""
    key = f"decision:{payment_id}:{kind}"
    notice = jobs.SendDecisionNotice(key=key, payment_id=payment_id, kind=kind)
    outbox.add(tx, notice, told_before=told_before)


@actor(jobs.SendDecisionNotice)
def send_decision_notice(job: jobs.SendDecisionNotice, attempt: Attempt) -> None:
    """Tell the payment's owner; a money message: at least once, one repeat."""
    row = resources.db().one("get_payment", payment_id=job.payment_id)
    if row is None or row["telegram_id"] is None or job.kind not in screens.NOTICES:
        raise ParkError("nobody to tell, or nothing to say")
    language = texts.language(row["language"])
    with repeats.allowed(attempt.number, row["telegram_id"]):
        answers.send(row["telegram_id"], screens.decision_notice(job.kind, row, language))


@actor(jobs.AskPaymentOwner)
def ask_payment_owner(job: jobs.AskPaymentOwner) -> None:
    """Ask whose money it is, while that is a question."""
    language = access.language(job)
    if language is None:
        return
    row = resources.db().one("get_payment", payment_id=job.payment_id)
    if row is None or row["order_id"] is not None or row["state"] != "exception":
        answers.end_dialogue(job, f"tg:{job.update_id}")
        answers.reply(job, _card(job.payment_id, language))
        return
    answers.reply(job, screens.ask_owner(row, language))


@actor(jobs.NamePaymentOwner, on_duplicate=deciding.value)
def name_payment_owner(job: jobs.NamePaymentOwner, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (sets)
    """Write the owner down; while the answer is no use the dialogue stays open."""
    language = access.language(job)
    if language is None:
        return deciding.refuse(job)
    value = deciding.decide(job, lambda tx: _name(tx, job))
    error = str(value.get("error", ""))
    row = resources.db().one("get_payment", payment_id=job.payment_id)
    if row is not None and error in {"not_an_id", "no_such_person"}:
        answers.reply(job, screens.ask_owner(row, language, error=error))
        return value
    answers.end_dialogue(job, job.dialogue)
    answers.reply(job, _card(job.payment_id, language, error))
    return value


def _name(tx: Transaction, job: jobs.NamePaymentOwner) -> deciding.Value:
    if not _TELEGRAM_ID.fullmatch(job.text.strip()):
        return {"outcome": "refused", "error": "not_an_id"}
    answer = tx.value(
        "name_payment_owner",
        payment_id=job.payment_id,
        telegram_id=int(job.text.strip()),
        admin=deciding.actor_id(job),
        seen=job.seen or None,
        origin=job.origin,
    )
    return deciding.outcome(answer)


def _question(payment_id: str, action: str, language: str) -> Screen:
    """Return the question, or the card when this cannot be decided about the payment as it stands."""
    row = resources.db().one("get_payment", payment_id=payment_id)
    if row is None:
        return screens.payment_gone(language)
    zone = resources.settings().timezone
    error = screens.obstacle(row, action)
    return (
        screens.payment(row, language, zone, error=error)
        if error
        else screens.sure(row, action, language, zone)
    )


def _card(payment_id: str, language: str, error: str = "") -> Screen:
    row = resources.db().one("get_payment", payment_id=payment_id)
    if row is None:
        return screens.payment_gone(language)
    if error == "changed_meanwhile" and row["resolution"]:  # what changed is that it was decided: say that
        error = "already_resolved"
    return screens.payment(row, language, resources.settings().timezone, error=error)
