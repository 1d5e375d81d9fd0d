"""Cleans text from outside so that it can be stored and shown; every entry point calls it.

PostgreSQL's text cannot hold NUL, and UTF-8 has no unpaired surrogates, but JSON can carry both. They become
U+FFFD and are not dropped: so a button whose data was tampered with stays unknown, and Telegram's offsets in
a text stay right.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeVar

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"

T = TypeVar("T")


def is_clean(text: str) -> bool:
    """Return True if the text can be stored as it is."""
    return _UNSTORABLE.search(text) is None


def clean_text(text: str) -> str:
    """Return the text with U+FFFD in place of what cannot be stored."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def clean(value: T) -> T:
    """Return a JSON value with all its text cleaned. Objects and arrays are changed in place at any depth."""
    if isinstance(value, str):
        return clean_text(value)  # type: ignore[return-value]
    waiting: list[Any] = [value]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict):
            _clean_names(holder)
            places: Any = holder.items()
        elif isinstance(holder, list):
            places = enumerate(holder)
        else:
            continue
        for place, item in list(places):
            if isinstance(item, str):
                holder[place] = clean_text(item)
            elif isinstance(item, dict | list):
                waiting.append(item)
    return value


def loads(text: str | bytes) -> Any:
    """Parse JSON and clean all its text."""
    return clean(json.loads(text))


def _clean_names(holder: dict[str, Any]) -> None:
    for name in [name for name in holder if not is_clean(name)]:
        holder[clean_text(name)] = holder.pop(name)
