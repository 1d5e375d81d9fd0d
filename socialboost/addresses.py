"""Read one web address out of what a person typed, refusing every trick an address can carry.

Written for socialboost/links.py, which knows whose host it is. No host list, no network, no decoding: what
is not plain ASCII in its plain place is refused with a code rather than repaired.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 2048


class RefusedError(Exception):
    """Why a link is refused: the code of a links.LinkError, which carries it further."""


@dataclass(frozen=True, slots=True)
class Address:
    scheme: str
    host: str
    path: tuple[str, ...]
    """Path segments, without the one empty segment of a closing slash."""
    query: str

    def parameter(self, name: str) -> str:
        """Return a query parameter as written; empty when it is missing or given twice."""
        values = [
            value for key, _, value in (pair.partition("=") for pair in self.query.split("&")) if key == name
        ]
        return values[0] if len(values) == 1 else ""


_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<authority>[^/?#]+)"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?"
)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!//|\d+(?:[/?#]|$))")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
_NUMERIC_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?")
_LINKISH = re.compile(r"://|^[\w-]+(?:\.[\w-]+)+/", re.ASCII)
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_DEFAULT_PORTS: Final[Mapping[str, frozenset[str]]] = {
    "https": frozenset({"443"}),
    "http": frozenset({"80"}),
    "": frozenset({"80", "443"}),
}


def read(text: str) -> Address:
    """Split the text into the parts of an address; RefusedError for everything a plain link does not have."""
    if len(text) > MAX_LENGTH:
        raise RefusedError("too_long")
    line = text.strip()
    _one_plain_word(line)
    if _OTHER_SCHEME.match(line):
        raise RefusedError("bad_scheme")
    match = _PARTS.fullmatch(line)
    if match is None or (match["scheme"] is None and match["authority"].endswith(":")):
        raise RefusedError("not_a_link")  # the second is a scheme without a host, as in https:///
    scheme = (match["scheme"] or "").lower()
    if scheme not in ("", "http", "https", "tg"):
        raise RefusedError("bad_scheme")
    authority = match["authority"].lower()
    bare = not scheme and match["path"] is None
    host = authority if scheme == "tg" else _host(authority, scheme, bare=bare)
    segments = (match["path"] or "/")[1:].split("/")
    if segments[-1] == "":
        segments.pop()
    return Address(scheme, host, tuple(segments), match["query"] or "")


def _one_plain_word(line: str) -> None:
    """Refuse more than one word, and characters that make a link look like another one."""
    if not line:
        raise RefusedError("empty")
    words = line.split()
    if len(words) > 1:
        count = sum(1 for word in words if _LINKISH.search(word))
        raise RefusedError("several_links" if count > 1 else "extra_text" if count else "not_a_link")
    if "\\" in line or any(unicodedata.category(character) in _INVISIBLE for character in line):
        raise RefusedError("bad_characters")
    if line.partition("?")[0].count("://") > 1:
        raise RefusedError("several_links")


def _host(authority: str, scheme: str, *, bare: bool) -> str:
    """Return the host alone, refusing what hides or changes where a link really leads.

    `bare`: no scheme and no path came with it, so an odd one is rather a word than a host.
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
