"""Tests of row types: they agree with the database, and real rows have these types."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args, get_type_hints

import psycopg
import pytest

from benchmarks.scale import samples
from benchmarks.scale.fill import fill
from sandbox.servers import PostgresServer
from socialboost.db import queries, row_types
from socialboost.errors import MigrationError

WITH_ROWS = [query for query in queries.load().values() if query.kind in ("one", "many")]
FACTOR = 0.002
"""Of the full size: 2,000 users, 1,000 orders."""
LOOKED_AT = {
    "get_user", "get_history", "get_order", "get_receipt", "get_notice_order", "get_payment",
    "get_exceptions",
    "get_refund", "get_post_result", "get_any_package", "get_every_package", "get_broadcast", "claim_job",
    "get_daily_report",
}  # fmt: skip
"""Of these at least the filled shop has a row."""


def hints(query: queries.Query) -> dict[str, Any]:
    """The columns that are written for a query's rows."""
    module = importlib.import_module(f"socialboost.db.rows.{query.file.removesuffix('.sql')}")
    return get_type_hints(getattr(module, row_types.class_name(query)))


def test_the_types_are_those_of_the_database(database_url: str) -> None:
    written = {path: path.read_text(encoding="utf-8") for path in row_types.DIRECTORY.glob("[!_]*.py")}
    written[row_types.READS] = row_types.READS.read_text(encoding="utf-8")
    assert written == row_types.modules(database_url), "run `python -m socialboost describe` (sql/README.md)"


@pytest.mark.parametrize("change", [
    "ALTER TABLE packages ALTER COLUMN price TYPE double precision",
    "ALTER TABLE users ALTER COLUMN username SET NOT NULL",
])  # fmt: skip
def test_a_changed_column_changes_its_type(database_url: str, change: str) -> None:
    before = row_types.modules(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(change.encode())
    assert row_types.modules(database_url) != before


def test_a_missing_column_is_named(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE users DROP COLUMN language_chosen CASCADE")
    with pytest.raises(MigrationError, match=r"get_user: .*language_chosen"):
        row_types.modules(database_url)


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer, template_database: str) -> Iterator[samples.Shop]:
    """A shop with people, orders, posts and what else the samples ask for."""
    dsn = postgres_server.create_database("row_types", template=template_database)
    fill(dsn, FACTOR)
    shop = samples.Shop(dsn)
    yield shop
    shop.connection.close()
    postgres_server.drop_database("row_types")


def test_every_row_is_of_its_type(shop: samples.Shop) -> None:
    world = samples.prepare(shop)
    wrong, seen = [], set()
    for query in (q for q in WITH_ROWS if q.file not in samples.RUN_BY_MIGRATE):
        with shop.connection.transaction(force_rollback=True):
            rows = shop.rows(query.name, **samples.arguments(query, world))
        expected = hints(query)
        seen |= {query.name} if rows else set()
        wrong += [
            f"{query.name}: {set(row) ^ set(expected)}" for row in rows[:1] if set(row) != set(expected)
        ]
        wrong += [
            f"{query.name}.{name} is {value!r}"
            for row in rows
            for name, value in row.items()
            if not is_of(value, expected[name])
        ]
    assert wrong == []
    assert seen >= LOOKED_AT, LOOKED_AT - seen


def is_of(value: object, hint: Any) -> bool:
    if hint is Any:
        return True
    if hint == list[str]:
        return isinstance(value, list) and all(type(item) is str for item in value)
    return type(value) in (get_args(hint) if isinstance(hint, UnionType) else (hint,))


@pytest.mark.parametrize(("value", "hint", "fits"), [
    (None, str, False), (None, str | None, True), (1, float, False), (True, int, False), ([], Any, True),
    (["a"], list[str], True), ([1], list[str], False), ("a", list[str], False),
])  # fmt: skip
def test_the_comparison_sees_a_difference(value: object, hint: Any, *, fits: bool) -> None:
    assert is_of(value, hint) is fits
