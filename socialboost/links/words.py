"""Finds the web addresses in a message's text, without the punctuation around them.

Words are separated by blanks. A label in front («Пост:https://…»), Markdown's [text](address) and punctuation
around a word are dropped. links/addresses.py parses the address itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from socialboost.links.addresses import RefusedError, trim

MAX_TEXT: Final = 16_384
"""A message is 4096 characters at most; the links hidden in it come on top."""

_JOINTS = re.compile(r"\]\(|[,;|](?=https?://)", re.IGNORECASE)
"""Inside a word: Markdown's joint, and a list of links without blanks."""
_LABEL = re.compile(
    # in front of a scheme, and in front of a bare host
    r"(?:(?:link|url|post|\d{0,3}[^\x00-\x7f\u202d\u202e]+|\d{1,3}[.)])[:=>-]*(?=https?:|tg:)"
    r"|(?:link|url|post|[^\W\d_A-Za-z]+)[:=>–—-]+(?=[A-Za-z0-9][A-Za-z0-9-]*\.))",
    re.IGNORECASE,
)
_ENCODED_WHOLE = re.compile(r"(?:https?|tg)%3a", re.IGNORECASE)
_DOUBLE_SCHEME = re.compile(r"(?:https?://)+(?=https?://)", re.IGNORECASE)
_APP = re.compile(r"tg:(?!//)", re.IGNORECASE)
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;|#38;|#x26;)+", re.IGNORECASE)
_LINKISH = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9-]+(?::\d+)?[/?]", re.ASCII)


def only(text: str) -> str:
    """Return the one address of the text, or its one word; RefusedError for none and for several."""
    if len(text) > MAX_TEXT:
        raise RefusedError("too_long")
    found = list(dict.fromkeys(addresses(text)))
    if len(found) > 1:
        raise RefusedError("several_links")
    if found:
        return found[0]
    pieces = [piece for word in text.split() for piece in _pieces(word)]
    if not pieces:
        raise RefusedError("empty")
    if len(pieces) > 1:
        raise RefusedError("not_a_link")
    return pieces[0]


def addresses(text: str) -> Iterator[str]:
    """Yield the words that are meant as addresses in order, both valid and invalid ones."""
    words = text[: MAX_TEXT + 1].split()
    if len(text) > MAX_TEXT and words:
        words.pop()  # perhaps cut in two, and then it would be another post's link
    for word in words:
        for piece in _pieces(word):
            if "://" in piece[:-3] or _LINKISH.match(piece):
                yield piece


def _pieces(word: str) -> Iterator[str]:
    """Yield the parts of a word without what surrounds them; mostly it is one."""
    for part in _JOINTS.split(word):
        piece = trim(part)
        label = _LABEL.match(piece)
        if label is not None:
            piece = trim(piece[label.end() :])
        if _ENCODED_WHOLE.match(piece):
            piece = unquote(piece)
        piece = _DOUBLE_SCHEME.sub("", piece, count=1) if _DOUBLE_SCHEME.match(piece) else piece
        piece = _ESCAPED_AMPERSAND.sub("&", _APP.sub("tg://", piece, count=1) if _APP.match(piece) else piece)
        if piece:
            yield piece
