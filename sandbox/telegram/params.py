"""Reading a call's parameters, whatever the transport: JSON, a form, multipart, or the query string.

In a form every value is text and nested values are JSON text, so each reader accepts both shapes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_request import FileField

from sandbox.telegram.errors import bad_request


@dataclass(frozen=True)
class Upload:
    """A file sent in a multipart body."""

    name: str
    content_type: str
    content: bytes


class Params:
    """Parameters of one call by name. Every reader raises ApiError 400 in Telegram's words."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def has(self, name: str) -> bool:
        """True when a value came, an empty text aside."""
        return bool(self.values.get(name, "") != "")

    def text(self, name: str) -> str:
        """The value as text; "" when absent."""
        value = self.values.get(name, "")
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if isinstance(value, Upload) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The value as a whole number; what is not one counts as absent, as at Telegram."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def boolean(self, name: str) -> bool:
        """True for true, yes and 1."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str) -> Any:
        """A nested value, decoded when it came as JSON text; None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return None if value == "" else value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """A file by field name, or by the `attach://<field>` its value points to."""
        value = self.values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            value = self.values.get(value.removeprefix("attach://"))
        return value if isinstance(value, Upload) else None


async def read_params(request: web.Request) -> Params:
    """All parameters of a request: the query string, then the body over it."""
    values: dict[str, Any] = dict(request.query)
    if request.method in {hdrs.METH_GET, hdrs.METH_HEAD} or not request.can_read_body:
        return Params(values)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad_request("can't parse JSON object")
        return Params(values | body)
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        for name, value in (await request.post()).items():
            if isinstance(value, FileField):
                values[name] = Upload(value.filename, value.content_type, value.file.read())
            else:
                values[name] = value
    return Params(values)
