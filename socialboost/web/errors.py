"""The error answers of the HTTP API: {"success": false, "error": "<code>", "message": "…"}.

A wrong field is named in "field". An internal error is answered with a fixed body and the request's id, under
which the log has the details.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from socialboost import logs
from socialboost.errors import QueueUnavailableError

log = logs.get(__name__)

_RETRY_SECONDS: Final = "2"
_CODES: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    429: "rate_limited",
    503: "unavailable",
}
_MESSAGES: Final = {
    400: "the request could not be read",
    404: "there is nothing at this address",
    405: "this address does not take this method",
    413: "the body is too large",
    429: "too many requests; see Retry-After",
}


class ApiError(Exception):
    """An error answer. The message is for the caller and holds no secret."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


def bad_field(field: str, expected: str) -> ApiError:
    """Return the 400 that names the field and says what it should be."""
    return ApiError(400, "bad_request", f"{field} must be {expected}", field=field)


def envelope(status: int, code: str, message: str, **more: str) -> Response:
    """Return the error's response."""
    response = jsonify({"success": False, "error": code, "message": message, **more})
    response.status_code = status
    return response


def _on_api_error(error: ApiError) -> Response:
    more = {} if error.field is None else {"field": error.field}
    response = envelope(error.status, error.code, error.message, **more)
    if error.code == "unauthorized":
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.status == 503:
        response.headers["Retry-After"] = _RETRY_SECONDS
    return response


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    message = _MESSAGES.get(status, error.name)
    response = envelope(status, _CODES.get(status, error.name.lower().replace(" ", "_")), message)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _on_queue_away(error: QueueUnavailableError) -> Response:
    log.warning("queue_unavailable", reason=str(error))
    return _on_api_error(ApiError(503, "queue_unavailable", "not accepted; please repeat the request"))


def _on_fault(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return envelope(500, "internal_error", "a fault of ours; please repeat later", request_id=g.request_id)


def register(app: Flask) -> None:
    """Register handlers that give every error this shape."""
    app.register_error_handler(ApiError, _on_api_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(QueueUnavailableError, _on_queue_away)
    app.register_error_handler(Exception, _on_fault)
