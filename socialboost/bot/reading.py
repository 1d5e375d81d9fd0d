"""Parses raw updates, also those with parts that aiogram cannot parse."""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.types import Update
from pydantic import ValidationError

from socialboost import logs

log = logs.get(__name__)


def read_update(raw: Any, bot: Bot) -> Update:
    """Return the update. Raises ValidationError if its sender or chat cannot be parsed.

    Telegram's Bot API grows. Parts of a message that this version does not know (a new kind of paid media, a
    new origin of a forward) are left out, so that the person still gets an answer.
    """
    context = {"bot": bot}
    try:
        return Update.model_validate(raw, context=context)
    except ValidationError as error:
        if not isinstance(raw, dict):
            raise
        unread = {place["loc"][:2] for place in error.errors() if place["loc"]}
        update = Update.model_validate(_without(raw, unread), context=context)
        names = sorted(".".join(str(part) for part in place) for place in unread)
        log.warning("update_partly_read", update_id=update.update_id, left_out=names)
        return update


def _without(raw: dict[str, Any], places: set[tuple[int | str, ...]]) -> dict[str, Any]:
    """Return a copy of the update without these fields and events."""
    kept: dict[str, Any] = dict(raw)
    for event, *field in sorted(places, key=len, reverse=True):
        inner = kept.get(str(event))
        if field and isinstance(inner, dict):
            kept[str(event)] = {name: value for name, value in inner.items() if name != field[0]}
        else:
            kept.pop(str(event), None)
    return kept
