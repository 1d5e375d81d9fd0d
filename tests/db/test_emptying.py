"""Tests of the database that tests share: one test leaves nothing in it for the next."""

from __future__ import annotations

import psycopg
import pytest

from tests.db import emptying
from tests.db.store import Store


def contents(dsn: str) -> dict[str, list[tuple[str]]]:
    """Return the rows of every table, as text."""
    with psycopg.connect(dsn) as connection:
        names = emptying.tables(connection)
        return {name: connection.execute(emptying.all_rows(name)).fetchall() for name in names}


def use(store: Store) -> None:
    """Change what is there, and add rows by which triggers add others."""
    buyer = store.person()
    store.buy(buyer)
    store.post(buyer)
    store.pay("unknown", None)
    store.call("set_admin", 77, "manager", 1)
    store.call("note_restore", store.now(), [])
    store.run("UPDATE settings SET value = 'UTC' WHERE key = 'timezone'")


def test_an_emptied_database_equals_a_new_one(shared_database_url: str, store: Store) -> None:
    assert store.dsn == shared_database_url
    emptying.empty(store.dsn)
    new = contents(store.dsn)
    store.package()
    use(store)
    used = contents(store.dsn)
    changed = {name for name in used if used[name] != new[name]}
    assert {"admins", "figures", "orders", "packages", "payments", "posts", "settings"} <= changed
    emptying.empty(store.dsn)
    assert contents(store.dsn) == new


def test_a_new_test_database_is_as_the_migrations_left_it(
    shared_database_url: str, database_url: str
) -> None:
    emptying.empty(shared_database_url)
    assert contents(shared_database_url) == contents(database_url)


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX idx_orders_one_pending",
        "ALTER TABLE orders DISABLE TRIGGER refuse_transition",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_shared_database_s_schema_cannot_be_changed(store: Store, change: str) -> None:
    """Otherwise the next test would find the change."""
    with pytest.raises(psycopg.errors.RaiseException, match="asks for `database_url`"):
        store.run(change)
