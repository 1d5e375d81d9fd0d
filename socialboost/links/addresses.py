"""Parses one web address. It refuses every trick that an address can have, and accepts damage from copying.

It knows no hosts (socialboost/links does) and makes no requests. The scheme and the host are never repaired.
The parts behind the host are decoded, because each of them must then completely match a strict pattern
(links/networks.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from socialboost.kinds import LinkCode

MAX_LENGTH: Final = 2048


class RefusedError(Exception):
    """A refused link. Its code becomes that of a links.LinkError."""

    def __init__(self, code: LinkCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    scheme: str
    host: str
    path: tuple[str, ...]
    """Path segments, decoded, without empty ones."""
    query: str

    def parameter(self, name: str) -> str:
        """Return a query parameter, decoded; empty if it is missing or has different values.

        The text after an encoded & or ? belongs to another parameter. Encoded parameters count only if none
        of this name is unencoded: the address of another page in a parameter must not hide the post.
        """
        for query in (self.query, _decoded(self.query).replace("?", "&")):
            values = {
                _trim_end(_NEXT_PARAMETER.split(_decoded(value), maxsplit=1)[0])
                for key, _, value in (pair.partition("=") for pair in query.split("&"))
                if key == name
            }
            if values:
                return values.pop() if len(values) == 1 else ""
        return ""


_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<authority>[^/?#]+)"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?"
)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!//|\d+(?:[/?#]|$))")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
_NUMERIC_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?")
_NEXT_PARAMETER = re.compile(r"[&?#]")
_MOST_DECODINGS: Final = 2  # an address inside an address is encoded twice
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_DEFAULT_PORTS: Final[Mapping[str, frozenset[str]]] = {
    "https": frozenset({"443"}),
    "http": frozenset({"80"}),
    "": frozenset({"80", "443"}),
}

_OVERRIDES: Final = frozenset("\u202d\u202e")
"""Characters that show a link's letters in another order. They are refused, never dropped."""
_FRAME_CATEGORIES: Final = frozenset({"Cf", "Mn", "Me", "Ps", "Pe", "Pi", "Pf", "Po", "Pd", "Sk", "So"})
_PART_OF_A_LINK: Final = frozenset("/\\@#%&=+_$^")
_MAY_END_A_LINK: Final = _PART_OF_A_LINK | {"-"}


def trim(text: str) -> str:
    """Drop invisible characters, brackets, quotes, stops and emoji that people put around a link."""
    start = 0
    while start < len(text) and _is_frame(text[start], _PART_OF_A_LINK):
        start += 1
    return _trim_end(text[start:])


def _trim_end(text: str) -> str:
    """Only the end: an id may begin with a dash."""
    end = len(text)
    while end > 0 and _is_frame(text[end - 1], _MAY_END_A_LINK):
        end -= 1
    return text[:end]


def _is_frame(character: str, kept: frozenset[str]) -> bool:
    if character in kept or character in _OVERRIDES:
        return False
    if character.isascii():
        return character.isspace() or (character.isprintable() and not character.isalnum())
    return character.isspace() or unicodedata.category(character) in _FRAME_CATEGORIES


def read(word: str) -> Address:
    """Split a word into the parts of an address. Raises RefusedError for anything unusual in a link."""
    if len(word) > MAX_LENGTH:
        raise RefusedError("too_long")
    if "\\" in word or any(unicodedata.category(character) in _INVISIBLE for character in word):
        raise RefusedError("bad_characters")
    if word.partition("?")[0].count("://") > 1:
        raise RefusedError("several_links")
    if _OTHER_SCHEME.match(word):
        raise RefusedError("bad_scheme")
    match = _PARTS.fullmatch(word)
    if match is None or (match["scheme"] is None and match["authority"].endswith(":")):
        raise RefusedError("not_a_link")  # the second is a scheme without a host, as in https:///
    scheme = (match["scheme"] or "").lower()
    if scheme not in ("", "http", "https", "tg"):
        raise RefusedError("bad_scheme")
    authority = match["authority"].lower()
    bare = not scheme and match["path"] is None
    host = authority if scheme == "tg" else _host(authority, scheme, bare=bare)
    path, query, fragment = match["path"] or "", match["query"] or "", match["fragment"] or ""
    if not path.strip("/") and fragment.startswith(("!/", "/")):  # the page's own script reads the path there
        path, _, query = fragment.partition("?")
        path = path.removeprefix("!")
    return Address(scheme, host, *_behind_the_host(path, query))


def _behind_the_host(path: str, query: str) -> tuple[tuple[str, ...], str]:
    """Return path segments and query; a query that was encoded, or begun by &, is split off the path."""
    *segments, last = path.split("/")
    while not last and segments:
        last = segments.pop()
    last, mark, rest = _partition(_decoded(last))
    if mark:
        query = f"{rest}&{query}" if query else rest
    decoded = [*(_decoded(segment) for segment in segments), _trim_end(last)]
    return tuple(segment for segment in decoded if segment), query


def _partition(segment: str) -> tuple[str, str, str]:
    match = _NEXT_PARAMETER.search(segment)
    if match is None:
        return segment, "", ""
    return segment[: match.start()], match[0], segment[match.end() :]


def _decoded(text: str) -> str:
    for _ in range(_MOST_DECODINGS):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def _host(authority: str, scheme: str, *, bare: bool) -> str:
    """Return the host. Raises RefusedError for anything that hides where a link really leads.

    `bare`: it has no scheme and no path, so an unusual host is probably an ordinary word.
    """
    if "@" in authority:
        raise RefusedError("userinfo" if "." in authority else "not_a_link")
    host, colon, port = authority.partition(":")
    if authority.startswith("[") or (_NUMERIC_HOST.fullmatch(host) and not bare):
        raise RefusedError("ip_host")
    if not host.isascii() or any(label.startswith("xn--") for label in host.split(".")):
        raise RefusedError("not_a_link" if bare else "look_alike")
    if colon and port not in _DEFAULT_PORTS[scheme]:
        raise RefusedError("port")
    if not _HOST.fullmatch(host):
        raise RefusedError("not_a_link" if bare else "wrong_host")
    return host
