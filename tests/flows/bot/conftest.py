"""Fixtures of bot tests: the dispatcher on a real Redis, with a Telegram that must not be called.

aiogram is loaded by the first test that needs it: pytest reads this file in every process, also where no
such test runs, and aiogram takes four seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from socialboost.queue import broker
from tests.flows.updates import ADMIN, Json
from tests.loaded import together

__all__ = ["together"]

Feed = Callable[[Json], Coroutine[Any, Any, None]]


@pytest.fixture
async def feed(redis_url: str) -> AsyncIterator[Feed]:
    """Feeds one raw update."""
    from aiogram import Bot

    from socialboost.bot import dispatcher, reading
    from tests.flows.bot.no_telegram import NoTelegram

    installed = broker.install(redis_url)
    updates = dispatcher.build(redis_url, admins=(ADMIN,))
    bot = Bot("42:no-telegram-here", session=NoTelegram())

    async def one(raw: Json) -> None:
        await dispatcher.feed(updates, bot, reading.read_update(raw, bot))

    yield one
    await dispatcher.close(updates)
    installed.close()
