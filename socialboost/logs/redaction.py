"""Removes secrets from log lines: known secret values, and anything that looks like one.

The log passes every line through `clean`; code that stores text of foreign origin (an error in the ledger)
may use it too.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

MASK: Final = "***"

_SHORTEST_KNOWN_SECRET: Final = 8
"""Shorter values (a password `postgres`) would also mask ordinary words; the URL pattern covers those."""

_SHORTEST_PIECE: Final = 12
"""Of a web hook's path or query; `services` and its like are ordinary words."""

_PATTERNS: Final = (
    r"(?<=bot)\d{3,}:[A-Za-z0-9_-]{8,}",  # the path of every Bot API call
    r"\b\d{4,}:[A-Za-z0-9_-]{20,}",  # a bare Telegram or Crypto Pay token
    r"(?<=://)[^\s\"\\/@]*:[^\s\"\\/@]*(?=@)",  # user and password of a URL
    r"(?<=[Bb]earer )[^\s\"\\,]+",
    r"(?<=password=)[^\s\"\\&]+",  # of a connection string
)
_SECRET_FIELD: Final = re.compile(
    r"(^|_)(token|secret|password|passwd|api_?key|dsn|signature|authorization|cookie|raw_event)s?$",
    re.IGNORECASE,
)

_SECRET_PAIR: Final = re.compile(r"(?:ssl)?password=|passfile=", re.IGNORECASE)

_SUSPICIOUS: Final = ("://", "earer ", "password=")
_SUSPICIOUS_NUMBER: Final = re.compile(r"\d{3}:[A-Za-z0-9_-]{8}")
"""Every match of _PATTERNS contains one of these. A line without any of them is not searched further.

One search for each costs a third of one pattern with all of them.
"""

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
"""Types that hold no mapping. Most values have one of them, and `isinstance` with Mapping takes longer."""

_lock = threading.Lock()
_known: tuple[str, ...] = ()
_marks: tuple[str, ...] = _SUSPICIOUS
"""One of these is in every line with a known secret, and in all that the patterns below the second match."""
_pattern = re.compile("|".join(_PATTERNS))


def hide(secrets: Iterable[str]) -> None:
    """Mask these values wherever they appear from now on; of a URL, its password and a web hook's path."""
    global _known, _marks, _pattern  # noqa: PLW0603 (one of each per process, made anew when a secret becomes known)
    with _lock:
        known = set(_known)
        for value in itertools.chain.from_iterable(map(_parts_to_hide, secrets)):
            if len(value) >= _SHORTEST_KNOWN_SECRET:
                known.update((value, quote(value, safe=""), unquote(value)))
        longest_first = sorted(known, key=len, reverse=True)
        _pattern = re.compile("|".join((*map(re.escape, longest_first), *_PATTERNS)))
        _known = tuple(longest_first)
        shortest_first = reversed(longest_first)
        marks: list[str] = list(_SUSPICIOUS)
        marks += [value for value in shortest_first if not any(mark in value for mark in marks)]
        _marks = tuple(marks)


def _parts_to_hide(secret: str) -> list[str]:
    """Return the secret parts of a setting: an address's passwords, and a web hook's path and query.

    Also their longer pieces, since a library may show one of them without the rest.
    """
    if "://" not in secret:
        return [secret]
    parts = urlsplit(secret)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    found = [parts.password or "", parts.query if _SECRET_PAIR.search(parts.query) else ""]
    found += [value for name, value in pairs if _SECRET_PAIR.match(name + "=")]
    if parts.scheme in {"http", "https"}:
        pieces = [*parts.path.split("/"), *(value for _, value in pairs)]
        found += [parts.path, parts.query, *(piece for piece in pieces if len(piece) >= _SHORTEST_PIECE)]
    return found


def clean(text: str) -> str:
    """Return `text` with every secret masked. JSON stays JSON: no pattern crosses a quote."""
    for mark in _marks:
        if mark in text:
            return _pattern.sub(MASK, text)
    return _pattern.sub(MASK, text) if _SUSPICIOUS_NUMBER.search(text) else text


@lru_cache(maxsize=512)
def _is_secret(name: str) -> bool:
    return _SECRET_FIELD.search(name) is not None


def clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Mask the values of fields whose name says that they are secret, also inside nested mappings."""
    return {
        name: MASK
        if _is_secret(name) and value
        else value
        if type(value) in _PLAIN
        else clean_fields(value)
        if isinstance(value, Mapping)
        else value
        for name, value in fields.items()
    }
