"""Fixtures of broadcast tests: a database, workers and a stand-in for Telegram for each test."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import PostgresServer
from socialboost.queue import broker
from tests.flows.broadcast.hall import Hall

with pytest.MonkeyPatch.context() as patch:  # a REDIS_URL left behind would replace the tests' own server
    patch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers")


@pytest.fixture
def hall(
    postgres_server: PostgresServer, template_database: str, redis_url: str, tmp_path: Path
) -> Iterator[Hall]:
    """A hall without people and workers yet."""
    name = f"hall_{secrets.token_hex(6)}"
    database_url = postgres_server.create_database(name, template=template_database)
    hall = Hall(database_url, redis_url, tmp_path)
    installed = broker.install(redis_url)
    yield hall
    hall.close()
    installed.close()
    postgres_server.drop_database(name)


@pytest.fixture
def here(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """This process as a worker: actors called here use the hall's services."""
    for name, value in hall.environment.items():
        if name not in {"PATH", "LANG"}:
            monkeypatch.setenv(name, value)
    from workers.engine import resources

    resources.close()
    yield monkeypatch
    resources.close()
