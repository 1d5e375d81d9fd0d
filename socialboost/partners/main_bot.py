"""Parses Main Bot's answers to a push or a poll, and its reports to our API, in one way.

Web and the workers' client import it, so it needs only the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from socialboost.cleaning import clean, clean_text
from socialboost.kinds import REPORTED_STATUSES, ReportedStatus

MAX_EXTERNAL_ID: Final = 100
MAX_REASON: Final = 300

_SPELLINGS: Final = {"canceled": "cancelled"}
_FIGURES: Final = ("views_added", "reactions_added", "comments_added", "reposts_added")
_LARGEST_FIGURE: Final = 10**15
_LARGEST_NUMBER: Final = 10**30
_REASONS: Final = ("message", "reason", "detail", "description", "error", "code", "name")
"""The fields with the reason of a failure, the most readable first."""
_ADDRESSES: Final = frozenset({"path", "url", "uri", "instance", "href"})
"""Fields that only repeat what was called: a framework's own 404 names our task's path there."""


def external_id(value: Any) -> str | None:
    """Return Main Bot's own id of a task: a number or text; None for anything else.

    An id too long to be stored completely cannot be compared, so it gives None.
    """
    number = _whole(value) if not isinstance(value, str) else None
    text = str(number) if number is not None else clean_text(value).strip() if isinstance(value, str) else ""
    return text if 0 < len(text) <= MAX_EXTERNAL_ID else None


def status(value: Any) -> ReportedStatus | None:
    """Return our name of a status (one of REPORTED_STATUSES), None for an unknown one."""
    if not isinstance(value, str):
        return None
    word = _SPELLINGS.get(value, value)
    return next((known for known in REPORTED_STATUSES if known == word), None)


def reason(value: Any) -> str:
    """Return an error's readable text, from text or an object such as {"code", "message"}; else ""."""
    if isinstance(value, Mapping):
        return next((words for name in _REASONS if (words := reason(value.get(name)))), "")
    if isinstance(value, list):
        return next((words for item in value if (words := reason(item))), "")
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | float):
        return ""
    return clean_text(str(value)).strip()[:MAX_REASON]


def response_data(value: Any) -> dict[str, Any]:
    """Return the data of a task's end: whole numbers, the error's text, the rest unchanged.

    Parsing the result again changes nothing.
    """
    if not isinstance(value, Mapping):
        return {}
    read = {name: _figure(item) if name in _FIGURES else item for name, item in value.items()}
    for name in ("error", "reason"):
        if name in read and not isinstance(read[name], str):
            words = reason(read.pop(name))
            if words:
                read[name] = words
    return clean(read)


def says_no(body: Mapping[str, Any]) -> bool:
    """Return True if the body says that it is not a success."""
    denied = any(body.get(name) in (False, "false") for name in ("success", "ok"))
    return denied or bool(body.get("error"))


def says_yes(body: Mapping[str, Any]) -> bool:
    """Return True if the body says explicitly that the task was accepted."""
    return body.get("success") is True or external_id(body.get("external_task_id")) is not None


def names(body: Any, task_id: str) -> bool:
    """Return True if the body names this task's id, other than in the URL that was called."""
    return any(task_id.lower() in text.lower() for text in _texts(body))


def about_another(body: Mapping[str, Any], task_id: str) -> bool:
    """Return True if the body says that it is about another task."""
    named = body.get("task_id")
    return named is not None and str(named).lower() != task_id.lower()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name not in _ADDRESSES:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _figure(value: Any) -> Any:
    number = _whole(value)
    return value if number is None or abs(number) > _LARGEST_FIGURE else number


def _whole(value: Any) -> int | None:
    """Return a whole number written as 12, 12.0 or "12"; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > _LARGEST_NUMBER or number != number.to_integral_value():
        return None
    return int(number)
