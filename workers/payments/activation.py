"""Records an arrived payment once, and activates its order or lists an exception."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.kinds import NoticeKind
from workers.engine import cache, outbox, resources, under_way
from workers.engine.actors import Attempt, actor
from workers.orders import closing

PROVIDER: Final = "crypto_pay"
LARGEST_AMOUNT: Final = Decimal(999_999_999_999)
"""The limit of an amount's column. A larger amount is not a payment."""
MOST_DECIMALS: Final = 30
"""The limit of an amount's decimals. More have no meaning, and thousands cannot be stored."""
YEARS: Final = range(2000, 2200)
"""The valid years of a payment. PostgreSQL accepts years beyond them that Python cannot read."""
_TOLD: Final = frozenset(
    {"package_name", "amount", "asset", "telegram_id", "order_id", "payment_id", "expires_at", "reason"}
)
"""The fields of payment_answer that the admins' notice shows."""
_FLAGS: Final = ("is_late", "after_cancel")
"""The fields that it shows only if they are true."""

log = logs.get(__name__)


@actor(jobs.ActivateOrder)
def activate_order(job: jobs.ActivateOrder, attempt: Attempt) -> None:  # noqa: ARG001 (a UNIQUE fact)
    """Record the payment once. The same transaction activates or lists it and adds every message about it."""
    amount, paid_at = _amount(job.amount), _moment(job.paid_at)
    sealed = _sealed_event(job)
    with resources.db().transaction() as tx:
        result = tx.value(
            "apply_payment",
            provider=PROVIDER,
            invoice_id=job.invoice_id,
            order_id_text=job.order_id,
            asset=job.asset,
            amount=amount,
            paid_at=paid_at,
            source=job.source,
            raw=sealed,
        )
        _add_messages(tx, job, result)
        cache.forget_user(tx, result.get("telegram_id"))
        under_way.finish_with(tx)
    log.info("payment_applied", outcome=result["outcome"], invoice_id=job.invoice_id)


def _sealed_event(job: jobs.ActivateOrder) -> bytes | None:
    """Return the event encrypted for storage, or None without one or if it cannot be opened."""
    event = resources.courier().unseal(job.raw_event) if job.raw_event else None
    if job.raw_event and event is None:
        log.error("event_not_opened", invoice_id=job.invoice_id)
    return None if event is None else resources.sealer().seal(event)


def _add_messages(tx: Transaction, job: jobs.ActivateOrder, result: Mapping[str, Any]) -> None:
    """Add the receipt or the explanation, and the admins' notice. A duplicate adds nothing.

    After a restore the buyer may have been told already about a payment that the copy did not know. Its
    messages wait for an admin, on a list that names them, so no notice of a paid order is added.
    """
    order_id, told = result.get("order_id"), bool(result.get("told_before"))
    known = {name: str(value) for name, value in result.items() if name in _TOLD and value is not None}
    data: dict[str, Any] = {**known, "invoice_id": job.invoice_id}
    data |= {name: True for name in _FLAGS if result.get(name)}
    if result["outcome"] == "activated":
        receipt = jobs.SendReceipt(key=f"receipt:{order_id}", order_id=str(order_id))
        found = tx.one("get_receipt", order_id=order_id)
        under_way.add_next(tx, receipt, found=cast("Mapping[str, Any] | None", found), told_before=told)
        if not told:
            _notify_admins(tx, f"order_paid:{order_id}", "order_paid", data)
    elif result["outcome"] == "exception":
        if order_id:
            key = f"notice:{result['reason']}:{order_id}:{job.invoice_id}"
            notice = jobs.SendPaymentNotice(
                key=key,
                order_id=order_id,
                kind=result["reason"],
                after_cancel=bool(result["after_cancel"]),
                received=known.get("amount", ""),
                asset=known.get("asset", ""),
            )
            under_way.add_next(tx, notice, told_before=told)
        subject = f"payment_exception:{job.invoice_id}"
        _notify_admins(tx, subject, "payment_exception", data, told_before=told and not _is_lost(job, result))
    if result["outcome"] in {"activated", "exception"} and order_id:
        closing.follow(tx, [order_id], here=True)


def _is_lost(job: jobs.ActivateOrder, result: Mapping[str, Any]) -> bool:
    """Return True if the payment names an order that the restored copy does not have: that is news."""
    return result["reason"] == "unknown_order" and callbacks.uuid(job.order_id) is not None


def _notify_admins(
    tx: Transaction, subject: str, kind: NoticeKind, data: dict[str, Any], *, told_before: bool = False
) -> None:
    notice = jobs.NotifyAdmins(key=f"notice:{subject}", kind=kind, data=data)
    outbox.notify_admins(tx, notice, told_before=told_before)


def _amount(text: str) -> Decimal | None:
    """Return the amount exactly as Crypto Pay wrote it, or None if it is not an amount of money."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= LARGEST_AMOUNT:
        return None
    return amount if -int(amount.as_tuple().exponent) <= MOST_DECIMALS else None


def _moment(text: str | None) -> datetime | None:
    """Return the provider's time of the payment in UTC, or None if it is not a time PostgreSQL can store.

    It is kept for reference and not used in any calculation.
    """
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo and moment.year in YEARS else None
