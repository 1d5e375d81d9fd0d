"""Empties a database to what its migrations left, so that tests can use it one after another.

Creating and dropping a database takes PostgreSQL about a hundred times as long.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql

SEED: Final = "seed"
"""The schema that keeps a copy of every table that has rows in a new database."""
TABLES: Final = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
SEQUENCES: Final = """
SELECT quote_ident(sequencename), start_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
REFUSE_CHANGES: Final = """
CREATE FUNCTION seed.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: a test that changes the schema asks for `database_url` as well', tg_tag;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION seed.refuse();
"""


def keep(dsn: str) -> None:
    """Prepare a new, migrated database for `empty`; no statement can change its schema from now on."""
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE SCHEMA seed")
        for table in tables(connection):
            if connection.execute(_named("SELECT 1 FROM {} LIMIT 1", table)).fetchone():
                connection.execute(_named("CREATE TABLE seed.{0} AS TABLE public.{0}", table))
        connection.execute(REFUSE_CHANGES)


def empty(dsn: str) -> None:
    """Give every table the rows it had when the database was kept, and start the sequences again.

    DELETE, as TRUNCATE takes many times as long for a few rows.
    """
    with psycopg.connect(dsn) as connection:
        connection.execute("SET LOCAL lock_timeout = '30s'")  # a test left a transaction open
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(delete_all(tables(connection)))
        kept = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'seed'::regnamespace"
        ).fetchall()
        for (table,) in kept:
            connection.execute(_named("INSERT INTO public.{0} SELECT * FROM seed.{0}", table))
        for sequence, start in connection.execute(SEQUENCES).fetchall():
            connection.execute("SELECT setval(%s, %s, false)", [sequence, start])


def tables(connection: psycopg.Connection) -> list[str]:
    """Return the tables that the product has."""
    return [name for (name,) in connection.execute(TABLES).fetchall()]


def delete_all(names: list[str]) -> sql.Composed:
    """Return the statements that delete every row of these tables."""
    return sql.SQL("; ").join(_named("DELETE FROM {}", name) for name in names)


def all_rows(table: str) -> sql.Composed:
    """Return the query for a table's rows, each as one text."""
    return _named("SELECT t::text FROM {} AS t ORDER BY 1", table)


def _named(statement: str, table: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(table))  # type: ignore[arg-type] # all written above
