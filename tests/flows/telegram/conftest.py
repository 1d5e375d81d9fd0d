"""Fixtures of rate limiter tests: a stand-in with Telegram's limits, and sender processes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.telegram.traffic import Traffic

with pytest.MonkeyPatch.context() as patch:  # a REDIS_URL left behind would replace the tests' own server
    patch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")


@pytest.fixture
def traffic(redis_url: str, database_url: str, tmp_path: Path) -> Iterator[Traffic]:
    """Nobody sends yet; whatever the test started is ended after it."""
    traffic = Traffic(redis_url, database_url, tmp_path)
    yield traffic
    traffic.close()
