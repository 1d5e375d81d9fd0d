"""A store over a migrated database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.db.store import Store, opened


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A shop with one package, `starter`: 99.99, two posts a day."""
    with opened(database_url) as store:
        store.package()
        yield store
