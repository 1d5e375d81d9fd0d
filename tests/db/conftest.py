"""Fixtures of database tests: a migrated database, shared by this process's tests or one test's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from sandbox.servers import PostgresServer
from tests.db import emptying
from tests.db.store import Store, opened
from tests.invariants import OWED, breaches, excused


@pytest.fixture(scope="session")
def kept_database(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """One database for all tests of this process that change nothing but rows."""
    name = f"kept_{secrets.token_hex(6)}"
    url = postgres_server.create_database(name, template=template_database)
    emptying.keep(url)
    yield url
    postgres_server.drop_database(name)


@pytest.fixture
def shared_database_url(kept_database: str) -> str:
    """The shared database, as its migrations left it."""
    emptying.empty(kept_database)
    return kept_database


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A shop with one package, `starter`: 99.99, two posts a day. Afterwards no invariant is broken.

    It is in a database of its own for a test that asks for `database_url` as well. A test that changes the
    schema does.
    """
    own = "database_url" in request.fixturenames
    dsn: str = request.getfixturevalue("database_url" if own else "shared_database_url")
    with opened(dsn) as store:
        store.package()
        yield store
    found = breaches(dsn, besides=OWED | excused(request.node))
    assert found == [], "the test left behind what must never be"
