"""Processes incoming texts as Telegram does: parses markup, trims space, finds links, checks limits."""

from __future__ import annotations

import html
import re
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.html_entities import Entity, parse_html, utf16_length
from sandbox.telegram.params import Params

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ENTITY_LIMIT = 100
SPACE = " \t\r\n\0\x0b"

FOUND = (
    (
        "url",
        re.compile(
            r"(?<![\w@.])(?:https?://[^\s<>\"]+|(?:[a-z0-9-]+\.)+(?:com|org|net|me|io|ua|dev)\b[^\s<>\"]*)",
            re.IGNORECASE,
        ),
    ),
    ("email", re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("mention", re.compile(r"(?<![\w@/.])@[A-Za-z]\w{3,31}\b")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{3,31})?(?![\w/])")),
    ("hashtag", re.compile(r"(?<![\w#&])#\w*[^\W\d]\w*")),
)
HTML_OF = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "tg-spoiler",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "expandable_blockquote": "blockquote",
}  # fmt: skip

FormattedText = tuple[str, list[Entity]]


def read_formatted(params: Params, name: str, entities_name: str) -> FormattedText:
    """Text (or caption) of a call with its entities. Raises ApiError 400 for bad markup."""
    source = params.text(name)
    mode = params.text("parse_mode")
    if mode and mode.lower() not in {"html", "none"}:
        raise bad_request("unsupported parse_mode")
    if mode.lower() == "html":
        text, entities = parse_html(source)
    else:
        text, entities = source, given_entities(params.json(entities_name))
    text, entities = trim(text.replace("\r", ""), entities)
    return text, entities + find_entities(text, entities)


def given_entities(value: Any) -> list[Entity]:
    """Entities a caller computed itself."""
    if value in (None, "", []):
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise bad_request("can't parse entities: Expected an Array of MessageEntity")
    return [{key: part for key, part in item.items() if part is not None} for item in value]


def trim(text: str, entities: list[Entity]) -> FormattedText:
    """The text without space at its ends, entities moved and cut to fit."""
    body = text.lstrip(SPACE)
    shift = utf16_length(text) - utf16_length(body)
    body = body.rstrip(SPACE)
    size = utf16_length(body)
    kept = []
    for entity in entities:
        begin = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, size)
        if end > begin:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return body, kept


def find_entities(text: str, taken: list[Entity]) -> list[Entity]:
    """Links, mentions, commands and hashtags Telegram marks by itself, outside code and links."""
    if not any(sign in text for sign in "./@#"):
        return []
    busy = [
        (item["offset"], item["offset"] + item["length"])
        for item in taken
        if item["type"] in {"code", "pre", "text_link"}
    ]
    found: list[Entity] = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            value = match.group().rstrip(".,:;!?)'»") if kind == "url" else match.group()
            begin = utf16_length(text[: match.start()])
            end = begin + utf16_length(value)
            if all(end <= left or begin >= right for left, right in busy):
                busy.append((begin, end))
                found.append({"type": kind, "offset": begin, "length": end - begin})
    return sorted(found, key=lambda entity: entity["offset"])


def message_text(params: Params) -> FormattedText:
    """A message's text within Telegram's limits. Raises ApiError 400."""
    if not params.text("text"):
        raise bad_request("message text is empty")
    text, entities = read_formatted(params, "text", "entities")
    if not text:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text, entities[:ENTITY_LIMIT]


def message_caption(params: Params) -> FormattedText:
    """A medium's caption within Telegram's limits; may be empty. Raises ApiError 400."""
    text, entities = read_formatted(params, "caption", "caption_entities")
    if utf16_length(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return text, entities[:ENTITY_LIMIT]


def render_html(text: str, entities: list[Entity]) -> str:
    """The text as escaped HTML with Telegram's tags: safe to show, handy to assert on."""
    units = text.encode("utf-16-le")
    marks: dict[int, list[tuple[int, int, str]]] = {}
    for rank, entity in enumerate(sorted(entities, key=lambda item: (item["offset"], -item["length"]))):
        opening, closing = html_tags(entity)
        if opening:
            begin, end = entity["offset"], entity["offset"] + entity["length"]
            marks.setdefault(begin, []).append((1, rank, opening))
            marks.setdefault(end, []).append((0, -rank, closing))
    out, last = [], 0
    for at in sorted(marks):
        out.append(html.escape(units[last * 2 : at * 2].decode("utf-16-le"), quote=False))
        out.extend(mark for _, _, mark in sorted(marks[at]))
        last = at
    out.append(html.escape(units[last * 2 :].decode("utf-16-le"), quote=False))
    return "".join(out)


def html_tags(entity: Entity) -> tuple[str, str]:
    """Start and end tag of an entity; two empty strings for kinds that need no tag."""
    kind = entity["type"]
    if kind == "text_link":
        return f'<a href="{html.escape(entity["url"])}">', "</a>"
    if kind == "pre" and entity.get("language"):
        return f'<pre><code class="language-{html.escape(entity["language"])}">', "</code></pre>"
    if kind == "custom_emoji":
        return f'<tg-emoji emoji-id="{html.escape(entity["custom_emoji_id"])}">', "</tg-emoji>"
    tag = HTML_OF.get(kind)
    return (f"<{tag}>", f"</{tag}>") if tag else ("", "")
