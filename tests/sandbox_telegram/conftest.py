"""Fixtures of the stand-in's tests: a stand-in for Telegram for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from tests.sandbox_telegram.standin import Sim, hang_up, standin


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """A stand-in without rate limits."""
    async with standin() as started:
        yield started


@pytest.fixture
async def bot(sim: Sim) -> AsyncIterator[Bot]:
    """An aiogram Bot on `sim`."""
    made = sim.bot()
    yield made
    await hang_up(made)
