"""What admins are told: a heading for the kind of event, then its fields as they came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from socialboost.screens.core import Screen
from socialboost.screens.menu import back
from socialboost.screens.texts import Html, Texts, texts

KINDS: Final = ("order_paid", "payment_exception", "job_parked", "breaker_open")
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
)
"""Fields with a name of their own, in the order shown; others follow under the name they came with."""
LINES: Final = 20


def admin_notice(kind: str, data: Mapping[str, Any], language: str, *, private: bool = True) -> Screen:
    """Show an event to an admin (`private`, with the way back) or to the admins' channel.

    Values are shown as code, so that nothing in them becomes a link, a mention or a command.
    """
    text = texts(language)
    heading = text.html(f"notice-{kind}") if kind in KINDS else text.html("notice-other", kind=kind)
    known = [name for name in FIELDS if name in data]
    names = known + [name for name in data if name not in FIELDS]
    lines = [_line(text, name, data[name]) for name in names if data[name] not in (None, "")]
    if len(lines) > LINES:
        lines = [*lines[:LINES], text.html("notice-more")]
    parts = [heading, "\n".join(lines)] if lines else [heading]
    return Screen("\n\n".join(parts), (back(text),) if private else (), lasting=True)


def _line(text: Texts, name: str, value: Any) -> Html:
    label = text.html(f"field-{name}") if name in FIELDS else name
    return text.html("notice-line", label=label, value=str(value))
