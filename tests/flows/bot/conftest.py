"""Fixtures of bot tests: the dispatcher on a real Redis, with a Telegram that must not be called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NoReturn

import pytest
from aiogram import Bot
from aiogram.client.session.base import BaseSession

from socialboost.bot import dispatcher, reading
from socialboost.queue import broker
from tests.flows.updates import ADMIN, Json
from tests.loaded import together

__all__ = ["together"]

Feed = Callable[[Json], Coroutine[Any, Any, None]]


class NoTelegram(BaseSession):
    """A session below the bot that fails the test when a handler calls Telegram."""

    async def make_request(self, *call: Any, **options: Any) -> NoReturn:
        raise AssertionError(f"a handler called Telegram: {call} {options}")

    async def stream_content(self, *call: Any, **options: Any) -> AsyncIterator[bytes]:
        raise AssertionError(f"a handler downloaded something: {call} {options}")
        yield b""

    async def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
async def feed(redis_url: str) -> AsyncIterator[Feed]:
    """Feeds one raw update."""
    installed = broker.install(redis_url)
    updates = dispatcher.build(redis_url, admins=(ADMIN,))
    bot = Bot("42:no-telegram-here", session=NoTelegram())

    async def one(raw: Json) -> None:
        await dispatcher.feed(updates, bot, reading.read_update(raw, bot))

    yield one
    await dispatcher.close(updates)
    installed.close()
