"""Screens of payments that wait for a decision: the admins' list and card, and the buyer's message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.kinds import DecisionNoticeKind
from socialboost.screens.admin.panel import to_panel, turn
from socialboost.screens.buyer.menu import back, packages_row
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.notices import fields, refusal
from socialboost.screens.texts import Html, Texts, clean, crypto, price, texts

ENTRIES: Final = 8
"""Payments on a page of the list."""
REASONS: Final = ("wrong_amount", "wrong_asset", "too_late", "second_payment", "unknown_order", "late")
RESOLUTIONS: Final = ("activated", "credited", "refunded", "dismissed")
ERRORS: Final = (
    *("not_found", "changed_meanwhile", "already_resolved", "refund_under_way", "no_order", "no_owner"),
    *("no_amount", "wrong_asset", "has_order", "no_such_person", "not_an_id"),
)
"""The errors of resolve_payment and name_payment_owner; not_an_id is the worker's."""

_NAME_CHARACTERS: Final = 40
_SHOWN: Final = (
    *("package_name", "amount", "asset", "order_amount", "order_status", "username", "telegram_id"),
    *("order_id", "invoice_id", "payment_id", "transfer_id", "paid_at", "deadline_at"),
)


def exceptions(entries: Sequence[Mapping[str, Any]], page: int, language: str) -> Screen:
    """Show a page of the list, oldest first. One row more than ENTRIES means that there is another page."""
    text = texts(language)
    rows = [(_entry(text, entry),) for entry in entries[:ENTRIES]]
    body = text.html("exceptions" if rows else "exceptions-none")
    pages = turn(text, callbacks.ADMIN_EXCEPTIONS_PREFIX, page, has_more=len(entries) > ENTRIES)
    return Screen(body, (*rows, *pages, to_panel(text), back(text)))


def payment(row: Mapping[str, Any], language: str, zone: tzinfo, *, error: str = "") -> Screen:
    """Show a payment (get_payment's row), the decision about it, and the possible decisions.

    `error` is one of ERRORS: the reason why the last decision was not taken.
    """
    text = texts(language)
    parts = (
        text.html("decision-refused", why=text.html(f"decision-error-{error}")) if error else "",
        *_standing(text, row),
        fields(text, _shown(row), zone),
    )
    rows = tuple(_decisions(text, row))
    return Screen(
        "\n\n".join(part for part in parts if part), (*rows, _to_list(text), to_panel(text), back(text))
    )


def sure(row: Mapping[str, Any], action: str, language: str, zone: tzinfo) -> Screen:
    """Ask for a confirmation of a decision. Its button carries the payment's present state."""
    text, payment_id = texts(language), str(row["payment_id"])
    ends = action == "refund" and row["state"] == "applied"
    question = text.html(
        f"decision-sure-{action}",
        sum=_sum(text, row),
        person=_person(text, row),
        package=str(row.get("package_name") or "—"),
    )
    parts = (
        question,
        text.html("decision-sure-ends", package=str(row.get("package_name") or "—")) if ends else "",
        *_standing(text, row),
        fields(text, _shown(row), zone),
    )
    yes = Button(
        text.label(f"button-sure-{action}", sum=_sum(text, row)),
        callbacks.decision(action, payment_id, str(row["seen"])),
    )
    no = Button(text.label("button-sure-no"), callbacks.PAYMENT_PREFIX + payment_id)
    return Screen("\n\n".join(part for part in parts if part), ((yes,), (no,), to_panel(text), back(text)))


def obstacle(row: Mapping[str, Any], action: str) -> str:
    """Return why this decision is not possible in the payment's present state (one of ERRORS), or "".

    resolve_payment in the database checks it again.
    """
    waits, gives = row["state"] == "exception", action != "dismiss"
    active = row["state"] == "applied" and row.get("order_status") in ("paid", "completed")
    obstacles = {
        "refund_under_way": row.get("refund_state") == "wanted",
        "already_resolved": not waits
        and (action != "refund" or not active or bool(row.get("refunded_amount"))),
        "no_order": action == "activate" and not row.get("order_id"),
        "no_owner": gives and row.get("telegram_id") is None,
        "no_amount": gives and not (row.get("amount") and row.get("asset")),
        "wrong_asset": action == "credit" and row.get("asset") != "USDT",
    }
    return next((name for name, is_there in obstacles.items() if is_there), "")


def payment_gone(language: str) -> Screen:
    """Say that there is no such payment."""
    text = texts(language)
    return Screen(text.html("decision-error-not_found"), (_to_list(text), to_panel(text), back(text)))


def ask_owner(row: Mapping[str, Any], language: str, *, error: str = "") -> Screen:
    """Ask whose money it is. `error` is the reason why the last answer was not accepted."""
    text = texts(language)
    parts = [text.html(f"decision-error-{error}")] if error else []
    parts.append(text.html("ask-owner", invoice=str(row["invoice_id"])))
    way_back = (Button(text.label("button-cancel"), callbacks.PAYMENT_PREFIX + str(row["payment_id"])),)
    return Screen("\n\n".join(parts), (way_back, to_panel(text), back(text)))


def decision_notice(kind: DecisionNoticeKind, row: Mapping[str, Any], language: str) -> Screen:
    """Tell the owner of a payment (get_payment's row) what was decided."""
    text = texts(language)
    parts = [text.html(f"decision-{kind}", crypto=_sum(text, row), balance=price(row.get("balance") or 0))]
    if row.get("order_id"):
        parts.append(text.html("decision-order", package=row["package_name"], order=str(row["order_id"])))
    parts.append(text.html("payment-notice-contact"))
    return Screen("\n\n".join(parts), (packages_row(text), back(text)), lasting=True)


def _standing(text: Texts, row: Mapping[str, Any]) -> Iterator[Html]:
    """Yield the lines about the payment's state and its reason."""
    resolution = row.get("resolution")
    yield text.html(f"payment-{resolution if resolution in RESOLUTIONS else row['state']}")
    if row.get("reason") in REASONS:
        yield text.html(f"payment-reason-{row['reason']}")
    if row.get("after_cancel"):
        yield text.html("payment-after-cancel")
    if row.get("refund_state") == "wanted":
        yield text.html("refund-wanted")
    elif row.get("refund_state") == "refused":
        yield text.html("refund-refused", why=refusal(text, str(row.get("refund_refusal"))))


def _decisions(text: Texts, row: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the buttons of the possible decisions. Each asks for a confirmation."""
    payment_id = str(row["payment_id"])
    if row["state"] == "exception" and row.get("refund_state") != "wanted" and not row.get("order_id"):
        label = text.label("button-payment-owner")
        data = callbacks.with_seen(callbacks.PAYMENT_OWNER_PREFIX + payment_id, row["seen"])
        yield (Button(label, data, right="payments"),)
    for action in callbacks.DECISIONS:
        if not obstacle(row, action):
            data = callbacks.decision(action, payment_id)
            yield (Button(text.label(f"button-payment-{action}"), data, right="payments"),)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a payment's card, with the admin's name if there is a decision."""
    shown = {name: row.get(name) for name in _SHOWN}
    if row["state"] != "exception" or row.get("refund_state") == "wanted":
        shown["decided_by"] = _named(row.get("decided_by_name"), row.get("decided_by"))
    return shown


def _person(text: Texts, row: Mapping[str, Any]) -> str:
    """Return the owner of the money, always with the id, so that two people cannot be confused."""
    if row.get("telegram_id") is None:
        return text.plain("payment-nobody")
    name = f"@{row['username']}" if row.get("username") else row.get("first_name")
    return _named(name, row["telegram_id"])


def _named(name: Any, telegram_id: Any) -> str:
    known = clean(str(name or ""), limit=_NAME_CHARACTERS)
    return f"{known} · {telegram_id}" if known and telegram_id else str(telegram_id or "")


def _entry(text: Texts, entry: Mapping[str, Any]) -> Button:
    reason = entry.get("reason")
    kind = reason if reason in REASONS else "other"
    label = text.label("button-payment", sum=_sum(text, entry), reason=text.plain(f"reason-{kind}"))
    return Button(label, callbacks.PAYMENT_PREFIX + str(entry["payment_id"]))


def _sum(text: Texts, row: Mapping[str, Any]) -> str:
    """Return the payment's amount, or a text that it is not an amount."""
    if row.get("amount") is None:
        return text.plain("payment-no-amount")
    return crypto(row["amount"], str(row.get("asset") or "?"))


def _to_list(text: Texts) -> Row:
    return (Button(text.label("button-exceptions-back"), f"{callbacks.ADMIN_EXCEPTIONS_PREFIX}0"),)
