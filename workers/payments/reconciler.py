"""Asks Crypto Pay which invoices were paid, so that no payment depends on its webhook.

One step of the watch (workers/operations/watch.py), every five seconds while an invoice is open:

- paid there, open here: the job `activate_order` is added under the same key as its webhook's job;
- recorded here, not paid there: the admins are notified once;
- paid there and unknown here (a restored backup, an invoice whose answer was lost): it is searched among all
  paid invoices that may have been paid just now, at the start and every half minute.

Crypto Pay is asked about an invoice, even of a cancelled or expired order, until its payment is recorded, for
at most a week. The payment's UNIQUE constraint protects every write, so a second reconciler would only ask
twice. A row that cannot be read or stored does not stop the search for the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import psycopg

from socialboost import jobs, logs
from socialboost.db import Database
from workers.engine import outages, outbox, resources

if TYPE_CHECKING:
    from socialboost.clients.crypto_pay_words import PaidInvoice

PERIOD_SECONDS: Final = 5.0
SOON_SECONDS: Final = PERIOD_SECONDS / 2
"""Time until an unpaid invoice is due again. It is shorter than a period: with a whole one the invoice would
be due a moment too late for the next round, and be asked about in every second round only."""
BATCH: Final = 500
"""Invoices in one question. The answer lists only the paid ones."""
MOST_BATCHES: Final = 10
"""Invoices in one round. If more are open, several rounds ask about them."""
TOGETHER: Final = 50
"""Payments added in one transaction. After a webhook outage each payment waits for those before it."""
VERIFY_BATCH: Final = 100
VERIFY_AFTER_SECONDS: Final = 2.0
RECENT_PAGE: Final = 500
MOST_RECENT: Final = 10_000
"""Paid invoices: an hour of them at nearly three a second."""
RECENT: Final = timedelta(minutes=70)
"""The list is ordered by the time of creation, and an invoice can be paid for an hour after that."""

log = logs.get(__name__)


class Reconciler:
    """Compares our payments with Crypto Pay's. The watch calls its rounds, one at a time."""

    def __init__(self, db: Callable[[], Database]) -> None:
        self._db = db

    def repair(self) -> None:
        """Ask about the open invoices that are due, and add what was paid and is not recorded."""
        for _ in range(MOST_BATCHES):
            rows = self._db().many("get_due_invoices", limit=BATCH)
            if not rows:
                return
            asked = [row["invoice_id"] for row in rows]
            paid = resources.crypto_pay().paid_among(asked)
            self._add_found(paid)
            self._db().value("postpone_invoice_checks", invoice_ids=asked, soon_seconds=SOON_SECONDS)
            if len(rows) < BATCH:
                return

    def verify(self) -> None:
        """Look up recorded payments at Crypto Pay, and notify the admins of one that it does not know."""
        rows = self._db().many(
            "get_unverified_payments", age_seconds=VERIFY_AFTER_SECONDS, limit=VERIFY_BATCH
        )
        if not rows:
            return
        paid = {
            one.invoice_id: one for one in resources.crypto_pay().paid_among([r["invoice_id"] for r in rows])
        }
        right = []
        for row in rows:
            known = paid.get(row["invoice_id"])
            if known is not None and known.agrees_with(row["asset"], row["amount"]):
                right.append(row["invoice_id"])
            else:
                self._doubt(row["invoice_id"], known)
        if right:
            self._db().value("verify_payments", invoice_ids=right)

    def look_through_recent(self) -> None:
        """Find paid invoices that are not recorded here.

        The search goes back from the newest to those too old to have been paid since the last search, and
        further as long as it finds unrecorded ones.
        """
        latest: datetime | None = None
        offset: int | None = 0
        while offset is not None and offset < MOST_RECENT:
            page = resources.crypto_pay().newest_paid(offset=offset, count=RECENT_PAGE)
            missing = self._unrecorded(page.paid)
            self._add_found(missing)
            made = [one.made_at for one in page.paid if one.made_at]
            latest = latest or max(made, default=None)
            if latest and made and made[-1] < latest - RECENT and not missing:
                return
            offset = page.next_offset

    def _unrecorded(self, paid: list[PaidInvoice]) -> list[PaidInvoice]:
        if not paid:
            return []
        rows = self._db().many("get_unrecorded_payments", invoice_ids=[one.invoice_id for one in paid])
        unrecorded = {row["invoice_id"] for row in rows}
        return [one for one in paid if one.invoice_id in unrecorded]

    def _add_found(self, paid: list[PaidInvoice]) -> None:
        for start in range(0, len(paid), TOGETHER):
            some = paid[start : start + TOGETHER]
            try:
                self._owe_together(some)
            except psycopg.DataError:  # one of them cannot be stored: the others can
                for one in some:
                    self._owe_alone(one)

    def _owe_together(self, some: list[PaidInvoice]) -> None:
        with self._db().transaction() as tx:
            owed = [outbox.add(tx, _activation(one)) for one in some]
        for one, new in zip(some, owed, strict=True):
            if new:
                log.warning("payment_found", invoice_id=one.invoice_id, order_id=one.order_id)

    def _owe_alone(self, one: PaidInvoice) -> None:
        try:
            self._owe_together([one])
        except psycopg.DataError as error:
            log.error("payment_not_stored", invoice_id=one.invoice_id, error=outages.describe(error))
            data = {"invoice_id": one.invoice_id, "reason": "unreadable", "error": outages.describe(error)}
            with self._db().transaction() as tx:
                key = f"notice:payment_unreadable:{one.invoice_id}"
                outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="payment_exception", data=data))

    def _doubt(self, invoice_id: str, known: PaidInvoice | None) -> None:
        """Notify the admins. The buyer keeps the package until an admin decides."""
        data = {"invoice_id": invoice_id, "reason": "not_paid" if known is None else "paid_otherwise"}
        if known is not None:
            data |= {"asset": known.asset, "amount": known.amount}
        with self._db().transaction() as tx:
            if tx.value("doubt_payment", invoice_id=invoice_id):
                key = f"notice:credited_not_paid:{invoice_id}"
                outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="credited_not_paid", data=data))
        log.error("payment_doubted", invoice_id=invoice_id, reason=data["reason"])


def _activation(paid: PaidInvoice) -> jobs.ActivateOrder:
    """Return the job with the key that its webhook's job would have."""
    return jobs.ActivateOrder(
        key=f"cp:{paid.invoice_id}",
        invoice_id=paid.invoice_id,
        asset=paid.asset,
        amount=paid.amount,
        order_id=paid.order_id,
        paid_at=paid.paid_at,
        source="reconciler",
        raw_event=resources.courier().seal(json.dumps(paid.raw, default=str).encode()),
    )
