"""Tests of `python -m socialboost freeze`: older migrations keep the text of a changed function."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from socialboost.db import frozen, migrations, queries
from socialboost.errors import MigrationError

FUNCTION = "CREATE OR REPLACE FUNCTION {name}() RETURNS integer LANGUAGE sql AS 'SELECT {answer}';\n"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A small sql/: a schema with two functions, and the baseline that includes it, recorded."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "functions" / "shop").mkdir(parents=True)
    for name in ("one", "two"):
        function(tmp_path, name).write_text(FUNCTION.format(name=name, answer=1))
    (tmp_path / "schema.sql").write_text(
        "CREATE TABLE first (id integer);\n\\ir functions/shop/one.sql\n\\ir functions/shop/two.sql\n"
    )
    write(tmp_path, "0001_baseline", "\\ir ../schema.sql\n", "DROP FUNCTION one, two;\nDROP TABLE first;\n")
    assert frozen.record(tmp_path) == ["0001_baseline"]
    return tmp_path


def function(sql: Path, name: str) -> Path:
    return sql / "functions" / "shop" / f"{name}.sql"


def write(sql: Path, name: str, up: str, down: str) -> None:
    (sql / "migrations" / f"{name}.sql").write_text(up)
    (sql / "migrations" / f"{name}.down.sql").write_text(down)


def change(sql: Path, name: str, answer: int, *, back_to: str) -> None:
    """The recipe of sql/README.md, after the freezing."""
    function(sql, name).write_text(FUNCTION.format(name=name, answer=answer))
    version = f"{len(migrations.load(sql / 'migrations')) + 1:04d}"
    up = f"\\ir ../functions/shop/{name}.sql\n"
    write(sql, f"{version}_{name}_answers_{answer}", up, f"\\ir frozen/{back_to}.sql\n")
    assert len(frozen.record(sql)) == 1


def answers(dsn: str) -> tuple[int, ...]:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT one(), two()").fetchone() or ()


def checksums(sql: Path) -> dict[str, str]:
    return {migration.name: migration.sha256 for migration in migrations.load(sql / "migrations")}


def test_a_function_is_changed_by_the_recipe(empty_database_url: str, sql: Path) -> None:
    directory = sql / "migrations"
    migrations.migrate(empty_database_url, directory=directory)

    written = {path.name for path in frozen.freeze("one", sql)}
    assert written == {"0001_baseline.sql", "schema_0001.sql", "one_0001.sql"}
    change(sql, "one", 2, back_to="one_0001")
    assert migrations.migrate(empty_database_url, directory=directory) == ["0002_one_answers_2"]
    assert answers(empty_database_url) == (2, 1)

    assert {path.name for path in frozen.freeze("one", sql)} == {"0002_one_answers_2.sql", "one_0002.sql"}
    change(sql, "one", 3, back_to="one_0002")
    assert {path.name for path in frozen.freeze("two", sql)} == {
        "0001_baseline.sql", "schema_0001.sql", "two_0001.sql",
    }  # fmt: skip
    change(sql, "two", 9, back_to="two_0001")
    assert len(migrations.migrate(empty_database_url, directory=directory)) == 2
    assert answers(empty_database_url) == (3, 9)

    migrations.down(empty_database_url, 2, directory=directory)
    assert answers(empty_database_url) == (2, 1)
    migrations.down(empty_database_url, 1, directory=directory)
    assert answers(empty_database_url) == (1, 1)


def test_a_new_database_ends_with_the_same_schema(empty_database_url: str, sql: Path) -> None:
    before = checksums(sql)
    frozen.freeze("one", sql)
    frozen.freeze("two", sql)
    assert checksums(sql) == before
    change(sql, "one", 2, back_to="one_0001")
    migrations.migrate(empty_database_url, directory=sql / "migrations")
    assert answers(empty_database_url) == (2, 1)


def test_the_schema_itself_is_frozen(sql: Path) -> None:
    before = checksums(sql)
    assert {path.name for path in frozen.freeze("schema", sql)} == {"0001_baseline.sql", "schema_0001.sql"}
    (sql / "schema.sql").write_text("CREATE TABLE another (id integer);\n")
    assert checksums(sql) == before
    frozen.freeze("one", sql)  # of which the copy of the schema is to know
    function(sql, "one").write_text("SELECT 1;")
    assert checksums(sql) == before


def test_a_function_changed_before_it_was_frozen_is_refused(sql: Path) -> None:
    function(sql, "one").write_text(FUNCTION.format(name="one", answer=2))
    with pytest.raises(MigrationError, match="put the old text back"):
        frozen.freeze("one", sql)
    with pytest.raises(MigrationError, match="put the old text back"):
        frozen.record(sql)
    assert not (sql / "migrations" / "frozen").exists()


@pytest.mark.parametrize(("name", "words"), [("none", "has no none"), ("three", "may be changed as it is")])
def test_a_name_without_anything_to_freeze_is_refused(sql: Path, name: str, words: str) -> None:
    function(sql, "three").write_text(FUNCTION.format(name="three", answer=1))
    with pytest.raises(MigrationError, match=words):
        frozen.freeze(name, sql)


def test_every_function_of_ours_can_be_frozen(tmp_path: Path) -> None:
    """All functions are frozen one after another, and no migration changes."""
    sql = tmp_path / "sql"
    shutil.copytree(queries.SQL_DIRECTORY, sql)
    before = checksums(sql)
    names = sorted(path.stem for path in sql.glob("functions/*/*.sql"))
    included = "".join(migration.text for migration in migrations.load(sql / "migrations"))
    for name in names:
        if f"FUNCTION {name}(" in included:
            frozen.freeze(name, sql)
            (path,) = sql.glob(f"functions/*/{name}.sql")
            path.write_text("SELECT 'changed';\n")
    assert checksums(sql) == before
