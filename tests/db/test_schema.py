"""Tests of sql/schema.sql, sql/functions and sql/queries: they agree with what the migrations build."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import psycopg
import pytest

from socialboost.clients import crypto_pay
from socialboost.db import administration, migrations, queries
from socialboost.jobs import base
from tests.db.catalog import snapshot

FUNCTIONS = queries.SQL_DIRECTORY / "functions"
SPECIFICATION = Path(__file__).with_name("specification.sql")
SPECIFIED_TABLES = ("users", "packages", "orders", "posts", "tasks")
TOPICS = {
    "people", "packages", "orders", "payments", "posts", "tasks", "broadcasts", "notices", "telegram", "jobs",
    "parked_jobs", "operations",
}  # fmt: skip
NO_TOPIC = {"migrations", "session", "invariants"}
"""Queries of the runner, of every connection, and of all topics at once."""


def build(dsn: str, schema: Path) -> dict[str, list[str]]:
    """Return what a database is that was made from a schema.sql alone."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(migrations.read(schema).encode())
    return snapshot(dsn)


def test_schema_sql_builds_what_the_migrations_build(empty_database_url: str, database_url: str) -> None:
    from_file, from_migrations = build(empty_database_url, administration.SCHEMA), snapshot(database_url)
    for part, expected in from_migrations.items():
        assert from_file[part] == expected, f"{part}: sql/schema.sql and sql/migrations differ"


def test_a_rule_missing_in_schema_sql_is_found(
    empty_database_url: str, database_url: str, tmp_path: Path
) -> None:
    """Negative control: a copy of the document without one CHECK."""
    shutil.copytree(queries.SQL_DIRECTORY, tmp_path / "sql")
    schema = tmp_path / "sql" / "schema.sql"
    text = schema.read_text(encoding="utf-8")
    schema.write_text(
        text.replace("amount numeric(10, 2) NOT NULL CHECK (amount <> 0)", "amount numeric(10, 2) NOT NULL")
    )
    assert schema.read_text(encoding="utf-8") != text
    from_file, from_migrations = build(empty_database_url, schema), snapshot(database_url)
    assert [part for part in from_file if from_file[part] != from_migrations[part]] == ["constraints"]


def test_schema_sql_reads_as_a_document() -> None:
    """Each table and each function is in it once, and every included file exists."""
    rights = administration.SCHEMA.with_name("rights.sql")
    text = administration.SCHEMA.read_text(encoding="utf-8") + rights.read_text(encoding="utf-8")
    included = re.findall(r"^\\ir functions/(\S+)$", text, re.MULTILINE)
    assert sorted(included) == sorted(
        path.relative_to(FUNCTIONS).as_posix() for path in FUNCTIONS.rglob("*.sql")
    )
    assert len(text.splitlines()) < 1000


@pytest.mark.parametrize("drift", [
    "ALTER TABLE users ADD COLUMN drift integer",
    "ALTER TABLE users ALTER COLUMN username SET NOT NULL",
    "ALTER TABLE users ALTER COLUMN language SET DEFAULT 'en'",
    "ALTER TABLE orders DROP CONSTRAINT orders_status_check",
    "DROP INDEX idx_posts_one_post_a_day",
    "ALTER FUNCTION local_day COST 7",
    "ALTER TABLE users DISABLE TRIGGER refuse_balance_update",
    "CREATE TYPE mood AS ENUM ('good')",
    "CREATE VIEW people AS SELECT id FROM users",
])  # fmt: skip
def test_the_comparison_sees_a_difference(database_url: str, drift: str) -> None:
    before = snapshot(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(drift.encode())
    assert snapshot(database_url) != before


def test_each_function_s_file_is_the_text_that_runs(database_url: str) -> None:
    """Creating every function again from its file changes nothing, and there are no other functions."""
    files = sorted(FUNCTIONS.rglob("*.sql"))
    before = snapshot(database_url)["functions"]

    with psycopg.connect(database_url, autocommit=True) as connection:
        for path in files:
            connection.execute(path.read_bytes())
        connection.execute("SELECT settle_rights()")
        names = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()

    assert snapshot(database_url)["functions"] == before
    assert sorted(name for (name,) in names) == sorted(path.stem for path in files)


def test_files_are_named_by_topic() -> None:
    assert {path.parent.name for path in FUNCTIONS.rglob("*.sql")} <= TOPICS
    assert {path.stem for path in queries.SQL_DIRECTORY.glob("queries/*.sql")} <= TOPICS | NO_TOPIC


def test_the_database_and_the_program_agree_on_one_hour_and_three_attempts(
    database_url: str,
) -> None:
    with psycopg.connect(database_url) as connection:
        lifetime, limit = connection.execute("SELECT order_lifetime(), attempt_limit()").fetchone() or (
            None,
            None,
        )
    assert lifetime is not None
    assert lifetime.total_seconds() == crypto_pay.INVOICE_SECONDS
    assert limit == base.LedgerJob.max_attempts


def test_every_function_fixes_its_search_path(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        loose = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)"
        ).fetchall()
    assert loose == []


def test_the_specification_s_columns_and_indexes_are_all_there(
    empty_database_url: str, database_url: str
) -> None:
    def found(dsn: str) -> tuple[set[tuple[str, str]], set[str]]:
        with psycopg.connect(dsn) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = ANY (%s)",
                (list(SPECIFIED_TABLES),),
            ).fetchall()
            indexes = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
            return set(columns), {name for (name,) in indexes}

    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(SPECIFICATION.read_bytes())
    specified, ours = found(empty_database_url), found(database_url)

    assert len(specified[0]) == 53
    assert specified[0] - ours[0] == set()
    assert specified[1] - ours[1] == set()


def test_time_carries_its_zone_and_money_is_numeric(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        wrong = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('timestamp without time zone', 'real', 'double precision', 'money')"
        ).fetchall()
    assert wrong == []


@pytest.mark.parametrize("query", queries.load().values(), ids=lambda query: query.name)
def test_every_query_is_understood_by_the_database(database_url_of_module: str, query: queries.Query) -> None:
    arguments = dict.fromkeys(re.findall(r"%\((\w+)\)s", query.text.decode()))
    explain = b"" if query.text.startswith(b"CREATE") else b"EXPLAIN "
    with psycopg.connect(database_url_of_module) as connection:
        if query.file != "migrations.sql":  # the owner's; the others are a worker's, who may do what they say
            connection.execute("SET ROLE socialboost_worker")
        connection.execute(explain + query.text, arguments)
        connection.rollback()


@pytest.fixture(scope="module")
def database_url_of_module(postgres_server, template_database):  # type: ignore[no-untyped-def]
    """One migrated database for tests that change nothing."""
    yield postgres_server.create_database("queries", template=template_database)
    postgres_server.drop_database("queries")
