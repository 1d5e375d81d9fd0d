"""A store over a migrated database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.db.store import Store, opened
from tests.invariants import OWED, breaches, excused


@pytest.fixture
def store(request: pytest.FixtureRequest, database_url: str) -> Iterator[Store]:
    """A shop with one package, `starter`: 99.99, two posts a day. Afterwards no invariant is broken."""
    with opened(database_url) as store:
        store.package()
        yield store
    found = breaches(database_url, besides=OWED | excused(request.node))
    assert found == [], "the test left behind what must never be"
