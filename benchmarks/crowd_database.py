"""Measures how long an outage of PostgreSQL lasts for people: a read-only and a silent database."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Final

import psycopg
import requests
from psycopg import sql

from benchmarks import notices, webhooks
from benchmarks.database_orders import Pending
from benchmarks.results import Goal, Table
from benchmarks.running import NotMeasuredError, wait_until
from benchmarks.worlds import world
from sandbox.silent_way import SilentWay
from sandbox.world import ADMIN_ID, World

PAID: Final = 5
"""Orders that are paid while nothing can be written."""
LONG_SECONDS: Final = 120.0
AWAY: Final = "PostgreSQL недоступний"

Row = tuple[str, float, float]
"""A case, how many seconds it took, and how many it may take."""


def measure(running: World, pending: list[Pending]) -> list[Row]:
    """Make the world's database read-only, and a second world's connections silent."""
    return [*_beside_read_only(running, pending), _beside_silence()]


def table(rows: list[Row]) -> Table:
    """The rows as they are printed."""
    columns = ("what", "seconds", "goal")
    return Table("An outage of PostgreSQL; seconds", columns, rows)


def goals(rows: list[Row]) -> list[Goal]:
    """One for each row."""
    return [Goal(what, f"≤ {goal:.0f} s", f"{took:.1f} s", took <= goal) for what, took, goal in rows]


def _beside_read_only(running: World, pending: list[Pending]) -> list[Row]:
    url = running.web_url
    wait_until(lambda: _health(url) == 200, LONG_SECONDS, "a healthy beginning")
    paid = _count_paid(running)
    with _read_only(running):
        began = time.monotonic()
        unwell = _seconds_until(lambda: _health(url) == 503, began)
        told = _seconds_until(lambda: _is_told(running), began)
        _pay(running, pending)
    ended = time.monotonic()
    active = _seconds_until(lambda: _count_paid(running) >= paid + PAID, ended)
    return [
        ("a read-only database: /health says 503", unwell, 10.0),
        ("a read-only database: the admins are told", told, 10.0),
        ("a read-only database: what was paid meanwhile is active, after its end", active, 5.0),
    ]


def _beside_silence() -> Row:
    ways: list[SilentWay] = []

    def between(starting: World) -> dict[str, str]:
        ways.append(SilentWay(starting.worker_database_url))
        return {"DATABASE_URL": ways[0].url}

    with world(between=between) as running:
        pending = webhooks.orders(running, PAID)
        ways[0].freeze()
        began = time.monotonic()
        _pay(running, pending)
        took = _seconds_until(lambda: _count_paid(running) >= PAID, began)
    ways[0].close()
    return "connections to PostgreSQL fall silent: what is paid then is active", took, 15.0


@contextlib.contextmanager
def _read_only(running: World) -> Iterator[None]:
    """As after a failover to a standby: new sessions cannot write, and there are only new ones."""
    with psycopg.connect(running.database_url, autocommit=True) as owner:
        name = sql.Identifier(owner.info.dbname)
        owner.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        try:
            yield
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))


def _pay(running: World, pending: list[Pending]) -> None:
    for _ in range(PAID):
        body = notices.paid(pending.pop())
        headers = notices.headers(running.secrets["CRYPTOBOT_TOKEN"], body)
        answer = requests.post(f"{running.web_url}/webhook/cryptobot", data=body, headers=headers, timeout=10)
        answer.raise_for_status()


def _count_paid(running: World) -> int:
    with psycopg.connect(running.database_url) as connection:
        row = connection.execute(webhooks.COUNT_PAID.read_text(encoding="utf-8")).fetchone()
        return 0 if row is None else int(row[0])


def _health(url: str) -> int:
    return requests.get(f"{url}/health", timeout=30).status_code


def _is_told(running: World) -> bool:
    chat = requests.get(f"{running.telegram_url}/sim/people/{ADMIN_ID}/messages", timeout=30).json()
    return any(AWAY in message["text"] for message in chat["messages"])


def _seconds_until(ready: Callable[[], bool], began: float) -> float:
    """Seconds since `began`; LONG_SECONDS when it never came."""
    with contextlib.suppress(NotMeasuredError):
        wait_until(ready, LONG_SECONDS, "what was measured")
    return min(time.monotonic() - began, LONG_SECONDS)
