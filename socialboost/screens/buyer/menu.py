"""Screens of the welcome, the main menu, the choice of language, and general errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.chat.languages import SHOP
from socialboost.screens.core import LABEL_CHARACTERS, Button, Row, Screen
from socialboost.screens.texts import Html, Texts, clean, decimal, price, texts

COMMANDS: Final = ("start", "help", "privacy", "paysupport")
ADMIN_COMMANDS: Final = ("admin", "stats", "broadcast", "debug")
WAITING: Final = 5
"""The largest number of waiting packages that are named."""


def menu_rows(text: Texts) -> tuple[Row, ...]:
    """Return the main menu's four buttons, exactly these and in this order."""
    return (
        (Button(text.label("button-packages"), callbacks.SELECT_PACKAGES),),
        (Button(text.label("button-add-post"), callbacks.ADD_POST),),
        (Button(text.label("button-stats"), callbacks.MY_STATS),),
        (Button(text.label("button-support"), callbacks.SUPPORT),),
    )


def back(text: Texts) -> Row:
    """Return the last row of every other screen, which leads back to the menu."""
    return (Button(text.label("button-menu"), callbacks.BACK_TO_MENU),)


def add_post_row(text: Texts) -> Row:
    """Return the row that starts adding a post."""
    return (Button(text.label("button-add-post"), callbacks.ADD_POST),)


def packages_row(text: Texts) -> Row:
    """Return the row that leads to the packages."""
    return (Button(text.label("button-packages"), callbacks.SELECT_PACKAGES),)


def package_block(text: Texts, key: str, package: Mapping[str, Any], zone: tzinfo) -> Html:
    """Return the lines about a running package: name, end, today's remaining posts, the next package."""
    running = text.html(
        key,
        package=package["name"],
        until=text.moment(package["expires_at"], zone),
        count=max(0, int(package["posts_remaining"])),
        limit=int(package["posts_per_day"]),
    )
    return Html("\n".join((running, *waiting_lines(text, package.get("waiting"), zone))))


def waiting_lines(text: Texts, waiting: Sequence[Mapping[str, Any]] | None, zone: tzinfo) -> list[Html]:
    """Return a line for each of the first packages after the running one (waiting_packages)."""
    lines = [waiting_line(text, one["name"], one["expires_at"], zone) for one in waiting or ()]
    return lines if len(lines) <= WAITING else [*lines[:WAITING], text.html("waiting-more")]


def waiting_line(text: Texts, name: str, until: datetime | str, zone: tzinfo) -> Html:
    """Return the line about one waiting package."""
    return text.html("waiting-package", package=name, until=text.moment(until, zone))


def balance_lines(text: Texts, stats: Mapping[str, Any]) -> list[Html]:
    """Return the line about the person's balance; none if it is 0."""
    balance = decimal(stats.get("balance") or 0)
    return [text.html("balance", balance=price(balance))] if balance > 0 else []


def welcome(stats: Mapping[str, Any] | None, language: str, zone: tzinfo) -> Screen:
    """Greet after /start. `stats` is get_user_stats' answer, None for a new person."""
    return _menu("welcome", stats, language, zone)


def menu(stats: Mapping[str, Any] | None, language: str, zone: tzinfo) -> Screen:
    """Show the main menu, with the running package if `stats` (get_user_stats) has one."""
    return _menu("menu", stats, language, zone)


def _menu(key: str, stats: Mapping[str, Any] | None, language: str, zone: tzinfo) -> Screen:
    text = texts(language)
    parts = [text.html(key)]
    if stats and stats.get("current_package"):
        parts.append(package_block(text, "menu-package", stats["current_package"], zone))
    parts += balance_lines(text, stats or {})
    return Screen("\n\n".join(parts), menu_rows(text))


def languages(language: str) -> Screen:
    """Offer the languages, each by its own name."""
    text = texts(language)
    choices = tuple(
        (Button(clean(one.name, limit=LABEL_CHARACTERS), callbacks.LANGUAGE_PREFIX + one.code),)
        for one in SHOP
    )
    return Screen(text.html("languages"), (*choices, back(text)))


def unknown(language: str) -> Screen:
    """Answer an unknown button or an unexpected text, with the menu's buttons."""
    text = texts(language)
    return Screen(text.html("unknown"), (*menu_rows(text), back(text)))


def start_first(language: str) -> Screen:
    """Ask a person who is not in the database to send /start."""
    text = texts(language)
    return Screen(text.html("start-first"), (back(text),))


def bot_commands(language: str) -> tuple[tuple[str, str], ...]:
    """Return (command, description) of what setMyCommands registers for everyone."""
    text = texts(language)
    return tuple((command, text.plain(f"command-{command}")) for command in COMMANDS)


def admin_commands(language: str) -> tuple[tuple[str, str], ...]:
    """Return what setMyCommands registers for an admin's own chat: their commands, then everyone's."""
    text = texts(language)
    own = tuple((command, text.plain(f"command-{command}")) for command in ADMIN_COMMANDS)
    return own + bot_commands(language)
