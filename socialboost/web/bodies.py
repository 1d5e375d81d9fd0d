"""Reads untrusted JSON bodies with limits on size, depth and numbers."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from socialboost import cleaning
from socialboost.web.errors import ApiError, bad_field

MAX_BODY_BYTES: Final = 64 * 1024
_DEEPEST: Final = 20


def read_body(limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the request's body as received. Raises 413 if it is longer than `limit` bytes.

    Werkzeug cuts a chunked body at its limit silently, so one byte more is read to notice it.
    """
    request.max_content_length = limit + 1
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def json_object(body: bytes, *, numbers_as_text: bool = False) -> dict[str, Any]:
    """Parse a JSON object from UTF-8. Raises ApiError 400 for anything else.

    `numbers_as_text` keeps every number exactly as it was written (money). NaN, Infinity, numbers too large
    for a float, integers of thousands of digits and nesting beyond the parser's reach are refused.
    """
    parse_float = str if numbers_as_text else _finite
    parse_int = str if numbers_as_text else int
    try:
        text = body.decode("utf-8-sig")  # a byte order mark is not part of the text
        value = json.loads(text, parse_float=parse_float, parse_int=parse_int, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ApiError(400, "not_json", "the body must be JSON") from None
    if not isinstance(value, dict):
        raise ApiError(400, "not_json", "the body must be a JSON object")
    return value


def check_storable(field: str, value: object, *, depth: int = 0) -> None:
    """Raise ApiError 400 for what PostgreSQL's jsonb cannot hold, and for very deep nesting."""
    if depth > _DEEPEST:
        raise bad_field(field, f"nested at most {_DEEPEST} levels deep")
    if isinstance(value, str):
        if not cleaning.is_clean(value):
            raise bad_field(field, "text without NUL characters and unpaired surrogates")
    elif isinstance(value, dict):
        for name, item in value.items():
            check_storable(field, name, depth=depth + 1)
            check_storable(field, item, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_storable(field, item, depth=depth + 1)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("not a JSON number")
