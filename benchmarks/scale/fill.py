"""Fills a migrated, empty database with two years of a shop: people, orders, money, posts, tasks, jobs.

    python -m benchmarks.scale.fill DSN [--factor 0.02]

Factor 1 is 1,000,000 users, 500,000 orders and some 2,000,000 posts, each with what belongs to it: an invoice
an order, a payment and an activation for what was paid, a task a post, a week of settled jobs. The rows are
consistent (find_breaches finds nothing) and the same for the same factor, but for the moment they are counted
from. It needs a superuser: the rows come in without their triggers, and are counted at the end.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from socialboost.db import queries

STATEMENTS: Final = {
    query.name: query
    for query in queries.parse(Path(__file__).with_name("fill.sql").read_text(encoding="utf-8"), "fill.sql")
}
CHUNK: Final = 50_000
PAID_SHARE: Final = 0.64
HEAVY_ORDERS: Final = 72
"""Orders of the one person who buys most: three packages running at a time, for two years."""


@dataclass(frozen=True)
class Size:
    """How many rows the large tables get."""

    users: int
    orders: int
    posts: int
    jobs: int

    @classmethod
    def of(cls, factor: float) -> Size:
        """The full shop times `factor`."""
        return cls(*(max(100, round(rows * factor)) for rows in (1_000_000, 500_000, 2_000_000, 300_000)))

    @property
    def arguments(self) -> dict[str, int]:
        """Return what the statements of fill.sql are told."""
        return {
            "users": self.users,
            "orders": self.orders,
            "jobs": self.jobs,
            "each": round(self.posts / (self.orders * PAID_SHARE)),
            "heavy": max(50, self.orders // HEAVY_ORDERS // 100 * 100),
        }


def fill(dsn: str, factor: float, say: Callable[[str], None] = print) -> None:
    """Fill the database; says how long each table took."""
    size = Size.of(factor)
    chunked = [
        ("fill_users", size.users), ("fill_balance_entries", 0), ("plan_orders", 0), ("index_plan", 0),
        ("fill_orders", size.orders), ("fill_invoices", size.orders), ("fill_payments", size.orders),
        ("fill_refunds", 0), ("fill_decisions", 0), ("fill_activations", size.orders),
        ("fill_posts", size.orders), ("fill_tasks", size.orders), ("fill_broadcast", 0),
        ("fill_recipients", size.users), ("fill_jobs_of_payments", 0), ("fill_jobs_of_tasks", 0),
        ("fill_jobs_of_people", size.jobs), ("recount", 0), ("vacuum", 0),
    ]  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(STATEMENTS["make_packages"].text, {})
        connection.execute(STATEMENTS["set_triggers"].text)
        for name, rows in chunked:
            started = time.monotonic()
            written = _run(connection, name, rows, size.arguments)
            say(f"{name:<24}{written:>12,} rows {time.monotonic() - started:>8.1f} s")


def _run(connection: psycopg.Connection, name: str, rows: int, arguments: dict[str, int]) -> int:
    statement = STATEMENTS[name].text
    if not rows:
        return max(connection.execute(statement, arguments or None).rowcount, 0)
    return sum(
        connection.execute(
            statement, arguments | {"first": first, "last": min(first + CHUNK - 1, rows)}
        ).rowcount
        for first in range(1, rows + 1, CHUNK)
    )


def main() -> None:
    """Fill what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dsn")
    parser.add_argument("--factor", type=float, default=1.0)
    options = parser.parse_args()
    fill(options.dsn, options.factor)


if __name__ == "__main__":
    main()
