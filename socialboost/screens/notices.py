"""What admins are told: a heading for the kind of event, then its fields as they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

from socialboost.screens.core import TEXT_UNITS, Screen, visible_units
from socialboost.screens.menu import back
from socialboost.screens.texts import Html, Texts, digits, texts

KINDS: Final = (
    "order_paid",
    "payment_exception",
    "job_parked",
    "breaker_open",
    "credited_not_paid",
    "webhook_silent",
    "dead_letters",
    "invariant_broken",
    "daily_report",
)
FIELDS: Final = (
    "package_name",
    "amount",
    "asset",
    "username",
    "telegram_id",
    "order_id",
    "invoice_id",
    "payment_id",
    "reason",
    "is_late",
    "expires_at",
    "status",
    "actor",
    "key",
    "attempts",
    "failures",
    "error",
    "queue",
    "count",
    "day",
    "orders_paid",
    "by_webhook",
    "by_reconciler",
    "open_exceptions",
    "not_confirmed",
    "parked_jobs",
    "dead_letters",
)
"""Fields with a name of their own, in the order shown; others follow under the name they came with."""
LINE_UNITS: Final = 3500
"""Room for the lines in a message; what does not fit is cut, and the log has it all."""


def admin_notice(
    kind: str, data: Mapping[str, Any], language: str, zone: tzinfo = UTC, *, private: bool = True
) -> Screen:
    """Show an event to an admin (`private`, with the way back) or to the admins' channel.

    Values are shown as code, so that nothing in them becomes a link, a mention or a command. `amount` is
    money, `expires_at` a point in time shown by the shop's clock.
    """
    return admin_notices([(kind, data)], language, zone, private=private)


def admin_notices(
    events: Sequence[tuple[str, Mapping[str, Any]]],
    language: str,
    zone: tzinfo = UTC,
    *,
    private: bool = True,
) -> Screen:
    """Show several events, as `admin_notice` shows one; no more of them than `fitting` says."""
    text = texts(language)
    parts = [_event(text, kind, data, zone) for kind, data in events]
    return Screen("\n\n".join(parts), (back(text),) if private else (), lasting=True)


def fitting(events: Sequence[tuple[str, Mapping[str, Any]]], language: str, zone: tzinfo = UTC) -> int:
    """Say how many events, from the first on, go into one message: one at least."""
    text, units = texts(language), 0
    for count, (kind, data) in enumerate(events):
        units += visible_units(_event(text, kind, data, zone)) + 2
        if count and units > TEXT_UNITS:
            return count
    return len(events)


def _event(text: Texts, kind: str, data: Mapping[str, Any], zone: tzinfo) -> str:
    heading = text.html(f"notice-{kind}") if kind in KINDS else text.html("notice-other", kind=kind)
    known = [name for name in FIELDS if name in data]
    names = known + [name for name in data if name not in FIELDS]
    shown = [name for name in names if data[name] not in (None, "")]
    lines = _fitting(text, [_line(text, name, data[name], zone) for name in shown])
    return "\n\n".join([heading, "\n".join(lines)] if lines else [heading])


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
    """Return the value readable, or as it came if it is not what its name says: no alert is lost to that."""
    try:
        if name == "amount":
            return digits(value)
        if name == "expires_at":
            return text.moment(value, zone)
    except (TypeError, ValueError, ArithmeticError):
        return str(value)
    return str(value)
