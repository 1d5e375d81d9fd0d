"""Injects faults on demand: which fault, for which calls, how often. README.md has the formats."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any

from sandbox.telegram.errors import ApiError, PageError, SimError, too_many_requests

KINDS = {
    "retry_after": "429 with `retry_after` seconds",
    "server_error": "`status` (502) with Telegram's JSON, or with an HTML page when `json` is false",
    "page": "`status` (502) as a proxy in front answers: an HTML page, or `body` as `content_type`",
    "migrate": "400: the group is a supergroup now, `migrate_to_chat_id` in the parameters",
    "forbidden": "403 with `description` (bot was blocked by the user)",
    "bad_request": "400 with `description`",
    "error": "`status` with `description`",
    "delay": "`seconds` pass, then the call goes on",
    "lose_answer": "the call takes effect, then the connection is closed without an answer",
    "reset": "the connection is cut before the call takes effect",
    "duplicate_update": "a new update is delivered `copies` (1) more times",
}
PAGE = "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body></body>\r\n</html>\r\n"
PREFIXES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}


@dataclass
class Fault:
    """One fault; `times` is how many calls it still spoils (None: all)."""

    id: int
    kind: str
    method: str
    chat_id: int | None
    contains: str
    times: int | None
    settings: dict[str, Any]
    used: int = 0

    def view(self) -> dict[str, Any]:
        """The fault as `/sim/faults` lists it."""
        return {
            "id": self.id, "kind": self.kind, "method": self.method or None, "chat_id": self.chat_id,
            "contains": self.contains or None, "times": self.times, "used": self.used, **self.settings,
        }  # fmt: skip


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = count(1)

    def add(self, body: dict[str, Any]) -> Fault:
        """Put a fault in force. Raises SimError 400 for an unknown kind or a bad field."""
        kind = body.get("kind")
        if kind not in KINDS:
            raise SimError(400, "bad_fault", f"kind must be one of {', '.join(KINDS)}")
        times = body.get("times", 1)
        if times is not None and (not isinstance(times, int) or times < 1):
            raise SimError(400, "bad_fault", "times must be a positive number or null")
        names = (
            "retry_after", "status", "description", "json", "body", "content_type", "location",
            "migrate_to_chat_id", "seconds", "copies", "update_type",
        )  # fmt: skip
        fault = Fault(
            id=next(self._ids),
            kind=kind,
            method=str(body.get("method") or "").lower(),
            chat_id=int(body["chat_id"]) if body.get("chat_id") is not None else None,
            contains=str(body.get("contains") or ""),
            times=times,
            settings={name: body[name] for name in names if name in body},
        )
        self._faults.append(fault)
        return fault

    def views(self) -> list[dict[str, Any]]:
        """Every fault added and not cleared, used-up ones too."""
        return [fault.view() for fault in self._faults]

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def for_call(self, method: str, chat_id: int | None, values: dict[str, Any]) -> list[Fault]:
        """The faults that spoil this call, each counted as used: every delay, and the first other one."""
        chosen: list[Fault] = []
        for fault in self._faults:
            decided = any(other.kind != "delay" for other in chosen)
            if fault.kind == "duplicate_update" or (decided and fault.kind != "delay"):
                continue
            if self._fits(fault, method, chat_id, values):
                chosen.append(self._use(fault))
        return chosen

    def copies_of_update(self, update_type: str, chat_id: int | None) -> int:
        """Return how many extra times a new update is to be delivered."""
        copies = 0
        for fault in self._faults:
            wanted = fault.settings.get("update_type")
            if (
                fault.kind == "duplicate_update"
                and fault.times != 0
                and wanted in {None, update_type}
                and fault.chat_id in {None, chat_id}
            ):
                self._use(fault)
                copies += int(fault.settings.get("copies", 1))
        return copies

    def _fits(self, fault: Fault, method: str, chat_id: int | None, values: dict[str, Any]) -> bool:
        if fault.times == 0 or (fault.method and fault.method != method):
            return False
        if fault.chat_id is not None and fault.chat_id != chat_id:
            return False
        return not fault.contains or fault.contains in json.dumps(values, ensure_ascii=False, default=str)

    def _use(self, fault: Fault) -> Fault:
        fault.used += 1
        if fault.times is not None:
            fault.times -= 1
        return fault


def page(fault: Fault) -> PageError:
    """Return the answer of a proxy between the bot and Telegram."""
    settings = fault.settings
    status = int(settings.get("status", 502))
    reason = HTTPStatus(status).phrase
    body = str(settings.get("body", PAGE.format(status=status, reason=reason)))
    content_type = str(settings.get("content_type", "text/html"))
    return PageError(status, body, content_type, str(settings.get("location", "")))


def fault_error(fault: Fault) -> ApiError:
    """The refusal a fault stands for (kinds that answer with an error)."""
    settings = fault.settings
    if fault.kind == "migrate":
        moved = {"migrate_to_chat_id": int(settings.get("migrate_to_chat_id", -1_000_000_000_001))}
        return ApiError(400, prefixed(400, "group chat was upgraded to a supergroup chat"), moved)
    if fault.kind == "retry_after":
        return too_many_requests(int(settings.get("retry_after", 3)))
    if fault.kind == "forbidden":
        return ApiError(403, prefixed(403, settings.get("description", "bot was blocked by the user")))
    if fault.kind == "bad_request":
        return ApiError(400, prefixed(400, settings.get("description", "chat not found")))
    status = int(settings.get("status", 502 if fault.kind == "server_error" else 400))
    default = (
        "Bad Gateway" if status == 502 else "Internal Server Error" if status >= 500 else "sandbox fault"
    )
    return ApiError(status, prefixed(status, settings.get("description", default)))


def prefixed(status: int, description: str) -> str:
    """The description with Telegram's prefix for the status, once."""
    prefix = PREFIXES.get(status, "")
    return description if not prefix or description.startswith(prefix) else f"{prefix}: {description}"
