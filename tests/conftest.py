"""Fixtures for all tests: real servers. No test is skipped for a missing server: that is an error."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from sandbox.servers import PostgresServer, ValkeyServer, start_postgres, start_valkey
from tests.lanes import Lanes, refuse_shared_servers

MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
ROOM_BYTES = 2**30
CHEAPER = {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0"}
"""No test has a replica, or a database old enough to need a vacuum. Crashes are recovered from as ever."""
TEMPLATE_DATABASE = "socialboost_template"


def pytest_configure(config: pytest.Config) -> None:
    """Share the suite out among processes."""
    refuse_shared_servers(config)
    config.pluginmanager.register(Lanes())


def memory_directory() -> str | None:
    """A directory in memory with room for one process's servers; None means the usual temporary one."""
    try:
        enough = shutil.disk_usage(MEMORY).free > ROOM_BYTES
    except OSError:  # there is none on this system
        return None
    return str(MEMORY) if enough and not os.environ.get("SOCIALBOOST_TESTS_ON_DISK") else None


@pytest.fixture(scope="session")
def servers_directory() -> Iterator[Path]:
    """Return where this session's servers keep their data; outside the checkout, so that any user gets in.

    It is in memory where there is enough of it (SOCIALBOOST_TESTS_ON_DISK=1 forbids that): a database a
    test is then made three times as fast. Nothing here tests a power cut, so nothing depends on a disk.
    """
    directory = Path(tempfile.mkdtemp(prefix="socialboost-tests-", dir=memory_directory()))
    directory.chmod(0o711)  # PostgreSQL runs as another user when the tests run as root
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(servers_directory: Path) -> Iterator[PostgresServer]:
    """One PostgreSQL for the session. fsync is off for speed; commits are still synchronous."""
    server = start_postgres(servers_directory / "postgres", fsync=False, settings=CHEAPER)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def valkey_server(servers_directory: Path) -> Iterator[ValkeyServer]:
    """One Valkey for the session, set up as production is: append-only file, no eviction."""
    server = start_valkey(servers_directory / "valkey")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database migrated once, for the others to be copied from."""
    from socialboost.db import migrations

    name = f"{TEMPLATE_DATABASE}_{secrets.token_hex(4)}"
    migrations.migrate(postgres_server.create_database(name))
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database of this test's own with nothing in it."""
    name = f"empty_{secrets.token_hex(6)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def database_url(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    name = f"test_{secrets.token_hex(6)}"
    yield postgres_server.create_database(name, template=template_database)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def redis_database(valkey_server: ValkeyServer) -> int:
    """The numbered database the tests may empty. On a server that is not ours: one that is empty now."""
    if valkey_server.process is not None:
        return 0
    for number in range(15, 0, -1):
        with redis.Redis.from_url(valkey_server.url_for(number)) as client:
            if client.dbsize() == 0:
                return number
    pytest.fail("REDIS_URL names a server without an empty database between 1 and 15")


@pytest.fixture
def redis_url(valkey_server: ValkeyServer, redis_database: int) -> str:
    """A Redis database that is empty when the test starts."""
    url = valkey_server.url_for(redis_database)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
