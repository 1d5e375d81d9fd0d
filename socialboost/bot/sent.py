"""Extracts from a message the text in which links are searched."""

from __future__ import annotations

from typing import Final

from aiogram.enums import MessageEntityType
from aiogram.types import Message, MessageEntity, MessageOriginChannel

LONGEST: Final = 4096
"""Telegram's own limit for a message."""
_UNIT_BYTES: Final = 2
"""Bytes of a UTF-16 unit, in which Telegram counts a text."""


def text_of(message: Message) -> str:
    """Return the message's text or caption. An address hidden behind words replaces those words.

    A message forwarded from a public channel is itself a post: its link is returned and its text ignored. A
    picture or a voice message without a caption gives an empty text.
    """
    post = forwarded_post(message)
    if post is not None:
        return post
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities or []
    whole = _with_hidden(text, entities)
    return whole if len(whole) <= LONGEST else _addresses(text, entities)[:LONGEST] or text[:LONGEST]


def forwarded_post(message: Message) -> str | None:
    """Return the link of the public post or story that the message was forwarded from."""
    if message.story is not None and message.story.chat.username:
        return f"https://t.me/{message.story.chat.username}/s/{message.story.id}"
    origin = message.forward_origin
    if isinstance(origin, MessageOriginChannel) and origin.chat.username:
        return f"https://t.me/{origin.chat.username}/{origin.message_id}"
    return None


def _with_hidden(text: str, entities: list[MessageEntity]) -> str:
    units, parts, at = text.encode("utf-16-le"), list[bytes](), 0
    for entity in sorted(entities, key=lambda entity: entity.offset):
        begin = entity.offset * _UNIT_BYTES
        if entity.type == MessageEntityType.TEXT_LINK and entity.url and begin >= at:
            parts += [units[at:begin], f" {entity.url} ".encode("utf-16-le")]
            at = begin + entity.length * _UNIT_BYTES
    return b"".join([*parts, units[at:]]).decode("utf-16-le", errors="replace")


def _addresses(text: str, entities: list[MessageEntity]) -> str:
    """Return only the addresses that Telegram found, because the whole text would be too long."""
    found = []
    for entity in sorted(entities, key=lambda entity: entity.offset):
        if entity.type == MessageEntityType.URL:
            found.append(entity.extract_from(text))
        elif entity.type == MessageEntityType.TEXT_LINK and entity.url:
            found.append(entity.url)
    return "\n".join(found)
