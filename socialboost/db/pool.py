"""The connection pool and the transaction: named queries in, dicts and Decimals out.

    with db.transaction() as tx:
        order = tx.one("get_order", order_id=..., telegram_id=...)
        tx.after_commit(wake_up)          # runs once the COMMIT was answered

An error during COMMIT raises although the server may have committed: callers are idempotent and re-read
by key. Nothing here waits longer than the limits below.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import JsonbDumper, set_json_loads
from psycopg_pool import ConnectionPool

from socialboost import logs
from socialboost.db import queries
from socialboost.errors import SettingsError

STATEMENT_TIMEOUT: Final = "5s"
LOCK_TIMEOUT: Final = "2s"
IDLE_IN_TRANSACTION_TIMEOUT: Final = "10s"
CONNECT_TIMEOUT_SECONDS: Final = 5
WAIT_FOR_CONNECTION_SECONDS: Final = 5.0
TRANSACTION_POOLER_PORT: Final = 6543
"""Supabase's transaction pooler listens there."""
ROUTINE: Final = frozenset(
    {
        "sweep_jobs",
        "renew_leases",
        "ping",
        "beat",
        "take_lease",
        "get_due_invoices",
        "get_unverified_payments",
        "ask_about_silent_tasks",
        "count_recent_sources",
    }
)
"""Run every few seconds in every worker, mostly for nothing: logged at DEBUG."""

Row = dict[str, Any]
Connection = psycopg.Connection[DictRow]

log = logs.get(__name__)


def connection_string(dsn: str) -> tuple[str, bool]:
    """Return the URL libpq understands, and whether a transaction pooler stands between.

    A pooler is known by Supabase's port or by `?pgbouncer=true`, which libpq itself would refuse.
    """
    parts = urlsplit(dsn)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    marked = any(name == "pgbouncer" and value == "true" for name, value in pairs)
    kept = [(name, value) for name, value in pairs if name != "pgbouncer"]
    url = urlunsplit(parts._replace(query=urlencode(kept)))
    return url, marked or parts.port == TRANSACTION_POOLER_PORT


def configure_json(connection: psycopg.Connection[Any]) -> None:
    """Take a dict as jsonb; read numbers in JSON as Decimal (psycopg alone would make floats of money)."""
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
    connection.adapters.register_dumper(dict, JsonbDumper)


class Statements:
    """Runs named queries on one connection and remembers their names for the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.names: list[str] = []

    def one(self, name: str, /, **arguments: object) -> Row | None:
        """Return the row of a `:one` query, or None."""
        return self._execute(queries.get(name, "one"), arguments).fetchone()

    def many(self, name: str, /, **arguments: object) -> list[Row]:
        """Return the rows of a `:many` query."""
        return self._execute(queries.get(name, "many"), arguments).fetchall()

    def value(self, name: str, /, **arguments: object) -> Any:
        """Return the first column of a `:value` query's row; None without a row."""
        row = self._execute(queries.get(name, "value"), arguments).fetchone()
        return next(iter(row.values())) if row else None

    def run(self, name: str, /, **arguments: object) -> int:
        """Run a `:run` query; return how many rows it touched."""
        return self._execute(queries.get(name, "run"), arguments).rowcount

    def _execute(self, query: queries.Query, arguments: dict[str, object]) -> psycopg.Cursor[DictRow]:
        self.names.append(query.name)
        return self._connection.execute(query.text, arguments)


class Transaction(Statements):
    """An open transaction of `Database.transaction`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.hooks: list[Callable[[], object]] = []

    def after_commit(self, hook: Callable[[], object]) -> None:
        """Call `hook` once the COMMIT was answered, never after a rollback.

        A hook does not raise: what it wakes up is in the database already and will be found there.
        """
        self.hooks.append(hook)


class Database:
    """A pool of connections to one database; open it by `with`, or by `open` and `close`."""

    def __init__(self, dsn: str, *, pool_size: int = 8, application_name: str = "socialboost") -> None:
        url, self.pooled = connection_string(dsn)
        self._application_name = f"{application_name}:{os.getpid()}"
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=WAIT_FOR_CONNECTION_SECONDS,
            name=application_name,
            configure=self._configure,
            connection_class=Connection,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                "prepare_threshold": None if self.pooled else 5,
            },
        )

    def open(self) -> Self:
        """Connect and check the server. psycopg.OperationalError if it is away or the URL is wrong;
        SettingsError if it would answer COMMIT before the commit is durable."""
        self._pool.open(wait=True, timeout=WAIT_FOR_CONNECTION_SECONDS)
        mode = self.value("get_synchronous_commit")
        if mode == "off":
            self.close()
            raise SettingsError("DATABASE_URL: this server has synchronous_commit=off; it must be on")
        return self

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def one(self, name: str, /, **arguments: object) -> Row | None:
        """`Transaction.one` in a transaction of its own."""
        with self._statement() as statement:
            return statement.one(name, **arguments)

    def many(self, name: str, /, **arguments: object) -> list[Row]:
        """`Transaction.many` in a transaction of its own."""
        with self._statement() as statement:
            return statement.many(name, **arguments)

    def value(self, name: str, /, **arguments: object) -> Any:
        """`Transaction.value` in a transaction of its own."""
        with self._statement() as statement:
            return statement.value(name, **arguments)

    def run(self, name: str, /, **arguments: object) -> int:
        """`Transaction.run` in a transaction of its own."""
        with self._statement() as statement:
            return statement.run(name, **arguments)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction; commit at the end of the block, then run its hooks; roll back on an error."""
        started = time.monotonic()
        with self._pool.connection() as connection:
            tx = Transaction(connection)
            with connection.transaction():
                self._limit_transaction(connection)
                yield tx
                if connection.closed:  # psycopg would leave the block as if it had committed
                    raise psycopg.OperationalError("the connection was lost before COMMIT")
        self._log_commit(tx, started)
        for hook in tx.hooks:
            hook()

    @contextmanager
    def _statement(self) -> Iterator[Statements]:
        """One statement is its own transaction (autocommit): one round trip instead of three."""
        if self.pooled:  # the limits must travel in the same transaction as the statement
            with self.transaction() as tx:
                yield tx
            return
        started = time.monotonic()
        with self._pool.connection() as connection:
            statements = Statements(connection)
            yield statements
        self._log_commit(statements, started)

    def _configure(self, connection: Connection) -> None:
        configure_json(connection)
        if not self.pooled:
            self._limit(connection, local=False)

    def _limit_transaction(self, connection: Connection) -> None:
        """Through a transaction pooler every transaction may meet another session."""
        if self.pooled:
            self._limit(connection, local=True)

    def _limit(self, connection: Connection, *, local: bool) -> None:
        Statements(connection).run(
            "set_session_limits",
            statement_timeout=STATEMENT_TIMEOUT,
            lock_timeout=LOCK_TIMEOUT,
            idle_timeout=IDLE_IN_TRANSACTION_TIMEOUT,
            application_name=self._application_name,
            local=local,
        )

    @staticmethod
    def _log_commit(statements: Statements, started: float) -> None:
        ms = round((time.monotonic() - started) * 1000, 3)
        write = log.debug if ROUTINE.issuperset(statements.names) else log.info
        write("transaction_committed", queries=statements.names, ms=ms)
