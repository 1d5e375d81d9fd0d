"""Sends money back through Crypto Pay: once, whatever fails on the way.

The spend_id of a refund's row never changes, and Crypto Pay accepts it once. Transfers under it are looked up
before every attempt and after every refusal, so neither a lost answer nor a second round pays twice. A
refusal that is about us (our balance, our token, a method that is off) does not end the refund: it waits, the
admins are told what to do, and then it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from socialboost import jobs, logs
from socialboost.clients.crypto_pay_words import Wanted
from socialboost.clients.refusals import SPEND_ID_USED
from socialboost.db import Transaction
from socialboost.db.rows.payments import GetRefund
from socialboost.errors import (
    AmbiguousError,
    ParkError,
    PostponeError,
    RefusesUsError,
    RejectedError,
    UnaskedError,
    UnknownYetError,
)
from workers.engine import cache, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.payments import messages

if TYPE_CHECKING:
    from socialboost.clients.crypto_pay_words import Transfer

PATIENCE_SECONDS: Final = 24 * 3600.0
"""A refund that waits longer is parked: an admin replays it, or discards it and pays another way."""

log = logs.get(__name__)


@actor(jobs.SendRefund)
def send_refund(job: jobs.SendRefund, attempt: Attempt) -> None:  # noqa: ARG001 (spend_id: sent once)
    """Send the money and settle the refund. A refusal of the refund itself settles it too."""
    refund = resources.db().one("get_refund", refund_id=job.refund_id)
    if refund is None:
        raise ParkError("no such refund")
    if refund["state"] != "wanted":
        log.info("refund_not_wanted", refund_id=job.refund_id, state=refund["state"])
        return
    try:
        sent = _send(refund)
    except RefusesUsError as error:
        raise _still_owed(refund, error) from None
    except RejectedError as error:
        with resources.db().transaction() as tx:
            settle_refused(tx, refund, error.code or str(error.status))
    else:
        with resources.db().transaction() as tx:
            settle_sent(tx, refund, sent)


def _still_owed(refund: GetRefund, error: RefusesUsError) -> Exception:
    """Notify the admins why the refund waits, once per cause. Returns the error to wait with."""
    if refund["wanted_seconds"] > PATIENCE_SECONDS:
        return ParkError(f"Crypto Pay has refused us for a day ({error.code}): look at {error.setting}")
    key = f"notice:refund_waits:{refund['refund_id']}:{refund['round']}:{error.code}"
    names = ("package_name", "amount", "asset", "telegram_id", "order_id", "payment_id")
    data = {name: str(value) for name, value in refund.items() if name in names and value is not None}
    data |= {"reason": error.code, "setting": error.setting}
    with resources.db().transaction() as tx:
        outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="refund_waits", data=data))
    log.error("refund_waits", refund_id=refund["refund_id"], setting=error.setting, error=error.code)
    return PostponeError(0.0, f"Crypto Pay refuses us: {error.code}", outage=True)


def _send(refund: GetRefund) -> Transfer:
    """Return the transfer, made now or before. Raises RejectedError if there is none and will be none."""
    found = find_transfer(refund)
    if found is not None:
        return found
    try:
        return resources.crypto_pay().transfer(
            refund["telegram_id"], refund["asset"], refund["amount"], refund["spend_id"]
        )
    except AmbiguousError as error:  # the next run looks for it first
        raise UnknownYetError.of(error) from None
    except RejectedError as error:
        found = find_transfer(refund)
        if found is not None:
            return found
        if error.code == SPEND_ID_USED:
            raise AmbiguousError("crypto_pay", "it was sent before, and is not listed") from None
        raise


def find_transfer(refund: GetRefund) -> Transfer | None:
    """Return the transfer that Crypto Pay sent for this refund (get_refund's row), or None.

    A transfer belongs to this refund only if person, asset, sum, time and spend_id (if listed) agree and no
    other refund has it. Raises ParkError if Crypto Pay gives no answer or used the spend_id otherwise.
    """
    wanted = Wanted(
        spend_id=refund["spend_id"],
        user_id=refund["telegram_id"],
        asset=refund["asset"],
        amount=refund["amount"],
        since=refund["created_at"],
    )
    try:
        found = resources.crypto_pay().find_transfers(wanted)
    except RejectedError as error:
        raise ParkError(f"Crypto Pay does not say whether the money was sent: {error.code}") from None
    except UnaskedError as error:
        raise ParkError(f"a person must look: {error}") from None
    except AmbiguousError as error:
        raise UnknownYetError.of(error) from None
    if not found:
        return None
    ids = [sent.transfer_id for sent in found]
    rows = resources.db().many("get_settled_transfers", transfer_ids=ids, refund_id=refund["refund_id"])
    others = {row["transfer_id"] for row in rows}
    return next((sent for sent in found if sent.transfer_id not in others), None)


def settle_sent(tx: Transaction, refund: GetRefund, sent: Transfer) -> None:
    """Record that the money was sent, and add the messages to its owner and the admins."""
    result = tx.value(
        "settle_refund",
        refund_id=refund["refund_id"],
        state="sent",
        transfer_id=sent.transfer_id,
        refusal=None,
    )
    log.info("refund_settled", refund_id=refund["refund_id"], state="sent", changed=result["changed"])
    if not result["changed"]:
        return
    cache.forget_user(tx, result["telegram_id"])
    told = bool(tx.value("told_before", at=refund["created_at"]))
    messages.add_decision_notice(tx, str(result["payment_id"]), "refunded", told_before=told)
    data = _told(result) | {"transfer_id": sent.transfer_id}
    key = f"notice:refund_sent:{refund['refund_id']}"
    outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="refund_sent", data=data), told_before=told)


def settle_refused(tx: Transaction, refund: GetRefund, refusal: str) -> None:
    """Record that nothing was sent and why. The payment waits for a new decision, and admins are notified."""
    result = tx.value(
        "settle_refund",
        refund_id=refund["refund_id"],
        state="refused",
        transfer_id=None,
        refusal=refusal,
    )
    log.warning("refund_settled", refund_id=refund["refund_id"], state="refused", refusal=refusal)
    if not result["changed"]:
        return
    data = _told(result) | {"reason": refusal}
    key = f"notice:refund_refused:{refund['refund_id']}:{refund['round']}"
    outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="refund_refused", data=data))


def _told(result: Mapping[str, Any]) -> dict[str, str]:
    names = ("package_name", "amount", "asset", "telegram_id", "order_id", "payment_id")
    return {name: str(result[name]) for name in names if result[name] is not None}
