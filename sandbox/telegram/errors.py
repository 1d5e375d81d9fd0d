"""Error answers in Telegram's format and wording."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refused Bot API call: `code` is both the HTTP status and `error_code` of the answer."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """The JSON object Telegram answers with."""
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


class DropConnectionError(Exception):
    """A fault asked for the connection to be cut instead of an answer."""


class PageError(Exception):
    """A fault asked for the answer of a proxy in front of Telegram, by default a gateway's HTML page."""

    def __init__(self, status: int, body: str, content_type: str, location: str = "") -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.content_type = content_type
        self.location = location


class SimError(Exception):
    """A refused request of the person's side (`/sim/...`), answered as `{"error", "message"}`."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error


def bad_request(words: str) -> ApiError:
    """400 as Telegram words it."""
    return ApiError(400, f"Bad Request: {words}")


def forbidden(words: str) -> ApiError:
    """403 as Telegram words it."""
    return ApiError(403, f"Forbidden: {words}")


def conflict(words: str) -> ApiError:
    """409 as Telegram words it."""
    return ApiError(409, f"Conflict: {words}")


def too_many_requests(retry_after: int) -> ApiError:
    """429 with the seconds to wait, both in words and in `parameters`."""
    words = f"Too Many Requests: retry after {retry_after}"
    return ApiError(429, words, {"retry_after": retry_after})
