"""Screens of notices to admins: a heading for the kind of event, then its fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.kinds import NOTICE_KINDS
from socialboost.screens.admin.panel import to_panel
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import TEXT_UNITS, Button, Row, Screen, visible_units
from socialboost.screens.texts import Html, Texts, crypto, digits, price, texts

FIELDS: Final = (
    "package_name",
    "amount",
    "asset",
    "provider",
    "order_amount",
    "order_status",
    "username",
    "telegram_id",
    "order_id",
    "invoice_id",
    "payment_id",
    "transfer_id",
    "step",
    "broadcast_id",
    "sent",
    "blocked",
    "failed",
    "reason",
    "is_late",
    "paid_at",
    "deadline_at",
    "expires_at",
    "status",
    "actor",
    "queue",
    "key",
    "args",
    "attempts",
    "failures",
    "service",
    "setting",
    "error",
    "created_at",
    "updated_at",
    "decided_by",
    "count",
    "day",
    "orders_paid",
    "by_webhook",
    "by_reconciler",
    "open_exceptions",
    "not_confirmed",
    "parked_jobs",
    "dead_letters",
    "restored_at",
    "messages",
    "notices",
    "broadcasts",
    "kind",
    "url",
)
"""Fields with a label in the texts, in the order shown. Other fields follow under their own names."""
LINE_UNITS: Final = 3500
"""The space for the lines in a message. The rest is cut; the log has everything."""

_WORDS: Final = {
    "reason": "reason",
    "order_status": "order-status",
    "status": "order-status",
    "is_late": "answer",
    "provider": "provider",
    "setting": "setting",
}
"""Fields with a value from a closed set: an admin reads the text `<prefix>-<value>`, if there is one."""
_SAID: Final = frozenset({"after_cancel"})
"""A sentence of its own, above the fields."""
UNTOLD: Final = 10
"""The most events on the screen of undelivered notices, if they fit."""
UNTOLD_UNITS: Final = TEXT_UNITS - 200
"""The space for them under the screen's heading."""
_MOMENTS: Final = frozenset(
    {"paid_at", "deadline_at", "expires_at", "created_at", "updated_at", "restored_at"}
)
_WITH_ADVICE: Final = frozenset({"refund_refused", "refund_waits"})
_REFUSALS: Final = {
    "USER_NOT_FOUND": "user",
    "INSUFFICIENT_FUNDS": "funds",
    "NOT_ENOUGH_COINS": "funds",
    "402": "funds",
    "METHOD_DISABLED": "method",
    "403": "method",
    "ASSET_INVALID": "asset",
    "UNAUTHORIZED": "token",
    "401": "token",
    "SUSPENDED": "suspended",
    "APP_SUSPENDED": "suspended",
    "METHOD_NOT_FOUND": "address",
    "404": "address",
    "405": "address",
    "423": "suspended",
    "discarded": "discarded",
}


def admin_notice(
    kind: str, data: Mapping[str, Any], language: str, zone: tzinfo = UTC, *, private: bool = True
) -> Screen:
    """Show an event to an admin (`private`, with buttons to its card and the panel) or to the channel."""
    return admin_notices([(kind, data)], language, zone, private=private)


def admin_notices(
    events: Sequence[tuple[str, Mapping[str, Any]]],
    language: str,
    zone: tzinfo = UTC,
    *,
    private: bool = True,
) -> Screen:
    """Show several events, like `admin_notice` shows one. Pass at most as many as `fitting` returns."""
    text = texts(language)
    parts = [_event(text, kind, data, zone) for kind, data in events]
    rows = [row for kind, data in events for row in _card_rows(text, kind, data)]
    keyboard = (*dict.fromkeys(rows), back(text)) if private else ()
    return Screen("\n\n".join(parts), keyboard, lasting=True)


def untold(
    events: Sequence[tuple[str, Mapping[str, Any]]], language: str, zone: tzinfo, *, has_more: bool
) -> Screen:
    """Show an admin the undelivered notices, oldest first. A tap shows the next ones."""
    text = texts(language)
    heading = text.html("untold" if events else "untold-none")
    parts = [heading, *(_event(text, kind, data, zone) for kind, data in events)]
    rows = [row for kind, data in events for row in _card_rows(text, kind, data)]
    further = (Button(text.label("button-next"), callbacks.ADMIN_NOTICES),)
    more = (further,) if has_more else ()
    return Screen("\n\n".join(parts), (*dict.fromkeys(rows), *more, to_panel(text), back(text)))


def fitting(
    events: Sequence[tuple[str, Mapping[str, Any]]],
    language: str,
    zone: tzinfo = UTC,
    room: int = TEXT_UNITS,
) -> int:
    """Return how many events, from the first on, fit into one message: at least one."""
    text, units = texts(language), 0
    for count, (kind, data) in enumerate(events):
        units += visible_units(_event(text, kind, data, zone)) + 2
        if count and units > room:
            return count
    return len(events)


def fields(text: Texts, data: Mapping[str, Any], zone: tzinfo) -> str:
    """Return a line for each value, or "" if there is none.

    Values are shown as code, so that nothing in them becomes a link, a mention or a command. Money, times (in
    the shop's zone) and our names of states and reasons are made readable.
    """
    data = _with_asset(data)
    known = [name for name in FIELDS if name in data]
    names = known + [name for name in data if name not in FIELDS and name not in _SAID]
    shown = [name for name in names if data[name] not in (None, "")]
    return "\n".join(_fitting(text, [_line(text, name, data[name], zone) for name in shown]))


def refusal(text: Texts, name: str) -> Html:
    """Return the meaning of Crypto Pay's refusal of a refund, and what an admin can do."""
    known = "amount" if name.startswith("AMOUNT") else _REFUSALS.get(name, "other")
    return text.html(f"refund-refusal-{known}", name=name)


def job_ref(key: str) -> str:
    """Return how buttons and sql/queries name a parked job."""
    return hashlib.md5(key.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _event(text: Texts, kind: str, data: Mapping[str, Any], zone: tzinfo) -> str:
    heading = text.html(f"notice-{kind}") if kind in NOTICE_KINDS else text.html("notice-other", kind=kind)
    advice = ""
    if kind in _WITH_ADVICE:  # the advice says what the reason means
        advice = refusal(text, str(data.get("reason")))
        data = {name: value for name, value in data.items() if name != "reason"}
    if data.get("after_cancel"):
        advice = text.html("payment-after-cancel")
    return "\n\n".join(part for part in (heading, advice, fields(text, data, zone)) if part)


def _card_rows(text: Texts, kind: str, data: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the buttons that lead to the event's subject, if it has one."""
    payment_id = callbacks.uuid(str(data.get("payment_id")))
    if payment_id:
        label = text.label("button-payment-card", sum=_sum(data))
        yield (Button(label, callbacks.PAYMENT_PREFIX + payment_id),)
    elif broadcast_id := callbacks.uuid(str(data.get("broadcast_id"))):
        label = text.label("button-broadcast-back")
        yield (Button(label, callbacks.broadcast("show", broadcast_id)),)
    elif kind == "job_parked" and data.get("key"):
        label = text.label("button-job-card", actor=str(data.get("actor") or ""))
        yield (Button(label, callbacks.JOB_PREFIX + job_ref(str(data["key"]))),)
    elif kind == "restored":
        yield (Button(text.label("button-withheld-card"), f"{callbacks.ADMIN_WITHHELD_PREFIX}0"),)


def _sum(data: Mapping[str, Any]) -> str:
    """Return the event's money for a button's label, because a message may have several such buttons."""
    return str(_with_asset(data).get("amount") or "")


def _with_asset(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with amount and asset as one sum: 99.99 USDT. Data without money stay unchanged."""
    amount, asset = data.get("amount"), data.get("asset")
    if amount in (None, ""):
        return dict(data)
    try:
        total = crypto(amount, str(asset)) if asset else digits(amount)
    except (TypeError, ValueError, ArithmeticError):
        return dict(data)
    return {name: total if name == "amount" else value for name, value in data.items() if name != "asset"}


def _fitting(text: Texts, lines: list[Html]) -> list[Html]:
    """Return the lines that fit, and a mark where some were left out."""
    kept, units = list[Html](), 0
    for line in lines:
        units += visible_units(line) + 1
        if units > LINE_UNITS:
            return [*kept, text.html("notice-more")]
        kept.append(line)
    return kept


def _line(text: Texts, name: str, value: Any, zone: tzinfo) -> Html:
    label = text.html(f"field-{name}") if name in FIELDS else name
    return text.html("notice-line", label=label, value=_shown(text, name, value, zone))


def _shown(text: Texts, name: str, value: Any, zone: tzinfo) -> str:
    """Return the value in readable form, or unchanged if its type is unexpected, so that no alert is lost."""
    try:
        if name == "order_amount":
            return price(value)
        if name in _MOMENTS:
            return text.moment(value, zone)
    except (TypeError, ValueError, ArithmeticError):
        return str(value)
    key = f"{_WORDS.get(name, '')}-{value}"
    return text.html(key) if name in _WORDS and text.has(key) else str(value)
