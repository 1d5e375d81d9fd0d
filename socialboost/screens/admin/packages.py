"""Screens where admins see and edit packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.screens.admin.panel import to_panel
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Texts, price, texts

ERRORS: Final = ("name", "price", "posts")
"""The fields whose new value may be invalid."""
_MOST: Final = 40


def every_package(rows: Sequence[Mapping[str, Any]], language: str) -> Screen:
    """List the packages, those on sale first."""
    text = texts(language)
    buttons = [(_entry(text, row),) for row in rows[:_MOST]]
    body = text.html("pricing" if buttons else "pricing-none")
    return Screen(body, (*buttons, to_panel(text), back(text)))


def any_package(row: Mapping[str, Any], language: str, *, changed: bool = False) -> Screen:
    """Show one package with its fields. `changed`: it has changed since it was shown, so nothing was done."""
    text = texts(language)
    package_id, on_sale = str(row["package_id"]), bool(row["is_active"])
    body = text.html(
        "pricing-package",
        package=row["name"],
        slug=row["slug"],
        price=price(row["price"], row["currency"]),
        count=int(row["posts_per_day"]),
        sale=text.html("pricing-on-sale" if on_sale else "pricing-off-sale"),
    )
    parts = (text.html("pricing-changed"), body) if changed else (body,)
    actions = ("off" if on_sale else "on", *callbacks.PACKAGE_FIELDS)
    rows = [
        (
            Button(
                text.label(f"button-pricing-{action}"),
                callbacks.with_seen(f"{callbacks.EDIT_PREFIX}{action}_{package_id}", row["seen"]),
                right="packages",
            ),
        )
        for action in actions
    ]
    return Screen("\n\n".join(parts), (*rows, _to_list(text), to_panel(text), back(text)))


def ask_value(row: Mapping[str, Any], field: str, language: str, *, refused: bool = False) -> Screen:
    """Ask for the new value of one of callbacks.PACKAGE_FIELDS. `refused`: the last value was invalid."""
    text = texts(language)
    parts = [text.html(f"pricing-refused-{field}")] if refused else []
    parts.append(text.html(f"pricing-ask-{field}", package=row["name"]))
    way_back = (Button(text.label("button-cancel"), callbacks.EDIT_PREFIX + str(row["package_id"])),)
    return Screen("\n\n".join(parts), (way_back, to_panel(text), back(text)))


def package_unknown(language: str) -> Screen:
    """Say that there is no such package."""
    text = texts(language)
    return Screen(text.html("pricing-unknown"), (_to_list(text), to_panel(text), back(text)))


def _entry(text: Texts, row: Mapping[str, Any]) -> Button:
    key = "button-pricing-live" if row["is_active"] else "button-pricing-resting"
    label = text.label(key, package=row["name"], price=price(row["price"], row["currency"]))
    return Button(label, callbacks.EDIT_PREFIX + str(row["package_id"]))


def _to_list(text: Texts) -> Row:
    return (Button(text.label("button-pricing-back"), callbacks.ADMIN_PACKAGES),)
