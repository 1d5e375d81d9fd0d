"""Payments that wait for a person: an admin decides once, and what follows is owed in that transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from socialboost import callbacks, jobs, logs
from socialboost.db import Transaction
from socialboost.errors import ParkError
from socialboost.screens import decisions as screens
from socialboost.screens import texts
from socialboost.screens.core import Screen
from workers import admins, cache, outbox, replies, runtime
from workers.base import Attempt, actor

_TELEGRAM_ID: Final = re.compile(r"[1-9][0-9]{0,15}")
_CLOSING: Final = {"credit": "credited", "dismiss": "dismissed", "refund": "refunded"}
"""What the owner is told when the decision itself moved the money; a transfer is told of once it is sent."""

log = logs.get(__name__)


@actor(jobs.ShowExceptions)
def show_exceptions(job: jobs.ShowExceptions) -> None:
    """Show a page of what waits, oldest first."""
    language = admins.language(job)
    if language is None:
        return
    page = max(job.page, 0)
    entries = runtime.db().many(
        "get_exceptions",
        limit=screens.ENTRIES + 1,  # one more says that there is another page
        offset=page * screens.ENTRIES,
    )
    replies.reply(job, screens.exceptions(entries, page, language))


@actor(jobs.ShowPayment)
def show_payment(job: jobs.ShowPayment) -> None:
    """Show one payment as it is now."""
    language = admins.language(job)
    if language is not None:
        replies.reply(job, _card(job.payment_id, language))


@actor(jobs.ResolvePayment)
def resolve_payment(job: jobs.ResolvePayment, attempt: Attempt) -> None:  # noqa: ARG001 (decided once)
    """Decide. Of two admins the second is shown how the first decided."""
    language = admins.language(job)
    if language is None:
        return
    if job.action not in callbacks.DECISIONS:
        raise ParkError("no such decision")
    with runtime.db().transaction() as tx:
        result = tx.value(
            "resolve_payment", payment_id=job.payment_id, action=job.action, admin=job.telegram_id
        )
        if result["success"]:
            cache.forget_user(tx, result["telegram_id"])
            _owe_consequences(tx, result)
    error = "" if result["success"] else str(result["error"])
    log.info("payment_decided", payment_id=job.payment_id, action=job.action, error=error or None)
    replies.reply(job, _card(job.payment_id, language, error))


def _owe_consequences(tx: Transaction, result: Mapping[str, Any]) -> None:
    """Owe the receipt, the transfer or the word that this decision calls for."""
    action, payment_id = result["action"], result["payment_id"]
    if action == "activate":
        order_id = result["order_id"]
        outbox.owe(tx, jobs.SendReceipt(key=f"receipt:{order_id}", order_id=order_id))
    elif action == "refund" and not result["refunded"]:
        refund_id, number = result["refund_id"], result["refund_round"]
        outbox.owe(tx, jobs.SendRefund(key=f"refund:{refund_id}:{number}", refund_id=refund_id))
    elif result["telegram_id"] is not None:
        owe_word(tx, payment_id, _CLOSING[action])


def owe_word(tx: Transaction, payment_id: str, kind: str) -> None:
    """Owe the payment's owner word of what was decided."""
    key = f"decision:{payment_id}:{kind}"
    outbox.owe(tx, jobs.SendDecisionNotice(key=key, payment_id=payment_id, kind=kind))


@actor(jobs.SendDecisionNotice)
def send_decision_notice(job: jobs.SendDecisionNotice, attempt: Attempt) -> None:  # noqa: ARG001
    """Tell the payment's owner; a money message: at least once, one repeat."""
    row = runtime.db().one("get_payment", payment_id=job.payment_id)
    if row is None or row["telegram_id"] is None or job.kind not in screens.NOTICES:
        raise ParkError("nobody to tell, or nothing to say")
    language = texts.language(row["language"])
    replies.send(row["telegram_id"], screens.decision_notice(job.kind, row, language))


@actor(jobs.AskPaymentOwner)
def ask_payment_owner(job: jobs.AskPaymentOwner) -> None:
    """Ask whose money it is, while that is a question."""
    language = admins.language(job)
    if language is None:
        return
    row = runtime.db().one("get_payment", payment_id=job.payment_id)
    if row is None or row["order_id"] is not None or row["state"] != "exception":
        replies.end_dialogue(job, f"tg:{job.update_id}")
        replies.reply(job, _card(job.payment_id, language))
        return
    replies.reply(job, screens.ask_owner(row, language))


@actor(jobs.NamePaymentOwner)
def name_payment_owner(job: jobs.NamePaymentOwner, attempt: Attempt) -> None:  # noqa: ARG001 (sets, never adds)
    """Write the owner down; while the answer is no use the dialogue stays open."""
    language = admins.language(job)
    if language is None:
        return
    error = _name(job)
    row = runtime.db().one("get_payment", payment_id=job.payment_id)
    if row is not None and error in {"not_an_id", "no_such_person"}:
        replies.reply(job, screens.ask_owner(row, language, error=error))
        return
    replies.end_dialogue(job, job.dialogue)
    replies.reply(job, _card(job.payment_id, language, error))


def _name(job: jobs.NamePaymentOwner) -> str:
    """Return why the owner was not written down; empty when they were."""
    if not _TELEGRAM_ID.fullmatch(job.text.strip()):
        return "not_an_id"
    answer = runtime.db().value(
        "name_payment_owner",
        payment_id=job.payment_id,
        telegram_id=int(job.text.strip()),
        admin=job.telegram_id,
    )
    return "" if answer["success"] else str(answer["error"])


def _card(payment_id: str, language: str, error: str = "") -> Screen:
    row = runtime.db().one("get_payment", payment_id=payment_id)
    if row is None:
        return screens.payment_gone(language)
    return screens.payment(row, language, runtime.settings().timezone, error=error)
