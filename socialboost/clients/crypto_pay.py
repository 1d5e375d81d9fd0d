"""The client of Crypto Pay (CryptoBot): invoices, payments and refunds. Amounts are Decimal.

Its answers are JSON objects with a boolean `ok`. Any other answer comes from a proxy in front of it and
counts as an outage. The table of answers is in docs/failures.md.

createInvoice has no idempotency key. Our order's id is sent as `payload`, so that after a timeout
`find_invoices` can look for an invoice that was made, before another one is. A transfer has an idempotency
key, `spend_id`: Crypto Pay accepts each value once, for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from socialboost.clients.answers import Answer, Limits
from socialboost.clients.crypto_pay_words import (
    SERVICE,
    Invoice,
    PaidInvoice,
    PaidPage,
    Transfer,
    Wanted,
    items_of,
    paid_invoices,
    payload_of,
    read_invoice,
    read_transfer,
)
from socialboost.clients.guard import CallGuard
from socialboost.clients.http import (
    TOO_LONG,
    HttpService,
    outage,
    refuse,
    unreadable,
)
from socialboost.errors import AmbiguousError, RefusesUsError, ServiceError, UnaskedError, UnreachableError

ASSET: Final = "USDT"
INVOICE_SECONDS: Final = 3600

_PAGE: Final = 200
_MAX_PAGES: Final = 50
"""10,000 open invoices: an hour of them at three orders a second."""
_NOT_RECEIVED: Final = frozenset({408, 425})
# No settings, so the notice has texts for them: setting-crypto_pay_balance and so on.
_BALANCE: Final = "crypto_pay_balance"
_APP: Final = "crypto_pay_app"
_METHODS: Final = "crypto_pay_methods"
_ABOUT_US: Final = {
    "UNAUTHORIZED": "CRYPTOBOT_TOKEN",
    "METHOD_DISABLED": _METHODS,
    "METHOD_NOT_FOUND": "CRYPTOBOT_API_URL",
    "INSUFFICIENT_FUNDS": _BALANCE,
    "NOT_ENOUGH_COINS": _BALANCE,
    "SUSPENDED": _APP,
    "APP_SUSPENDED": _APP,
}
"""Refusals of our app, not of an invoice or transfer, and what an operator must check."""
_ABOUT_US_BY_STATUS: Final = {
    401: "CRYPTOBOT_TOKEN",
    402: _BALANCE,
    403: _METHODS,
    405: "CRYPTOBOT_API_URL",
    423: _APP,
}
"""The same for error names that are not documented."""


class CryptoPayClient:
    """Calls Crypto Pay with the app's token, which is sent in a header, never in a URL."""

    def __init__(self, api_url: str, token: str, guard: CallGuard | None = None) -> None:
        self._http = HttpService(
            SERVICE,
            api_url,
            headers={"Crypto-Pay-API-Token": token},
            limits=Limits(read_seconds=8.0, total_seconds=12.0, max_bytes=1024 * 1024),
            guard=guard,
        )

    def create_invoice(self, order_id: str, amount: Decimal, description: str) -> Invoice:
        """Create an invoice of `amount` USDT that is valid for an hour.

        Raises AmbiguousError if the invoice may exist: look for it before the next try.
        """
        body = {
            "currency_type": "crypto",
            "asset": ASSET,
            "amount": format(amount, "f"),
            "description": description[:1024],
            "payload": order_id,
            "expires_in": INVOICE_SECONDS,
            # Both default to true. Nobody would read a comment here, and an anonymous payer could not be
            # recognised when they ask where their money went.
            "allow_comments": False,
            "allow_anonymous": False,
        }
        return read_invoice(self._call("createInvoice", body))

    def find_invoices(self, order_id: str) -> list[Invoice]:
        """Return the order's invoices that can still be paid. An empty list is certain."""
        body = {"asset": ASSET, "status": "active"}
        for items in self._pages("getInvoices", body):
            found = [read_invoice(item) for item in items if payload_of(item) == order_id]
            if found:
                return found
        return []

    def paid_among(self, invoice_ids: Sequence[str]) -> list[PaidInvoice]:
        """Return those of at most 1,000 invoices that are paid, in one call unless the answer is too long."""
        body = {"invoice_ids": ",".join(invoice_ids), "status": "paid", "count": len(invoice_ids)}
        try:
            paid = paid_invoices(items_of(self._call("getInvoices", body, repeatable=True)))
        except AmbiguousError as error:
            if error.code != TOO_LONG or len(invoice_ids) == 1:
                raise
            half = len(invoice_ids) // 2
            return self.paid_among(invoice_ids[:half]) + self.paid_among(invoice_ids[half:])
        if not {one.invoice_id for one in paid} <= set(invoice_ids):
            raise UnaskedError(SERVICE, "the list has invoices that were not asked about")
        return paid

    def newest_paid(self, *, offset: int, count: int) -> PaidPage:
        """Return a page of the app's paid invoices, newest first; fewer than `count` if they are too long."""
        items, count = self._page("getInvoices", {"status": "paid"}, offset, count)
        return PaidPage(paid_invoices(items), offset + count if len(items) >= count else None)

    def delete_invoice(self, invoice_id: str) -> None:
        """Delete an invoice, so that nobody can pay it. Raises RejectedError also if it is gone or paid."""
        self._call("deleteInvoice", {"invoice_id": int(invoice_id)}, repeatable=True)

    def invoice_status(self, invoice_id: str) -> str | None:
        """Return active, paid or expired; None if there is no such invoice (any more)."""
        result = self._call("getInvoices", {"invoice_ids": invoice_id}, repeatable=True)
        items = [one for one in items_of(result) if isinstance(one, dict)]
        found = [one for one in items if str(one.get("invoice_id")) == invoice_id]
        return str(found[0].get("status")) if found else None

    def transfer(self, user_id: int, asset: str, amount: Decimal, spend_id: str) -> Transfer:
        """Send money to a Telegram user.

        Raises RejectedError if nothing was sent; with the code refusals.SPEND_ID_USED it was sent before.
        Raises AmbiguousError if it may have been sent; `find_transfers` tells.
        """
        body = {"user_id": user_id, "asset": asset, "amount": format(amount, "f"), "spend_id": spend_id}
        sent = read_transfer(self._call("transfer", body))
        if sent is None or (sent.user_id, sent.asset, sent.amount) != (user_id, asset, amount):
            raise AmbiguousError(SERVICE, "the transfer is not what was asked for")
        return sent

    def find_transfers(self, wanted: Wanted) -> list[Transfer]:
        """Return the transfers that match `wanted`, newest first. An empty list means that nothing was sent.

        Raises UnaskedError if the spend_id was used for something else.
        """
        found: list[Transfer] = []
        for items in self._pages("getTransfers", {"spend_id": wanted.spend_id}):
            read = [read_transfer(item) for item in items]
            for item, sent in zip(items, read, strict=True):
                if sent is None and isinstance(item, dict) and item.get("spend_id") == wanted.spend_id:
                    raise AmbiguousError(SERVICE, "the transfer is not what was agreed")
                if sent is not None and sent.spend_id == wanted.spend_id and not wanted.agrees_with(sent):
                    raise UnaskedError(SERVICE, f"transfer {sent.transfer_id} is over something else")
            found += [sent for sent in read if sent is not None and wanted.is_answered_by(sent)]
            if read[-1] is not None and read[-1].sent_at is not None and not wanted.is_late_enough(read[-1]):
                break  # newest first, so the rest is older
        return found

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _pages(self, method: str, body: dict[str, Any]) -> Iterator[list[Any]]:
        """Yield all pages of a list. Raises UnaskedError if it cannot read to the end."""
        offset = 0
        for _ in range(_MAX_PAGES):
            items, count = self._page(method, body, offset, _PAGE)
            if items:
                yield items
            if len(items) < count:
                return
            offset += count
        raise UnaskedError(SERVICE, f"{method}: too long a list to look through")

    def _page(self, method: str, body: dict[str, Any], offset: int, count: int) -> tuple[list[Any], int]:
        """Return a page and its requested size, which is halved as long as the answer is too long."""
        while True:
            try:
                answer = self._call(method, {**body, "offset": offset, "count": count}, repeatable=True)
            except AmbiguousError as error:
                if error.code != TOO_LONG or count == 1:
                    raise
                count //= 2
            else:
                return items_of(answer), count

    def _call(self, method: str, body: dict[str, Any], *, repeatable: bool = False) -> Any:
        answer = self._http.call(
            "POST",
            f"/api/{method}",
            body=body,
            repeatable=repeatable,
            check=_check,
            fields={"method": method},
        )
        return answer.json_object()["result"]


def _check(answer: Answer) -> None:
    """Raise the error that the answer means, unless it is a result in Crypto Pay's envelope."""
    body = answer.json_object()
    is_success = 200 <= answer.status < 300
    if not isinstance(body.get("ok"), bool) or (body["ok"] and not is_success):
        raise unreadable(SERVICE, answer) if is_success else outage(SERVICE, answer)
    if not body["ok"]:
        raise _no(answer, body.get("error"))
    if "result" not in body:
        raise unreadable(SERVICE, answer)


def _no(answer: Answer, error: Any) -> ServiceError:
    """Return the error of a refusal: of our app, of this request, or not an answer at all.

    An undocumented error name counts as a refusal of this request.
    """
    said = error if isinstance(error, dict) else {}
    name, number = str(said.get("name") or "")[:64], said.get("code")
    status = answer.status
    if 200 <= status < 300:  # HTTP success with a refusal: its own code says what kind
        status = number if isinstance(number, int) and 400 <= number < 600 else 400
    code = name or str(status)
    told = Answer(status, answer.headers, answer.body)
    if status == 429 or status >= 500:
        return refuse(SERVICE, told, code=code, reason=name)
    if status < 400 or status in _NOT_RECEIVED:
        return UnreachableError(SERVICE, code, status=status, code=code)
    setting = _ABOUT_US.get(name) or _ABOUT_US_BY_STATUS.get(status)
    if setting is None and status == 404 and not name:
        setting = "CRYPTOBOT_API_URL"
    if setting is not None:
        return RefusesUsError(SERVICE, code, setting=setting, status=status, code=code)
    return refuse(SERVICE, told, code=code, reason=name)
