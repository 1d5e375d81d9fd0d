"""Commands of the database's owner besides migrations: seed, record a restore, admins, print the schema."""

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
BY_COMMAND: Final = 0
"""The admin id in audit entries of commands run on the server."""


def seed(dsn: str, *, test_people_speak: str | None = None) -> dict[str, int]:
    """Add the specification's packages if there are none, test people if a language is given. Rows by file.

    Safe to repeat: existing rows are not changed.
    """
    wanted: dict[str, dict[str, str] | None] = {"packages": None}
    if test_people_speak is not None:
        wanted["test_data"] = {"language": test_people_speak}
    url, _ = connection_string(dsn)
    with psycopg.connect(url, connect_timeout=10) as connection:
        return {
            name: connection.execute((_SEEDS / f"{name}.sql").read_bytes(), values).rowcount
            for name, values in wanted.items()
        }


def note_restore(dsn: str, at: datetime | None, actors: Sequence[str]) -> dict[str, Any] | None:
    """Record a restore from a backup, and withhold the messages that may have been sent since the backup.

    `at` is the latest time at which the lost database may have sent messages, now if None. `actors` are the
    actors that send messages. Returns {restored_at, messages, notices, broadcasts}: the time, and how many
    of each wait for an admin; None for a time in the future. Raises MigrationError for a backup older than
    this program.
    """
    noted = _ask(dsn, "note_restore", at=at, actors=list(actors))
    return dict(noted) if noted else None


def set_admin(dsn: str, telegram_id: int, role: str) -> bool:
    """Give a person a role, with an audit entry. Returns False if they have it already."""
    return bool(_ask(dsn, "set_admin", telegram_id=telegram_id, role=role, by=BY_COMMAND))


def remove_admin(dsn: str, telegram_id: int) -> bool:
    """Remove a person's role, with an audit entry. Returns False if they had none."""
    return bool(_ask(dsn, "remove_admin", telegram_id=telegram_id, by=BY_COMMAND))


def _ask(dsn: str, name: str, **values: object) -> Any:
    """Return a statement's value. Raises MigrationError if the database is older than its function."""
    url, _ = connection_string(dsn)
    with psycopg.connect(url, connect_timeout=10, row_factory=dict_row) as connection:
        try:
            return Statements(connection).value(name, **values)
        except (psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedTable) as error:
            raise MigrationError(
                "the database is older than this program: run `python -m socialboost migrate` first"
            ) from error


def schema() -> str:
    """Return sql/schema.sql with its includes inserted, for a console without `\\ir`."""
    return migrations.read(SCHEMA)
