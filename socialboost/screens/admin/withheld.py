"""Screens where admins decide about messages that may have been sent before a restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.screens.admin.panel import to_panel, turn
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.notices import fields
from socialboost.screens.texts import Texts, clean, texts

ENTRIES: Final = 10
"""Messages on a page of the list."""
ACTORS: Final = (
    *("send_receipt", "send_payment_notice", "send_decision_notice"),
    *("notify_post", "notify_admins", "send_admin_notice"),
)
"""The actors whose message has a name in the texts."""
_FIELDS: Final = (
    *("package_name", "order_amount", "order_status", "username", "telegram_id", "order_id"),
    *("paid_at", "url", "kind", "created_at"),
)


def withheld(
    entries: Sequence[Mapping[str, Any]], count: int, page: int, language: str, *, said: str = ""
) -> Screen:
    """Show a page of them below the outcome of a decision (`said`, one of WITHHELD_OUTCOMES).

    One row more than ENTRIES means that there is another page.
    """
    text = texts(language)
    heading = text.html("withheld", count=count) if count else text.html("withheld-none")
    parts = [text.html(f"withheld-{said}"), heading] if said else [heading]
    rows: list[Row] = [_entry(text, entry) for entry in entries[:ENTRIES]]
    rows += turn(text, callbacks.ADMIN_WITHHELD_PREFIX, page, has_more=len(entries) > ENTRIES)
    if count:
        rows += [_ask(text, action, callbacks.EVERYTHING, count) for action in callbacks.WITHHELD_ACTIONS]
    return Screen("\n\n".join(parts), (*rows, to_panel(text), back(text)))


def message(row: Mapping[str, Any], language: str, zone: tzinfo) -> Screen:
    """Show one of them (get_withheld_message) and the two ways to settle it."""
    text = texts(language)
    shown = {name: row[name] for name in _FIELDS if row.get(name)}
    parts = (text.html("withheld-message", what=_what(text, row)), fields(text, shown, zone))
    rows = [_ask(text, action, str(row["ref"]), 1) for action in callbacks.WITHHELD_ACTIONS]
    return Screen(
        "\n\n".join(part for part in parts if part), (*rows, _to_list(text), to_panel(text), back(text))
    )


def sure(action: str, ref: str, count: int, seen: str, language: str) -> Screen:
    """Ask for a confirmation to send or discard that many of them, in the state that was shown."""
    text = texts(language)
    yes = Button(
        text.label(f"button-withheld-sure-{action}", count=count), callbacks.withheld(action, ref, seen)
    )
    whole = ref == callbacks.EVERYTHING
    back_to = f"{callbacks.ADMIN_WITHHELD_PREFIX}0" if whole else callbacks.WITHHELD_PREFIX + ref
    no = Button(text.label("button-sure-no"), back_to)
    return Screen(
        text.html(f"withheld-sure-{action}", count=count), ((yes,), (no,), to_panel(text), back(text))
    )


def _entry(text: Texts, entry: Mapping[str, Any]) -> Row:
    about = [
        _what(text, entry),
        str(entry["telegram_id"] or ""),
        clean(str(entry["package_name"] or ""), limit=24),
    ]
    label = " · ".join(part for part in about if part)
    return (
        Button(text.label("button-withheld", about=label), callbacks.WITHHELD_PREFIX + str(entry["ref"])),
    )


def _what(text: Texts, row: Mapping[str, Any]) -> str:
    actor = str(row["actor"])
    return text.plain(f"withheld-{actor}") if actor in ACTORS else actor


def _ask(text: Texts, action: str, ref: str, count: int) -> Row:
    key = f"button-withheld-{action}" + ("-all" if ref == callbacks.EVERYTHING else "")
    return (Button(text.label(key, count=count), callbacks.withheld(action, ref), right="withheld"),)


def _to_list(text: Texts) -> Row:
    return (Button(text.label("button-withheld-back"), f"{callbacks.ADMIN_WITHHELD_PREFIX}0"),)
