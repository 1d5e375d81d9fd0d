"""Telegram's HTML parse mode: text with tags in, plain text with entities out.

Offsets and lengths count UTF-16 code units, as the Bot API does; positions in error words count bytes of
UTF-8. Rules and words follow the public Bot API server: only `&lt; &gt; &amp; &quot;` and numeric
references are decoded, any other `&` stays as typed; a lone `</>` closes the innermost tag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.errors import ApiError, bad_request

Entity = dict[str, Any]

SIMPLE_TAGS = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler",
}  # fmt: skip
TAGS = {*SIMPLE_TAGS, "a", "pre", "code", "blockquote", "tg-emoji"}
NAMED_REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|lt|gt|amp|quot);?")
NAME_SIGNS = ".-"
SPACE = " \t\r\n\0\x0b"
LINK = re.compile(
    r"^(?:(?:https?|ftp|tonsite|ton)://|tg:|mailto:|tel:)?[^\s]+\.[^\s]+$|^tg://\S+$", re.IGNORECASE
)
USER_LINK = re.compile(r"^tg://user/?\?id=(\d+)$")


def utf16_length(text: str) -> int:
    """Return how many UTF-16 code units the text takes."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


@dataclass
class OpenTag:
    """A start tag waiting for its end."""

    name: str
    argument: str
    offset: int
    text_position: int


class HtmlParser:
    """One pass over a marked-up text. Use `parse_html`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.out: list[str] = []
        self.offset = 0
        self.open: list[OpenTag] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        """Plain text and its entities in order of offset. Raises ApiError 400 `can't parse entities: ...`."""
        source = self.source
        while self.position < len(source):
            char = source[self.position]
            if char == "<":
                self._tag()
                continue
            if char == "&" and (decoded := self._reference()):
                self._emit(decoded)
                continue
            self._emit(char)
            self.position += 1
        if self.open:
            raise entities_error(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.out), self.entities

    def _emit(self, text: str) -> None:
        self.out.append(text)
        self.offset += utf16_length(text)

    def _reference(self) -> str:
        """The character a reference at the position stands for; "" when it is not one."""
        match = REFERENCE.match(self.source, self.position)
        if match is None:
            return ""
        name = match.group(1)
        if name.startswith("#"):
            code = int(f"0{name[1:]}", 0) if name[1] == "x" else int(name[1:])
            if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
                return ""
            decoded = chr(code)
        else:
            decoded = NAMED_REFERENCES[name]
        self.position = match.end()
        return decoded

    def _bytes_before(self, position: int) -> int:
        return len(self.source[:position].encode())

    def _skip(self, stop: str) -> str:
        """Text up to the first of `stop`, leaving the position on it (or at the end)."""
        begin = self.position
        while self.position < len(self.source) and self.source[self.position] not in stop:
            self.position += 1
        return self.source[begin : self.position]

    def _skip_space(self) -> None:
        while self.position < len(self.source) and self.source[self.position] in SPACE:
            self.position += 1

    def _peek(self) -> str:
        return self.source[self.position] if self.position < len(self.source) else ""

    def _tag(self) -> None:
        begin = self.position
        self.position += 1
        if self._peek() == "/":
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        at = self._bytes_before(begin)
        name = self._skip(SPACE + ">").lower()
        if not self._peek():
            raise entities_error(f"Unclosed start tag at byte offset {at}")
        if name not in TAGS:
            raise entities_error(f'Unsupported start tag "{name}" at byte offset {at}')
        argument = ""
        while self._peek() != ">":
            self._skip_space()
            if self._peek() == ">":
                break
            attribute, value = self._attribute(name, at)
            argument = tag_argument(name, attribute, value) or argument
        self.position += 1
        if name == "span" and argument != "spoiler":
            raise entities_error(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        self.open.append(OpenTag(name, argument, self.offset, len("".join(self.out)) if name == "a" else 0))

    def _attribute(self, tag: str, at: int) -> tuple[str, str]:
        name = self._skip(SPACE + "=>")
        if not name and self._peek():
            raise entities_error(f'Empty attribute name in the tag "{tag}" at byte offset {at}')
        self._skip_space()
        if self._peek() != "=":
            if not self._peek():
                raise entities_error(f"Unclosed start tag at byte offset {at}")
            return name, ""
        self.position += 1
        self._skip_space()
        value = self._quoted() if self._peek() in {"'", '"'} else self._name_token()
        if not self._peek():
            raise entities_error(f'Unclosed start tag "{tag}" at byte offset {at}')
        return name, value

    def _quoted(self) -> str:
        quote = self._peek()
        self.position += 1
        value: list[str] = []
        while self._peek() and self._peek() != quote:
            if self._peek() == "&" and (decoded := self._reference()):
                value.append(decoded)
                continue
            value.append(self._peek())
            self.position += 1
        self.position += 1
        return "".join(value)

    def _name_token(self) -> str:
        begin = self.position
        while (char := self._peek()) and (char in NAME_SIGNS or (char.isascii() and char.isalnum())):
            self.position += 1
        if (char := self._peek()) and char not in SPACE + ">":
            at = self._bytes_before(begin)
            raise entities_error(f"Unexpected end of name token at byte offset {at}")
        return self.source[begin : self.position].lower()

    def _end_tag(self, begin: int) -> None:
        at = self._bytes_before(begin)
        if not self.open:
            raise entities_error(f"Unexpected end tag at byte offset {at}")
        self.position += 1
        name = self._skip(SPACE + ">").lower()
        self._skip_space()
        if self._peek() != ">":
            raise entities_error(f"Unclosed end tag at byte offset {at}")
        self.position += 1
        opened = self.open.pop()
        if name and name != opened.name:
            raise entities_error(
                f'Unmatched end tag at byte offset {at}, expected "</{opened.name}>", found "</{name}>"'
            )
        if self.offset > opened.offset:
            self._close(opened)

    def _close(self, tag: OpenTag) -> None:
        span: Entity = {"offset": tag.offset, "length": self.offset - tag.offset}
        entity: Entity | None
        if tag.name == "a":
            entity = link_entity(tag.argument or "".join(self.out)[tag.text_position :])
        elif tag.name == "pre":
            entity = self._pre_entity(span)
        elif tag.name == "code":
            entity = {"type": "code"} | ({"language": tag.argument} if tag.argument else {})
        elif tag.name == "blockquote":
            entity = {"type": "expandable_blockquote" if tag.argument else "blockquote"}
        elif tag.name == "tg-emoji":
            if not tag.argument.isdigit():
                raise entities_error("Invalid custom emoji identifier specified")
            entity = {"type": "custom_emoji", "custom_emoji_id": tag.argument}
        else:
            entity = {"type": SIMPLE_TAGS[tag.name]}
        if entity is not None:
            self.entities.append({"type": entity.pop("type"), **span, **entity})

    def _pre_entity(self, span: Entity) -> Entity:
        """`<pre><code class="language-x">` is one entity that knows its language."""
        inner = self.entities[-1] if self.entities else {}
        if inner.get("type") == "code" and {key: inner[key] for key in span} == span:
            self.entities.pop()
            return {"type": "pre"} | ({"language": inner["language"]} if "language" in inner else {})
        return {"type": "pre"}


def tag_argument(tag: str, attribute: str, value: str) -> str:
    """Return what an attribute means for its tag; "" when Telegram ignores it."""
    if tag == "a" and attribute == "href":
        return value
    if tag == "code" and attribute == "class" and value.startswith("language-"):
        return value.removeprefix("language-")
    if tag == "span" and attribute == "class" and value.startswith("tg-"):
        return value.removeprefix("tg-")
    if tag == "tg-emoji" and attribute == "emoji-id":
        return value
    return "1" if tag == "blockquote" and attribute == "expandable" else ""


def link_entity(url: str) -> Entity | None:
    """The entity of a link; None for an address Telegram does not accept (the text stays, unlinked)."""
    if user := USER_LINK.match(url):
        person = {"id": int(user.group(1)), "is_bot": False, "first_name": ""}
        return {"type": "text_mention", "user": person}
    if not LINK.match(url) or url.lower().startswith("javascript:"):
        return None
    if not re.match(r"^[a-z]+:", url, re.IGNORECASE):
        url = f"http://{url}"
    scheme, _, rest = url.partition("://")
    return {
        "type": "text_link",
        "url": f"{scheme}://{rest}/" if rest and "/" not in rest and "?" not in rest else url,
    }


def entities_error(words: str) -> ApiError:
    """The 400 every markup mistake becomes."""
    return bad_request(f"can't parse entities: {words}")


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Plain text and entities of an HTML-marked text, not yet trimmed."""
    return HtmlParser(source).parse()
