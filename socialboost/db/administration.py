"""What the database's owner runs beside migrations: the seeds, a restore noted, the schema as one text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from socialboost.db import migrations
from socialboost.db.pool import Statements, connection_string
from socialboost.db.queries import SQL_DIRECTORY
from socialboost.errors import MigrationError

SCHEMA: Final = SQL_DIRECTORY / "schema.sql"
_SEEDS: Final = SQL_DIRECTORY / "seeds"


def seed(dsn: str, *, test_data: bool = False) -> dict[str, int]:
    """Add the specification's packages if there are none, and its test people if asked; rows added by file.

    Safe to repeat: what is there stays as it is.
    """
    names = ["packages", "test_data"] if test_data else ["packages"]
    url, _ = connection_string(dsn)
    with psycopg.connect(url, connect_timeout=10) as connection:
        return {name: connection.execute((_SEEDS / f"{name}.sql").read_bytes()).rowcount for name in names}


def note_restore(dsn: str, at: datetime | None, actors: Sequence[str]) -> dict[str, Any] | None:
    """Note that the database was restored from a copy, and hold back what the one before may have told since.

    `at` is until when that one may have told anybody anything, now if None; `actors` send messages. Returns
    {restored_at, messages, notices, broadcasts}: the moment, and how many of each wait for a person; None for
    a moment that is yet to come. MigrationError for a copy that is older than this program.
    """
    url, _ = connection_string(dsn)
    with psycopg.connect(url, connect_timeout=10, row_factory=dict_row) as connection:
        try:
            noted = Statements(connection).value("note_restore", at=at, actors=list(actors))
        except (psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedTable) as error:
            raise MigrationError(
                "the database is older than this program: run `python -m socialboost migrate` first"
            ) from error
    return dict(noted) if noted else None


def schema() -> str:
    """Return sql/schema.sql with its includes written out: one text for a console that knows no `\\ir`."""
    return migrations.read(SCHEMA)
