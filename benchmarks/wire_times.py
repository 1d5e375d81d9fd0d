"""Reads times from the Telegram stand-in's wire log: from a person's act to the bot's calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCREENS: Final = frozenset({"sendMessage", "editMessageText"})
SPINNER: Final = "answerCallbackQuery"


@dataclass(frozen=True)
class Answer:
    """One tap, milliseconds until the bot's calls reached Telegram."""

    screen_ms: float
    """Until the screen: editMessageText or sendMessage."""
    first_ms: float
    """Until the first call of any kind, which is what the person sees first."""


def records(path: Path, after: int = 0) -> Iterator[dict[str, Any]]:
    """Return the records with a higher `seq`; a half-written last line is left for another time."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                record: dict[str, Any] = json.loads(line)
                if record["seq"] > after:
                    yield record


def last_seq(path: Path) -> int:
    """Return the number of the newest record."""
    return max((record["seq"] for record in records(path)), default=0)


def answers(path: Path, after: int = 0) -> tuple[list[Answer], int]:
    """Return every tap's answer since `after`, and how many taps have none.

    A call belongs to the chat's open tap: a person's next tap comes well after the answer to the last.
    """
    created: dict[int, float] = {}
    spinner: dict[int, float] = {}
    found: list[Answer] = []
    missing = 0
    for record in records(path, after):
        chat = int(record.get("chat_id") or 0)
        if record["kind"] == "update_created" and record["update_type"] == "callback_query":
            missing += chat in created
            created[chat], spinner = record["mono_ms"], {k: v for k, v in spinner.items() if k != chat}
        elif record["kind"] == "call" and chat in created:
            if record["method"] == SPINNER:
                spinner[chat] = record["mono_ms"]
            elif record["method"] in SCREENS and record["status"] == 200:
                began = created.pop(chat)
                screen = record["mono_ms"] - began
                found.append(Answer(screen, min(screen, spinner.get(chat, record["mono_ms"]) - began)))
    return found, missing + len(created)
