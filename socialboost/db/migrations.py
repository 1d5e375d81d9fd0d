"""Migrates a database to this version of the schema, and back: sql/migrations/NNNN_name[.down].sql.

docs/adr/0003 says why it is our own runner. Its guarantees:
- each file runs in one transaction that also records it, so a file is applied wholly or not at all;
- in the same transaction the rights of functions are set again (settle_rights), because
  `CREATE OR REPLACE` loses them;
- two runners at once are safe: every transaction takes the same advisory lock and reads the state again;
- a file is never changed once applied: the database keeps its SHA-256, which covers the files it includes by
  psql's `\\ir <file>`; an edited, missing or inserted file is refused before anything runs;
- nor once it is recorded: migrations/checksums.txt lists what was recorded (socialboost/db/frozen.py);
- a file whose first line is `-- no-transaction: <why>` holds one statement, runs outside a transaction and
  must be safe to run again, because a crash can come before it is recorded.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import dict_row

from socialboost import logs
from socialboost.db import queries
from socialboost.db.pool import Connection, Statements, connection_string
from socialboost.db.rows.migrations import GetSchemaMigrations
from socialboost.errors import MigrationError, OldDatabaseError

MIGRATIONS: Final = queries.SQL_DIRECTORY / "migrations"
CHECKSUMS: Final = "checksums.txt"
BEFORE_THE_BASELINE: Final = "0001_tables"
"""The first of the migrations that 0001_baseline replaced before the first release."""
DEFAULT_TIMEZONE: Final = "Europe/Kyiv"
WAIT_FOR_OTHER_RUNNER_SECONDS: Final = 120.0
LOCK_TIMEOUT: Final = "4s"
"""A migration that cannot lock its table fails, instead of blocking everybody queued behind it."""

_FILE: Final = re.compile(r"^(?P<version>\d{4})_[a-z0-9_]+\.sql$")
INCLUDE: Final = re.compile(r"^\\ir (\S+)$", re.MULTILINE)
_OUTSIDE: Final = re.compile(r"\A-- no-transaction: \S")

log = logs.get(__name__)


@dataclass(frozen=True)
class Migration:
    """A migration file with its includes inserted."""

    version: int
    name: str
    text: str
    path: Path

    @property
    def sha256(self) -> str:
        """The checksum of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """Return False if its first line says why it cannot run in a transaction."""
        return not _OUTSIDE.match(self.text)

    def way_back(self) -> str:
        """Return the text of its way back. Raises MigrationError if there is none."""
        path = self.path.with_suffix(".down.sql")
        if not path.exists():
            raise MigrationError(f"{self.name} has no way back: {path.name} does not exist")
        return read(path)


@dataclass(frozen=True)
class Entry:
    """One line of `status`: a migration and whether the database has it."""

    version: int
    name: str
    state: str
    """applied, pending, edited (since it was applied) or missing (applied, but its file is gone)."""
    applied_at: datetime | None


def read(path: Path) -> str:
    """Return the file's text with each `\\ir` line replaced by the file it names."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MigrationError(f"{error.filename} is included but does not exist") from None
    return INCLUDE.sub(lambda line: read(path.parent / line[1]).rstrip("\n"), text)


def load(directory: Path = MIGRATIONS) -> list[Migration]:
    """Return the migrations on disk in order.

    Raises MigrationError for a bad name, a number used twice, or a text that differs from checksums.txt.
    """
    found: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        if path.name.endswith(".down.sql"):
            continue
        match = _FILE.match(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not named NNNN_what_it_does.sql")
        version = int(match["version"])
        if version in found:
            raise MigrationError(f"{path.name} and {found[version].path.name} have the same number")
        found[version] = Migration(version, path.stem, read(path), path)
    _refuse_changed(found.values(), recorded_checksums(directory))
    return list(found.values())


def recorded_checksums(directory: Path) -> dict[str, str]:
    """Return the SHA-256 by name from checksums.txt; empty if there is no such file."""
    path = directory / CHECKSUMS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: sha256 for sha256, name in (line.split() for line in lines if not line.startswith("#"))}


def _refuse_changed(found: Iterable[Migration], recorded: dict[str, str]) -> None:
    for migration in found:
        if recorded.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationError(
                f"{migration.name} (or a file it includes) is not what was recorded in {CHECKSUMS}: put the"
                " old text back, `python -m socialboost freeze NAME`, then change it (sql/README.md)"
            )


def migrate(dsn: str, *, timezone: str = DEFAULT_TIMEZONE, directory: Path = MIGRATIONS) -> list[str]:
    """Apply pending migrations, store TIMEZONE, and return the names applied.

    Raises MigrationError if the files and the database disagree, and psycopg.Error if a statement failed.
    Then that file is rolled back and the ones before it stay applied.
    """
    migrations = load(directory)
    applied: list[str] = []
    with _connect(dsn) as connection:
        while (name := _apply_next(connection, dsn, migrations)) is not None:
            applied.append(name)
        _remember_timezone(connection, timezone)
    return applied


def status(dsn: str, *, directory: Path = MIGRATIONS) -> list[Entry]:
    """Return every migration known to the files or the database, in order.

    Raises OldDatabaseError for a database that was made before the baseline.
    """
    with _connect(dsn) as connection:
        rows = _recorded(connection)
    _refuse_old_database(rows)
    recorded = {row["version"]: row for row in rows}
    files = {m.version: m for m in load(directory)}
    return [
        _entry(version, files.get(version), recorded.get(version)) for version in sorted(files | recorded)
    ]


def down(dsn: str, count: int, *, directory: Path = MIGRATIONS) -> list[str]:
    """Undo the last `count` migrations, newest first; return their names."""
    undone: list[str] = []
    with _connect(dsn) as connection:
        while len(undone) < count and (name := _undo_last(connection, load(directory))) is not None:
            undone.append(name)
    return undone


def _apply_next(connection: Connection, dsn: str, migrations: list[Migration]) -> str | None:
    """Apply the first pending migration under the lock. Returns None if there is none."""
    with _locked(connection) as statements:
        statements.run("create_schema_migrations")
        recorded = statements.many("get_schema_migrations")
        _refuse_disagreement(migrations, recorded)
        done = {row["version"] for row in recorded}
        migration = next((m for m in migrations if m.version not in done), None)
        if migration is None:
            return None
        started = time.monotonic()
        if migration.in_transaction:
            connection.execute(migration.text.encode())
        else:  # on a connection of its own, while this one keeps the lock
            with _connect(dsn) as outside:
                outside.execute(migration.text.encode())
        _settle_rights(statements)
        statements.run(
            "record_migration", version=migration.version, name=migration.name, sha256=migration.sha256
        )
    log.info("migration_applied", name=migration.name, ms=round((time.monotonic() - started) * 1000))
    return migration.name


def _undo_last(connection: Connection, migrations: list[Migration]) -> str | None:
    with _locked(connection) as statements:
        recorded = _recorded(connection)
        _refuse_disagreement(migrations, recorded)
        if not recorded:
            return None
        migration = next(m for m in migrations if m.version == recorded[-1]["version"])
        connection.execute(migration.way_back().encode())
        _settle_rights(statements)
        statements.run("forget_migration", version=migration.version)
    log.info("migration_undone", name=migration.name)
    return migration.name


def _settle_rights(statements: Statements) -> None:
    if statements.value("knows_rights"):
        statements.value("settle_rights")


def _refuse_old_database(recorded: list[GetSchemaMigrations]) -> None:
    if any(row["name"] == BEFORE_THE_BASELINE for row in recorded):
        raise OldDatabaseError(
            f"this database was made by migrations from before the first release ({BEFORE_THE_BASELINE} and"
            " those after it), from which no way leads here: save what you need with pg_dump, let"
            " DATABASE_URL name a new, empty database, and run `migrate` and `seed` there"
        )


def _refuse_disagreement(migrations: list[Migration], recorded: list[GetSchemaMigrations]) -> None:
    _refuse_old_database(recorded)
    files = {m.version: m for m in migrations}
    for row in recorded:
        state = _entry(row["version"], files.get(row["version"]), row).state
        if state == "missing":
            raise MigrationError(
                f"{row['name']} was applied here but its file is missing: this code is older than the "
                "database; deploy the newer code, or undo the migration with it first"
            )
        if state == "edited":
            raise MigrationError(
                f"{row['name']} (or a function it includes) was edited after it was applied on "
                f"{row['applied_at']:%Y-%m-%d}; put the old text back and write a new migration"
            )
    newest = max((row["version"] for row in recorded), default=0)
    for version in sorted(files.keys() - {row["version"] for row in recorded}):
        if version < newest:
            raise MigrationError(f"{files[version].name} was added before ones already applied; renumber it")


def _entry(version: int, file: Migration | None, row: GetSchemaMigrations | None) -> Entry:
    if row is None:
        assert file is not None  # noqa: S101 (the version came from one of the two)
        return Entry(version, file.name, "pending", None)
    if file is None:
        return Entry(version, row["name"], "missing", row["applied_at"])
    state = "applied" if (file.name, file.sha256) == (row["name"], row["sha256"]) else "edited"
    return Entry(version, row["name"], state, row["applied_at"])


def _recorded(connection: Connection) -> list[GetSchemaMigrations]:
    statements = Statements(connection)
    if not statements.value("has_schema_migrations"):
        return []
    return statements.many("get_schema_migrations")


def _remember_timezone(connection: Connection, timezone: str) -> None:
    """Store the zone of the daily limit for SQL. Raises MigrationError if the server does not know it."""
    statements = Statements(connection)
    if not statements.value("has_settings"):  # not this product's migrations
        return
    if not statements.value("knows_timezone", timezone=timezone):
        raise MigrationError(f"TIMEZONE: this PostgreSQL does not know {timezone!r}")
    statements.run("put_setting", key="timezone", value=timezone)


@contextmanager
def _connect(dsn: str) -> Iterator[Connection]:
    url, _ = connection_string(dsn)
    with psycopg.Connection.connect(
        url, autocommit=True, connect_timeout=10, row_factory=dict_row, prepare_threshold=None
    ) as connection:
        yield connection


@contextmanager
def _locked(connection: Connection) -> Iterator[Statements]:
    """Open a transaction that holds the runners' lock.

    The lock is polled for in short transactions: a runner that slept inside one would hold a snapshot, and
    a CREATE INDEX CONCURRENTLY of the runner it waits for would wait for that snapshot in turn.
    """
    deadline = time.monotonic() + WAIT_FOR_OTHER_RUNNER_SECONDS
    while True:
        with connection.transaction():
            statements = Statements(connection)
            if statements.value("try_migration_lock", lock_timeout=LOCK_TIMEOUT):
                yield statements
                return
        if time.monotonic() > deadline:
            raise MigrationError("another migration has been running for two minutes; try again later")
        time.sleep(0.1)
