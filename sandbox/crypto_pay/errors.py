"""Crypto Pay's error answers."""

from __future__ import annotations

from typing import Any

from aiohttp import web


class ApiError(Exception):
    """Answered as {"ok": false, "error": {"code", "name"}} with `code` as the HTTP status.

    Names seen in the wild: UNAUTHORIZED, METHOD_NOT_FOUND, METHOD_DISABLED, EXPIRES_IN_INVALID,
    CURRENCY_TYPE_INVALID, USER_NOT_FOUND, INSUFFICIENT_FUNDS, SPEND_ID_ALREADY_USED, INVOICE_NOT_FOUND.
    No list is published; the other names here follow the same pattern.
    """

    def __init__(self, name: str, code: int = 400) -> None:
        super().__init__(name)
        self.name = name
        self.code = code

    def body(self) -> dict[str, Any]:
        """The envelope."""
        return {"ok": False, "error": {"code": self.code, "name": self.name}}

    def response(self) -> web.Response:
        """The envelope as an answer."""
        return web.json_response(self.body(), status=self.code)
