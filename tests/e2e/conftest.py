"""Fixtures of end-to-end tests: real servers, stand-ins and the product's processes for each module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from sandbox.servers import PostgresServer
from sandbox.world import World, WorldOptions


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[World]:
    """A world of its own Valkey, whose Main Bot finishes a task within a second.

    Whatever was killed in it, the product never wanted more of Redis than its users may.
    """
    directory: Path = tmp_path_factory.mktemp("world")
    options = WorldOptions(directory=directory, postgres=postgres_server, main_bot_step_seconds=0.3)
    with World(options) as running:
        yield running
        refused = {url.rpartition(":")[2]: refusals(url) for url in (running.redis_url, running.cache_url)}
    assert not any(refused.values()), f"the product was refused something by deploy/redis: {refused}"


def refusals(operator_url: str) -> list[tuple[str, str, str]]:
    """Return what a server of this world refused to whom: the command or the key, and where."""
    with redis.Redis.from_url(operator_url) as operator:
        return [(entry["username"], entry["object"], entry["context"]) for entry in operator.acl_log()]
