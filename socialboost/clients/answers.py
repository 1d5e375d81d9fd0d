"""The limits of a call to an HTTP service, its answer, and its possible failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

_LONGEST_INTEGER: Final = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one call's time and size."""

    connect_seconds: float = 3.05
    read_seconds: float = 10.0
    """The longest silence of the server."""
    total_seconds: float = 15.0
    """The longest time for reading the body, so that a slow server does not hold a thread for ever."""
    max_bytes: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer. `body` is None if it was too long, too slow or cut off."""

    status: int
    headers: Mapping[str, str]
    """The headers. Their names are found in upper and lower case."""
    body: bytes | None
    is_too_long: bool = False

    def json(self) -> Any:
        """Return the body as JSON with Decimal for every fraction, or None if it is not JSON."""
        if self.body is None:
            return None
        try:
            return json.loads(self.body, parse_float=Decimal, parse_int=_integer)
        except (ValueError, RecursionError):
            return None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object, or an empty one if it is anything else."""
        value = self.json()
        return value if isinstance(value, dict) else {}


class NotConnectedError(Exception):
    """No connection was made, so certainly nothing was sent."""


class NoAnswerInTimeError(Exception):
    """The request may have been sent, and the answer did not begin in time."""


class ResetError(Exception):
    """The connection ended, or its data were not HTTP, before an answer began."""


def _integer(text: str) -> int | Decimal:
    """Parse a whole number of any length: `int` refuses thousands of digits, and would fail the answer."""
    return int(text) if len(text) <= _LONGEST_INTEGER else Decimal(text)
