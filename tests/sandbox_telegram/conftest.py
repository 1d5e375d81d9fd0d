"""Fixtures of the stand-in's tests: a stand-in for Telegram for each test.

aiogram is loaded by the tests: pytest reads this file in every process, also where none of them runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aiogram import Bot

    from tests.sandbox_telegram.standin import Sim


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """A stand-in without rate limits."""
    from tests.sandbox_telegram.standin import standin

    async with standin() as started:
        yield started


@pytest.fixture
async def bot(sim: Sim) -> AsyncIterator[Bot]:
    """An aiogram Bot on `sim`."""
    from tests.sandbox_telegram.standin import hang_up

    made = sim.bot()
    yield made
    await hang_up(made)
