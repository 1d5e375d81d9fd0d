"""A Telegram that must not be called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NoReturn

from aiogram.client.session.base import BaseSession


class NoTelegram(BaseSession):
    """A session below the bot that fails the test when a handler calls Telegram."""

    async def make_request(self, *call: Any, **options: Any) -> NoReturn:
        raise AssertionError(f"a handler called Telegram: {call} {options}")

    async def stream_content(self, *call: Any, **options: Any) -> AsyncIterator[bytes]:
        raise AssertionError(f"a handler downloaded something: {call} {options}")
        yield b""

    async def close(self) -> None:
        """There is nothing to close."""
