"""Who tapped: the person as the database knows them, and the language to answer in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socialboost.jobs import Tap
from socialboost.screens import menu, texts
from workers import replies, runtime


@dataclass(frozen=True, slots=True)
class Person:
    """A registered person."""

    user_id: str
    telegram_id: int
    language: str
    """The one to answer in."""


def known(tap: Tap) -> Person | None:
    """Return the person, or answer that /start comes first and return None.

    The database does not know somebody whose old buttons outlived a restored backup.
    """
    row = find(tap)
    if row is None:
        replies.reply(tap, menu.start_first(language(tap, None)))
        return None
    return Person(row["user_id"], tap.telegram_id, language(tap, row))


def find(tap: Tap) -> Mapping[str, Any] | None:
    """Return the person's row, or None."""
    return runtime.db().one("get_user", telegram_id=tap.telegram_id)


def language(tap: Tap, row: Mapping[str, Any] | None) -> str:
    """Return the language the person chose; until then the one Telegram reports with each tap."""
    if row is None:
        return texts.language(tap.language)
    if row["language_chosen"]:
        return texts.language(row["language"])
    return texts.language(tap.language or row["language"])


def figures(person: Person) -> dict[str, Any]:
    """Return get_user_stats' object."""
    found: dict[str, Any] = runtime.db().value("get_user_stats", telegram_id=person.telegram_id)
    return found
