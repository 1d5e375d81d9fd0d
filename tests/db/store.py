"""Helpers for database tests: insert rows, call functions, move time, run callers at once."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from socialboost.db.pool import configure_json

T = TypeVar("T")
Row = dict[str, Any]
PRICE = Decimal("99.99")
SHIFTED = {
    "orders": (
        "activated_at",
        "expires_at",
        "created_at",
        "updated_at",
        "deadline_at",
        "ended_at",
        "invoice_wanted_at",
    ),
    "invoices": ("created_at", "check_at", "expires_at"),
    "payments": ("paid_at", "created_at", "resolved_at"),
    "activations": ("starts_at", "ends_at", "created_at", "revoked_at"),
    "posts": ("created_at", "processed_at"),
    "tasks": ("created_at", "due_at", "lease_until", "sent_at", "asked_at", "completed_at"),
}


class Store:
    """One connection, autocommit; `call` runs one function as one transaction."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        configure_json(self.connection)
        self._numbers = itertools.count(1)

    def call(self, function: str, *arguments: object) -> Any:
        """SELECT function(arguments...): its value."""
        places = sql.SQL(", ").join([sql.Placeholder()] * len(arguments))
        statement = sql.SQL("SELECT {}({}) AS answer").format(sql.Identifier(function), places)
        return self.connection.execute(statement, arguments).fetchone()["answer"]

    def rows(self, statement: str, *arguments: object) -> list[Row]:
        return self.connection.execute(statement, arguments).fetchall()  # type: ignore[arg-type]

    def run(self, statement: str, *arguments: object) -> int:
        return self.connection.execute(statement, arguments).rowcount  # type: ignore[arg-type]

    def value(self, statement: str, *arguments: object) -> Any:
        return next(iter(self.rows(statement, *arguments)[0].values()))

    # --- things of the shop ---

    def package(self, slug: str = "starter", posts_per_day: int = 2, price: Decimal = PRICE) -> str:
        self.run(
            "INSERT INTO packages (slug, name, price, posts_per_day, features) VALUES (%s, %s, %s, %s, %s)",
            slug, slug.title(), price, posts_per_day, {"speed": "30%"},
        )  # fmt: skip
        return slug

    def person(self) -> int:
        """Somebody new; their telegram_id."""
        telegram_id = 1000 + next(self._numbers)
        self.call("register_user", telegram_id, "somebody", "Some", "Body", "uk", None)
        return telegram_id

    def user_id(self, telegram_id: int) -> Any:
        return self.value("SELECT id FROM users WHERE telegram_id = %s", telegram_id)

    def order(self, telegram_id: int, slug: str = "starter", *, invoice: str | None = None) -> str:
        """A pending order, with an invoice if one is named; its id."""
        order_id: str = self.call("create_order", telegram_id, slug)["order_id"]
        if invoice is not None:
            amount = self.value("SELECT amount FROM orders WHERE id = %s", order_id)
            attached = self.call(
                "attach_invoice", order_id, invoice, "USDT", amount, f"https://pay.example/{invoice}", None
            )
            assert attached["success"], attached
        return order_id

    def pay(
        self, invoice: str, order_id: str | None, amount: object = PRICE, asset: str | None = "USDT"
    ) -> Row:
        """A payment event arrives."""
        answer: Row = self.call(
            "apply_payment", "crypto_pay", invoice, order_id, asset, amount, None, "webhook", b"sealed"
        )
        return answer

    def buy(self, telegram_id: int, slug: str = "starter") -> str:
        """An order bought and paid for; its id."""
        invoice = f"I{next(self._numbers)}"
        order_id = self.order(telegram_id, slug, invoice=invoice)
        amount = self.value("SELECT amount FROM orders WHERE id = %s", order_id)
        assert self.pay(invoice, order_id, amount)["outcome"] == "activated"
        return order_id

    def post(
        self,
        telegram_id: int,
        url: str | None = None,
        request_id: str | None = None,
        *,
        platform: str = "telegram",
        rate: tuple[int, int] | None = None,
    ) -> Row:
        """A canonical link is sent, to a shop that takes so many posts in so many seconds; the answer."""
        answer: Row = self.call(
            "add_user_post_v2",
            self.user_id(telegram_id),
            url or f"https://t.me/channel/{next(self._numbers)}",
            platform,
            request_id,
            None,
            *(rate or (None, None)),
        )
        return answer

    def order_row(self, order_id: str) -> Row:
        return self.rows("SELECT * FROM orders WHERE id = %s", order_id)[0]

    def task_row(self, task_id: str) -> Row:
        return self.rows("SELECT * FROM tasks WHERE id = %s", task_id)[0]

    def stats(self, telegram_id: int) -> Row:
        found: Row = self.call("get_user_stats", telegram_id)
        return found

    # --- time ---

    def now(self) -> datetime:
        moment: datetime = self.value("SELECT clock_timestamp()")
        return moment

    def later(self, interval: str) -> None:
        """Let time pass: everything stored happened this much earlier."""
        for table, columns in {
            "orders": (
                "activated_at",
                "expires_at",
                "created_at",
                "deadline_at",
                "ended_at",
                "invoice_wanted_at",
            ),
            "activations": ("starts_at", "ends_at", "created_at"),
            "posts": ("created_at",),
            "tasks": ("created_at", "due_at", "lease_until", "sent_at"),
        }.items():
            moved = ", ".join(f"{column} = {column} - %(passed)s::interval" for column in columns)
            day = ", local_day = local_day(created_at - %(passed)s::interval)" if table == "posts" else ""
            self.connection.execute(
                f"UPDATE {table} SET {moved}{day}",  # type: ignore[arg-type] # noqa: S608 (names above)
                {"passed": interval},
            )

    def shift(self, minutes: int) -> None:
        """Let so many minutes pass, or, below zero, set the clock back; only whole days move a post's day."""
        days = minutes // (24 * 60) if minutes > 0 else 0
        for table, columns in SHIFTED.items():
            moved = ", ".join(f"{c} = {c} - make_interval(mins => %(minutes)s)" for c in columns)
            day = ", local_day = local_day - %(days)s - 100000" if days and table == "posts" else ""
            self.connection.execute(
                f"UPDATE {table} SET {moved}{day}",  # type: ignore[arg-type] # noqa: S608 (names above)
                {"minutes": minutes, "days": days},
            )
        if days:  # by way of days long ago: row by row a link would meet itself on the day it moves to
            self.run("UPDATE posts SET local_day = local_day + 100000")


@contextmanager
def opened(dsn: str) -> Iterator[Store]:
    store = Store(dsn)
    try:
        yield store
    finally:
        store.connection.close()


class _Hold:
    def __init__(self, store: Store | None) -> None:
        self._store = store

    def wait_for(self, count: int) -> None:
        """Wait until so many wait for a lock."""
        deadline = time.monotonic() + 60
        while self._store is not None and self._waiting() < count:
            assert time.monotonic() < deadline, f"only {self._waiting()} of {count} came to the lock"
            time.sleep(0.02)

    def _waiting(self) -> int:
        assert self._store is not None
        waiting: int = self._store.value(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return waiting


@contextmanager
def _held(dsn: str, table: str | None) -> Iterator[_Hold]:
    """Keep everybody from writing to `table` until the end of the block."""
    if table is None:
        yield _Hold(None)
        return
    with opened(dsn) as blocker, opened(dsn) as watcher, blocker.connection.transaction():
        blocker.connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(table)))
        yield _Hold(watcher)


def at_once(dsn: str, count: int, action: Callable[[Store, int], T], *, behind: str | None = None) -> list[T]:
    """Run `action` in `count` threads, each with a connection of its own, all released in one instant.

    With `behind` they are held up at their first write to that table, so that each has read before any of
    them writes: the worst case, not a lucky one.
    """
    barrier = threading.Barrier(count)
    results: list[T | BaseException] = []

    def run(number: int) -> None:
        try:
            with opened(dsn) as store:
                barrier.wait(30)
                results.append(action(store, number))
        except BaseException as error:  # noqa: BLE001 (raised again below, in the test's thread)
            barrier.abort()
            results.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    with _held(dsn, behind) as hold:
        for thread in threads:
            thread.start()
        hold.wait_for(count)
    for thread in threads:
        thread.join(60)
    finished: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        finished.append(result)
    assert len(finished) == count, "a thread did not come back"
    return finished
