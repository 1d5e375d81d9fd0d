"""Tests of the migration runner: forward, back, twice, two at once, and what it refuses."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from socialboost.db import migrations
from socialboost.errors import MigrationError, OldDatabaseError
from tests.db.catalog import snapshot

ALL = [migration.name for migration in migrations.load()]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A few migrations of the test's own."""
    folder = tmp_path / "migrations"
    (tmp_path / "functions" / "shop").mkdir(parents=True)
    folder.mkdir()
    (tmp_path / "functions" / "shop" / "one.sql").write_text(
        "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
    )
    write(folder, "0001_first", "CREATE TABLE first (id integer);\n\\ir ../functions/shop/one.sql\n",
          "DROP FUNCTION one;\nDROP TABLE first;\n")  # fmt: skip
    write(folder, "0002_second", "CREATE TABLE second (id integer);", "DROP TABLE second;")
    return folder


def write(folder: Path, name: str, up: str, down: str | None = None) -> None:
    (folder / f"{name}.sql").write_text(up)
    if down is not None:
        (folder / f"{name}.down.sql").write_text(down)


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {row[0] for row in rows}


def test_an_empty_database_comes_to_this_version(empty_database_url: str) -> None:
    assert migrations.migrate(empty_database_url) == ALL
    assert {entry.state for entry in migrations.status(empty_database_url)} == {"applied"}
    assert {"users", "packages", "orders", "posts", "tasks", "job_ledger"} <= tables(empty_database_url)


def test_a_second_run_applies_nothing(database_url: str) -> None:
    before = snapshot(database_url)
    assert migrations.migrate(database_url) == []
    assert snapshot(database_url) == before


def test_two_runners_at_once_apply_each_file_once(empty_database_url: str) -> None:
    applied: list[list[str]] = []
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait(30)
        applied.append(migrations.migrate(empty_database_url))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(applied) == 4
    assert sorted(name for names in applied for name in names) == ALL


def test_every_migration_can_be_undone_and_applied_again(database_url: str) -> None:
    before = snapshot(database_url)

    assert migrations.down(database_url, len(ALL)) == ALL[::-1]
    assert tables(database_url) == {"schema_migrations"}
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        assert left.fetchall() == []

    assert migrations.migrate(database_url) == ALL
    assert snapshot(database_url) == before


def test_one_migration_can_be_undone(database_url: str) -> None:
    assert migrations.down(database_url, 1) == ALL[-1:]
    states = [entry.state for entry in migrations.status(database_url)]
    assert states == ["applied"] * (len(ALL) - 1) + ["pending"]
    assert migrations.migrate(database_url) == ALL[-1:]


def test_the_zone_of_the_daily_limit_is_remembered(empty_database_url: str) -> None:
    def remembered() -> str:
        with psycopg.connect(empty_database_url) as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = 'timezone'").fetchone()
        return str(row[0]) if row else ""

    migrations.migrate(empty_database_url)
    assert remembered() == "Europe/Kyiv"
    migrations.migrate(empty_database_url, timezone="America/New_York")
    assert remembered() == "America/New_York"
    with pytest.raises(MigrationError, match="TIMEZONE"):
        migrations.migrate(empty_database_url, timezone="Mars/Olympus")
    assert remembered() == "America/New_York"


def test_an_edited_file_is_refused(empty_database_url: str, directory: Path) -> None:
    migrations.migrate(empty_database_url, directory=directory)
    write(directory, "0001_first", "CREATE TABLE first (id bigint);")
    with pytest.raises(MigrationError, match=r"0001_first .* was edited after it was applied"):
        migrations.migrate(empty_database_url, directory=directory)
    assert migrations.status(empty_database_url, directory=directory)[0].state == "edited"


def test_an_edited_function_counts_as_an_edited_migration(empty_database_url: str, directory: Path) -> None:
    migrations.migrate(empty_database_url, directory=directory)
    function = directory.parent / "functions" / "shop" / "one.sql"
    function.write_text(function.read_text().replace("SELECT 1", "SELECT 2"))
    with pytest.raises(MigrationError, match="was edited"):
        migrations.migrate(empty_database_url, directory=directory)


def test_a_missing_file_is_refused(empty_database_url: str, directory: Path) -> None:
    migrations.migrate(empty_database_url, directory=directory)
    (directory / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"0002_second .* its file is missing"):
        migrations.migrate(empty_database_url, directory=directory)
    with pytest.raises(MigrationError, match="missing"):
        migrations.down(empty_database_url, 1, directory=directory)


def test_a_file_before_applied_ones_is_refused(empty_database_url: str, directory: Path) -> None:
    shutil.move(directory / "0001_first.sql", directory.parent / "kept.sql")
    migrations.migrate(empty_database_url, directory=directory)
    shutil.move(directory.parent / "kept.sql", directory / "0001_first.sql")
    with pytest.raises(MigrationError, match="0001_first was added before ones already applied"):
        migrations.migrate(empty_database_url, directory=directory)


def test_a_file_that_fails_leaves_nothing_and_those_before_it_stay(
    empty_database_url: str, directory: Path
) -> None:
    write(directory, "0003_broken", "CREATE TABLE third (id integer); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrations.migrate(empty_database_url, directory=directory)
    assert {"first", "second"} <= tables(empty_database_url)
    assert "third" not in tables(empty_database_url)
    assert [entry.state for entry in migrations.status(empty_database_url, directory=directory)] == [
        "applied", "applied", "pending",
    ]  # fmt: skip


def test_a_file_may_say_why_it_runs_outside_a_transaction(empty_database_url: str, directory: Path) -> None:
    index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_first ON first (id);"
    write(directory, "0003_index", index)
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        migrations.migrate(empty_database_url, directory=directory)

    write(directory, "0003_index", f"-- no-transaction: writers go on while it is built\n{index}")
    assert migrations.migrate(empty_database_url, directory=directory) == ["0003_index"]


def test_a_file_without_a_way_back_says_so(empty_database_url: str, directory: Path) -> None:
    write(directory, "0003_forward", "SELECT 1;")
    migrations.migrate(empty_database_url, directory=directory)
    with pytest.raises(MigrationError, match="0003_forward has no way back"):
        migrations.down(empty_database_url, 1, directory=directory)


@pytest.mark.parametrize(("name", "words"), [
    ("3_short", "not named"), ("0003_Upper", "not named"), ("0002_again", "same number"),
])  # fmt: skip
def test_a_bad_name_is_refused_before_anything_runs(
    empty_database_url: str, directory: Path, name: str, words: str
) -> None:
    write(directory, name, "SELECT 1;")
    with pytest.raises(MigrationError, match=words):
        migrations.migrate(empty_database_url, directory=directory)
    assert tables(empty_database_url) == set()


def test_a_missing_function_file_is_refused(empty_database_url: str, directory: Path) -> None:
    write(directory, "0003_function", "\\ir ../functions/shop/none.sql")
    with pytest.raises(MigrationError, match=r"none\.sql is included but does not exist"):
        migrations.migrate(empty_database_url, directory=directory)


def test_every_migration_has_a_way_back() -> None:
    assert [m.name for m in migrations.load() if not m.path.with_suffix(".down.sql").exists()] == []


# --- databases from before the baseline ---


@pytest.fixture
def old_database_url(empty_database_url: str) -> str:
    """A database as the migrations before the baseline left it, as far as the runner looks."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL UNIQUE,"
            " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        connection.execute("CREATE TABLE users (id uuid)")
        connection.execute(
            "INSERT INTO schema_migrations (version, name, sha256)"
            " SELECT n, CASE n WHEN 1 THEN '0001_tables' ELSE 'later_' || n END, 'x'"
            " FROM generate_series(1, 27) AS n"
        )
    return empty_database_url


@pytest.mark.parametrize(
    "command", [migrations.migrate, migrations.status, lambda dsn: migrations.down(dsn, 1)]
)
def test_a_database_from_before_the_baseline_is_left_as_it_is(
    old_database_url: str, command: Callable[[str], object]
) -> None:
    before = snapshot(old_database_url)
    with pytest.raises(OldDatabaseError, match=r"0001_tables.*pg_dump.*new, empty database"):
        command(old_database_url)
    assert snapshot(old_database_url) == before
    assert tables(old_database_url) == {"users", "schema_migrations"}


# --- checksums ---


def test_a_recorded_text_is_not_changed_even_for_a_new_database(
    empty_database_url: str, directory: Path
) -> None:
    (first, second) = migrations.load(directory)
    (directory / "checksums.txt").write_text(f"# why\n{first.sha256}  {first.name}\n")
    write(directory, second.name, "CREATE TABLE second (id bigint);")  # not recorded: it may still change
    function = directory.parent / "functions" / "shop" / "one.sql"
    function.write_text(function.read_text().replace("SELECT 1", "SELECT 2"))
    with pytest.raises(MigrationError, match=r"0001_first .* is not what was recorded .* freeze NAME"):
        migrations.migrate(empty_database_url, directory=directory)
    assert tables(empty_database_url) == set()
    function.write_text(function.read_text().replace("SELECT 2", "SELECT 1"))
    assert migrations.migrate(empty_database_url, directory=directory) == [first.name, second.name]


def test_every_migration_is_recorded() -> None:
    recorded = migrations.recorded_checksums(migrations.MIGRATIONS)
    assert list(recorded) == ALL, "run `python -m socialboost freeze` (sql/README.md)"
