"""Measures every named query in a full shop and in a nearly empty one.

`./run bench scale` fills two databases of a PostgreSQL of its own (minutes; with --quick a fiftieth) and runs
each query warm, in turns in the one and the other, as the program does: prepared, its rows read. What a query
changes is rolled back outside the time measured. Needs a superuser if DATABASE_URL names the server.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.results import Cell, Goal, Result, Table
from benchmarks.scale import samples
from benchmarks.scale.fill import Size, fill
from sandbox.servers import PostgresServer, start_postgres
from socialboost.db import migrations, queries

BASE_FACTOR: Final = 0.0001
GOAL: Final = 2.0
FLOOR_MS: Final = 0.1
"""A smaller difference comes from the clock, not from the data."""
DEEP_PAGES: Final = {"get_history, page 400": 2_000, "get_history, page 9999": 49_995}
"""Of somebody with 3,000 entries: beyond the last one a page is empty."""


BY_TRADE: Final = {
    "find_breaches": "costs what happened within a day, however much there was before",
    "find_breaches of a minute": "adds up every balance there is",
    "aim_broadcast": "counts an audience, once for each press of an admin",
}
"""What may cost more in a full shop, and why."""
ROUNDS: Final = 40
WARM: Final = 7

HOW: Final = """\
Medians of {rounds} warm runs, over one connection, of each named query: in a shop of {users:,} users,
{orders:,} orders and up to {posts:,} posts with their payments, activations, invoices, tasks, recipients
and a week of jobs, and in one of a hundred people. `heaviest` is a person with {heavy:,} entries in their
history. The sweeps had caught up. A difference below {floor} ms counts as none. Not measured against the
goal, because they cost what happened and not what there is: {by_trade}."""


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    query: str
    base_ms: float
    full_ms: float

    @property
    def ratio(self) -> float:
        """Return how many times as long in the full shop."""
        return self.full_ms / max(self.base_ms, FLOOR_MS)


@dataclass(frozen=True)
class Case:
    """One query as it is called in each of the two shops."""

    name: str
    query: queries.Query
    extra: dict[str, Any]


class Side:
    """The connection to one of the two shops, and its samples."""

    def __init__(self, dsn: str) -> None:
        self.shop = samples.Shop(dsn)
        self.world = samples.prepare(self.shop)
        samples.catch_up(self.shop)

    def time(self, case: Case) -> float:
        """Milliseconds of one run."""
        arguments = samples.arguments(case.query, self.world) | case.extra
        with self.shop.connection.transaction(force_rollback=True):
            started = time.perf_counter()
            cursor = self.shop.connection.execute(case.query.text, arguments, prepare=True)
            if cursor.description:
                cursor.fetchall()
            return (time.perf_counter() - started) * 1000


def cases() -> list[Case]:
    """Every query of the shop, and the worst a person can ask for."""
    known = queries.load()
    found = [
        Case(name, query, {}) for name, query in known.items() if query.file not in samples.RUN_BY_MIGRATE
    ]
    found += [Case(name, known["get_history"], {"offset": offset}) for name, offset in DEEP_PAGES.items()]
    heaviest, minute_ago = {"telegram_id": samples.HEAVY}, datetime.now(UTC) - timedelta(minutes=1)
    return [
        *found,
        Case("get_user_stats, heaviest", known["get_user_stats"], heaviest),
        Case("get_person, heaviest", known["get_person"], heaviest),
        Case("find_breaches of a minute", known["find_breaches"], {"since": minute_ago}),
    ]


def measure(base: Side, full: Side, rounds: int) -> list[Figure]:
    """Time each case in turns; the worst ratio first."""
    figures = []
    for case in cases():
        times: dict[Side, list[float]] = {base: [], full: []}
        for number in range(rounds + WARM):
            for side, taken in times.items():
                ms = side.time(case)
                if number >= WARM:
                    taken.append(ms)
        figures.append(Figure(case.name, *(statistics.median(times[side]) for side in (base, full))))
    return sorted(figures, key=lambda figure: -figure.ratio)


@contextmanager
def shops(server: PostgresServer, factor: float) -> Iterator[tuple[Side, Side]]:
    """The two databases, filled; gone afterwards."""
    with ExitStack() as stack:
        sides = []
        for share in (BASE_FACTOR, factor):
            name = f"scale_{secrets.token_hex(4)}"
            dsn = server.create_database(name)
            stack.callback(server.drop_database, name)
            migrations.migrate(dsn)
            fill(dsn, share)
            sides.append(Side(dsn))
            stack.callback(sides[-1].shop.connection.close)
        yield sides[0], sides[1]


def run(options: Options) -> Result:
    """Fill, measure, and say what is more than twice as long."""
    factor, rounds = (0.02, 10) if options.quick else (1.0, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="socialboost-scale-") as directory:
        server = start_postgres(Path(directory), fsync=False)
        try:
            with shops(server, factor) as (base, full):
                figures = measure(base, full, rounds)
                entries = len(full.shop.rows("get_history", telegram_id=samples.HEAVY, limit=10**6, offset=0))
        finally:
            server.remove()
    size = Size.of(factor)
    how = HOW.format(
        rounds=rounds, users=size.users, orders=size.orders, posts=size.posts, heavy=entries, floor=FLOOR_MS,
        by_trade="; ".join(f"`{name}` {why}" for name, why in BY_TRADE.items()),
    )  # fmt: skip
    rows: list[list[Cell]] = [[f.query, f.base_ms, f.full_ms, f.ratio] for f in figures]
    table = Table("Each named query, ms", ["query", "empty", "full", "ratio"], rows)
    return Result("scale", [table], [goal(figures)], how, [f"PostgreSQL ({server.rung}, fsync off)"])


def goal(figures: list[Figure]) -> Goal:
    """The worst of what the goal is about."""
    worst = max((f for f in figures if f.query not in BY_TRADE), key=lambda figure: figure.ratio)
    return Goal(
        "a million users, half a million orders, two million posts: any query beside an empty shop",
        f"≤ {GOAL:g}×",
        f"{worst.ratio:.2f}× ({worst.query}: {worst.base_ms:.2f} → {worst.full_ms:.2f} ms)",
        worst.ratio <= GOAL,
    )
