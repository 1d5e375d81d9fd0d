"""Fixtures of engine tests: real workers on servers of the test's own; the test process sends the jobs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialboost.queue import broker
from tests.flows.engine.system import CoreSystem

with pytest.MonkeyPatch.context() as patch:  # a REDIS_URL left behind would replace the tests' own server
    patch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("tests.flows.engine.actors")


@pytest.fixture
def system(redis_url: str, database_url: str, tmp_path: Path) -> Iterator[CoreSystem]:
    """A system without a worker yet; whatever the test started is ended after it."""
    system = CoreSystem(redis_url, database_url, tmp_path)
    installed = broker.install(redis_url)
    yield system
    system.close()
    installed.close()
