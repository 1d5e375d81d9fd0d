"""The table of methods. Names are matched in any case, as Telegram does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.params import Params
from sandbox.telegram.service import Service


@dataclass
class Call:
    """One call of the bot. `note` goes into its wire record, `description` beside its result."""

    service: Service
    params: Params
    note: dict[str, Any] = field(default_factory=dict)
    description: str | None = None


Handler = Callable[[Call], Awaitable[Any]]
METHODS: dict[str, tuple[str, Handler]] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Register the coroutine that answers `name` with the call's `result`."""

    def register(handler: Handler) -> Handler:
        METHODS[name.lower()] = (name, handler)
        return handler

    return register
