"""The connection pool and the transaction: named queries in, dicts and Decimals out.

    with db.transaction() as tx:
        order = tx.one("get_order", order_id=..., telegram_id=...)
        tx.after_commit(wake_up)          # runs once the COMMIT was answered

An error during COMMIT raises although the server may have committed: callers are idempotent and re-read
by key. No call waits longer than the limits below.

A pooler between us and the server (PgBouncer, Supabase's) may give every transaction another session. Then
nothing is prepared and the limits are set in each transaction. A pooler is detected in two ways: a new
connection is greeted by one server process and served by another, or a prepared statement is unknown.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any, Final, Self, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import errors as postgres
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import JsonbDumper, set_json_loads
from psycopg_pool import ConnectionPool

from socialboost import logs
from socialboost.db import meanings, queries
from socialboost.db.answers import Values
from socialboost.db.reads import Reads
from socialboost.db.silence import SilenceWatch
from socialboost.errors import SettingsError
from socialboost.logs import tally
from socialboost.queue.latch import Latch

STATEMENT_TIMEOUT: Final = "5s"
LOCK_TIMEOUT: Final = "2s"
IDLE_IN_TRANSACTION_TIMEOUT: Final = "10s"
CONNECT_TIMEOUT_SECONDS: Final = 5
WAIT_FOR_CONNECTION_SECONDS: Final = 5.0
_TCP_LIMITS: Final = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,  # ms
}
"""A silently cut connection is noticed in about ten seconds instead of two hours."""
_RETRY_SECONDS: Final = 0.5
"""Between two tries of a server that is down. One thread tries, the others fail at once."""
PREPARE_AFTER: Final = 5
"""Runs of a query on one connection before it is prepared. Preparing is a round trip of its own, which a
query that seldom runs does not earn back (docs/performance.md)."""
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
"""Queries that every worker runs every few seconds, mostly without effect: logged at DEBUG."""

_OTHER_SESSION: Final = (postgres.DuplicatePreparedStatement, postgres.InvalidSqlStatementName)
"""A prepared statement was sent to another session than the one it was prepared in, and was not executed."""

T = TypeVar("T")
Connection = psycopg.Connection[DictRow]

log = logs.get(__name__)


class DatabaseAwayError(psycopg.OperationalError):
    """The database was down a moment ago and is not tried again yet."""


class PoolerFoundError(psycopg.OperationalError):
    """A pooler gave the transaction another session. Nothing was committed; run it again."""


def connection_string(dsn: str) -> tuple[str, bool]:
    """Return the URL for libpq, and True if the operator declares a transaction pooler.

    It is declared by `?pgbouncer=true`, which libpq would refuse. Otherwise a pooler is detected.
    """
    parts = urlsplit(dsn)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    marked = any(name == "pgbouncer" and value == "true" for name, value in pairs)
    kept = [(name, value) for name, value in pairs if name != "pgbouncer"]
    return urlunsplit(parts._replace(query=urlencode(kept))), marked


def configure_json(connection: psycopg.Connection[Any]) -> None:
    """Adapt dicts to jsonb, and parse numbers in JSON as Decimal (by default psycopg makes floats)."""
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
    connection.adapters.register_dumper(dict, JsonbDumper)


def _name_statements_apart(connection: psycopg.Connection[Any]) -> None:
    """Give the connection's prepared statements unique names.

    psycopg counts from 0 in each. Where a pooler mixes sessions, one connection's `_pg3_0` would then run
    another's statement without any error. With unique names the statement is unknown there, which raises.
    """
    connection._prepared._prepared_idx = secrets.randbits(48)


def _refusal() -> Exception:
    return DatabaseAwayError("the database was away a moment ago")


class Statements(Reads, Values):
    """Runs named queries on one connection and remembers their names for the log."""

    def __init__(self, connection: Connection, watch: SilenceWatch | None = None) -> None:
        self._connection = connection
        self._watch = watch
        self.names: list[str] = []

    def _value(self, name: str, arguments: dict[str, object]) -> Any:
        row = self._execute(queries.get(name, "value"), arguments).fetchone()
        return next(iter(row.values())) if row else None

    def run(self, name: str, /, **arguments: object) -> int:
        """Run a `:run` query; return how many rows it touched."""
        return self._execute(queries.get(name, "run"), arguments).rowcount

    def _one(self, name: str, arguments: dict[str, object]) -> Any:
        return self._execute(queries.get(name, "one"), arguments).fetchone()

    def _many(self, name: str, arguments: dict[str, object]) -> Any:
        return self._execute(queries.get(name, "many"), arguments).fetchall()

    def _execute(self, query: queries.Query, arguments: dict[str, object]) -> psycopg.Cursor[DictRow]:
        self.names.append(query.name)
        if self._watch is None:
            return self._connection.execute(query.text, arguments)
        self._watch.progressed(self._connection)
        cursor = self._connection.execute(query.text, arguments)
        self._watch.progressed(self._connection)
        return cursor


class Transaction(Statements):
    """An open transaction of `Database.transaction`."""

    def __init__(self, connection: Connection, watch: SilenceWatch | None = None) -> None:
        super().__init__(connection, watch)
        self.hooks: list[Callable[[], object]] = []

    def after_commit(self, hook: Callable[[], object]) -> None:
        """Call `hook` after the COMMIT was answered, never after a rollback.

        A hook must not raise: the work it announces is in the database and will be found there.
        """
        self.hooks.append(hook)


class Database(Reads, Values):
    """A pool of connections to one database; open it by `with`, or by `open` and `close`.

    `one`, `many`, `value` and `run` each have a transaction of their own.
    """

    def __init__(self, dsn: str, *, pool_size: int = 8, application_name: str = "socialboost") -> None:
        url, self.pooled = connection_string(dsn)
        self._found = threading.Lock()
        self._watch = SilenceWatch()
        # One lost connection proves nothing: poolers and administrators end them.
        self._latch = Latch(meanings.is_unreachable, _refusal, pause_seconds=_RETRY_SECONDS, failures=2)
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
                "prepare_threshold": PREPARE_AFTER,
                **_TCP_LIMITS,
            },
        )

    def open(self) -> Self:
        """Connect and check the server.

        Raises psycopg.OperationalError if it is down or the URL is wrong, and SettingsError if it would
        answer COMMIT before the commit is durable."""
        self._watch.start()
        try:
            self._pool.open(wait=True, timeout=WAIT_FOR_CONNECTION_SECONDS)
        except psycopg.Error:
            self.close()
            raise
        mode = self.value("get_synchronous_commit")
        if mode == "off":
            self.close()
            raise SettingsError("DATABASE_URL: this server has synchronous_commit=off; it must be on")
        return self

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._pool.close()
        self._watch.stop()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _value(self, name: str, arguments: dict[str, object]) -> Any:
        return self._once(lambda statement: statement._value(name, arguments))

    def run(self, name: str, /, **arguments: object) -> int:
        """`Transaction.run` in a transaction of its own."""
        return self._once(lambda statement: statement.run(name, **arguments))

    def _one(self, name: str, arguments: dict[str, object]) -> Any:
        return self._once(lambda statement: statement._one(name, arguments))

    def _many(self, name: str, arguments: dict[str, object]) -> Any:
        return self._once(lambda statement: statement._many(name, arguments))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction; commit at the end of the block, then run its hooks; roll back on an error."""
        started = time.monotonic()
        try:
            with self._connection() as connection:
                tx = Transaction(connection, self._watch)
                with connection.transaction():
                    self._limit_transaction(connection)
                    yield tx
                    if connection.closed:  # psycopg would leave the block as if it had committed
                        raise psycopg.OperationalError("the connection was lost before COMMIT")
        except _OTHER_SESSION as error:
            self._found_pooler(type(error).__name__)
            raise PoolerFoundError("a pooler gave this transaction another session") from error
        self._log_commit(tx, started)
        for hook in tx.hooks:
            hook()

    def _once(self, run: Callable[[Statements], T]) -> T:
        """Run one statement. Run it again if a pooler gave it another session, which did not execute it."""
        try:
            with self._statement() as statement:
                return run(statement)
        except _OTHER_SESSION as error:
            self._found_pooler(type(error).__name__)
        except PoolerFoundError:
            log.info("statement_repeated")
        with self._statement() as statement:
            return run(statement)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection. It prepares nothing once a pooler was detected.

        Raises DatabaseAwayError at once while the server is known to be down. A session that has become
        useless is closed with all idle ones, because they are probably useless too.
        """
        with self._latch.passing(), self._pool.connection() as connection:
            if self.pooled:
                connection.prepare_threshold = None
            self._watch.lent(connection)
            try:
                yield connection
            except psycopg.Error as error:
                if meanings.ends_session(error):
                    log.warning("sessions_replaced", sqlstate=error.sqlstate)
                    connection.close()
                    self._pool.drain()
                raise
            finally:
                self._watch.returned(connection)

    @contextmanager
    def _statement(self) -> Iterator[Statements]:
        """Run one statement as its own transaction (autocommit): one round trip instead of three."""
        if self.pooled:  # the limits must be set in the same transaction as the statement
            with self.transaction() as tx:
                yield tx
            return
        started = time.monotonic()
        with self._connection() as connection:
            statements = Statements(connection, self._watch)
            yield statements
        self._log_commit(statements, started)

    def _configure(self, connection: Connection) -> None:
        configure_json(connection)
        _name_statements_apart(connection)
        self._watch.lent(connection)
        try:
            if not self.pooled:
                self._look_for_pooler(connection)
            if not self.pooled:
                self._limit(connection, local=False)
        finally:
            self._watch.returned(connection)

    def _look_for_pooler(self, connection: Connection) -> None:
        if Statements(connection).value("get_backend_pid") != connection.info.backend_pid:
            self._found_pooler("another server process answers than the one that greeted")

    def _found_pooler(self, how: str) -> None:
        """Stop preparing statements on all connections, and replace idle ones that have prepared some."""
        with self._found:
            if self.pooled:
                return
            self.pooled = True
        log.warning("transaction_pooler_found", how=how, effect="no prepared statements from now on")
        self._pool.drain()

    def _limit_transaction(self, connection: Connection) -> None:
        """Set the limits in this transaction: behind a pooler each transaction may use another session."""
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
        is_told = tally.add("transactions", ms) or ROUTINE.issuperset(statements.names)
        write = log.debug if is_told else log.info
        write("transaction_committed", queries=statements.names, ms=ms)
