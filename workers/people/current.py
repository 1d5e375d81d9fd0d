"""Looks up the person who tapped, and the language for the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from socialboost.jobs import Tap
from socialboost.screens import texts
from socialboost.screens.buyer import menu
from workers.engine import cache, resources
from workers.telegram import answers


@dataclass(frozen=True, slots=True)
class Person:
    """A registered person."""

    user_id: str
    telegram_id: int
    language: str
    """The language for the answer."""
    figures: Mapping[str, Any]
    """get_user_stats' answer."""


def known(tap: Tap, *, fresh: bool = False) -> Person | None:
    """Return the person. If they are unknown, ask them to send /start and return None.

    The figures may come from the cache, which is good enough for a screen. With `fresh` they come from the
    database, for a decision. After a restore a person with old buttons can be unknown.
    """
    row = find(tap, fresh=fresh)
    if row is None:
        answers.reply(tap, menu.start_first(language(tap, None)))
        return None
    return Person(row["user_id"], tap.telegram_id, language(tap, row), row["figures"])


def find(tap: Tap, *, fresh: bool = False) -> Mapping[str, Any] | None:
    """Return the person's row (user_id, language, language_chosen, figures), or None."""

    def load() -> str | None:
        text: str | None = resources.db().value("get_person", telegram_id=tap.telegram_id)
        return text

    text = load() if fresh else cache.read_through(cache.user_key(tap.telegram_id), load, _lifetime)
    return None if text is None else _read(text)


def language(tap: Tap, row: Mapping[str, Any] | None) -> str:
    """Return the language the person chose; until then the one Telegram reports with each tap."""
    if row is None:
        return texts.language(tap.language)
    if row["language_chosen"]:
        return texts.language(row["language"])
    return texts.language(tap.language or row["language"])


def _read(text: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return row


def _lifetime(text: str) -> int:
    """Return for how many seconds the figures stay correct: until the local day or the package ends."""
    now = datetime.now(UTC)
    local = now.astimezone(resources.settings().timezone)
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
    ends = [midnight.astimezone(UTC), now + timedelta(seconds=resources.settings().cache_ttl)]
    package = _read(text)["figures"]["current_package"]
    if package is not None:
        ends.append(datetime.fromisoformat(package["expires_at"]))
    return int((min(ends) - now).total_seconds())
