"""The packages on sale and the terms of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, decimal, paragraph, price, texts

MEDALS: Final = frozenset({"starter", "professional", "enterprise"})
"""Categories with their own heading and medal. Others get the common ones."""
SHOWN: Final = 45
"""Each package needs at most two buttons of the hundred in a keyboard."""

_RANGES: Final = ("views", "reactions", "comments", "reposts")


def packages(available: Sequence[Mapping[str, Any]], language: str) -> Screen:
    """List the packages under their categories' headings, in the order given (get_available_packages)."""
    text = texts(language)
    if not available:
        return Screen(text.html("packages-none"), (back(text),))
    rows: list[Row] = []
    for category, members in _by_category(available[:SHOWN]).items():
        rows.append((Button(_heading(text, category), callbacks.NOOP),))
        rows.extend(_package_row(text, category, package) for package in members)
    return Screen(text.html("packages"), (*rows, back(text)))


def _by_category(available: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for package in available:
        grouped.setdefault((package.get("category") or "").strip().lower(), []).append(package)
    return grouped


def _heading(text: Texts, category: str) -> str:
    if category in MEDALS:
        return text.label(f"category-{category}")
    return (
        text.label("category-other", category=category.upper()) if category else text.label("category-none")
    )


def _package_row(text: Texts, category: str, package: Mapping[str, Any]) -> Row:
    label = text.label(
        f"button-package-{category if category in MEDALS else 'other'}",
        package=package["name"],
        price=price(package["price"], package["currency"]),
    )
    return (Button(label, callbacks.PACKAGE_PREFIX + package["slug"]),)


def package(item: Mapping[str, Any], language: str, current: Mapping[str, Any] | None = None) -> Screen:
    """Show one package's terms.

    `item` is get_package's row, `current` the running package (get_user_stats' current_package): the buyer
    is told how buying this one affects it.
    """
    text = texts(language)
    cost = price(item["price"], item["currency"])
    parts = [
        text.html("package", package=item["name"], price=cost, count=int(item["posts_per_day"])),
        paragraph(item.get("description") or ""),
        _ranges(text, item),
        _what_happens_to(text, current, item),
    ]
    keyboard = (
        (Button(text.label("button-order", price=cost), callbacks.CONFIRM_PREFIX + item["slug"]),),
        (Button(text.label("button-packages-back"), callbacks.SELECT_PACKAGES),),
        back(text),
    )
    return Screen("\n\n".join(part for part in parts if part), keyboard)


def _ranges(text: Texts, item: Mapping[str, Any]) -> str:
    lines = [
        text.html(f"package-{name}", range=item[f"{name}_range"])
        for name in _RANGES
        if item.get(f"{name}_range")
    ]
    return "\n".join([text.html("package-ranges"), *lines]) if lines else ""


def _what_happens_to(text: Texts, current: Mapping[str, Any] | None, item: Mapping[str, Any]) -> str:
    if not current:
        return ""
    if current["slug"] == item["slug"]:
        return text.html("package-extends")
    switches = text.html("package-switches", package=current["name"])
    return "\n".join((switches, *what_is_smaller(text, item, current)))


def what_is_smaller(text: Texts, new: Mapping[str, Any], running: Mapping[str, Any]) -> list[Html]:
    """Return a line for each term in which a package is smaller than the running one.

    `new` has price, currency and posts_per_day; `running` is get_user_stats' current_package.
    """
    lines = []
    posts = int(new["posts_per_day"]), int(running["posts_per_day"])
    if posts[0] < posts[1]:
        lines.append(text.html("smaller-posts", new=posts[0], now=posts[1]))
    same_money = running.get("price") is not None and new["currency"] == running["currency"]
    if same_money and decimal(new["price"]) < decimal(running["price"]):
        currency = new["currency"]
        sums = price(new["price"], currency), price(running["price"], currency)
        lines.append(text.html("smaller-price", new=sums[0], now=sums[1]))
    return lines


def package_gone(language: str) -> Screen:
    """Say that the package is no longer sold."""
    text = texts(language)
    return Screen(
        text.html("package-gone"),
        ((Button(text.label("button-packages-back"), callbacks.SELECT_PACKAGES),), back(text)),
    )
