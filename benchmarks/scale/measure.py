"""Time every named query in a full shop beside a nearly empty one.

    python -m benchmarks.scale.measure [--factor 1] [--rounds 40] [--json FILE] [--keep DIRECTORY]

Starts a PostgreSQL of its own, fills one database with a hundred people and one with the full size times
`factor`, and runs each query warm, in turns in the one and the other, as the program runs it: prepared, its
rows read, over one connection. What a query changes is rolled back outside the time measured. Prints medians
and their ratio; with DATABASE_URL set it uses that server (as a superuser). `--keep` leaves the filled
databases there for the next run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.scale import samples
from benchmarks.scale.fill import fill
from sandbox.servers import PostgresServer, start_postgres
from socialboost.db import migrations, queries

BASE_FACTOR: Final = 0.0001
GOAL: Final = 2.0
FLOOR_MS: Final = 0.1
"""Below this a difference is the clock's, not the data's."""
DEEP_PAGES: Final = {"get_history, page 400": 2_000, "get_history, page 9999": 49_995}
"""Of somebody with 3,000 entries: beyond the last one a page is empty."""


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    query: str
    base_ms: float
    full_ms: float
    ratio: float


@dataclass(frozen=True)
class Case:
    """One query as it is called in each of the two shops."""

    name: str
    query: queries.Query
    extra: dict[str, Any]


class Side:
    """One of the two shops."""

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
    """Every query of the shop, and the history's deep pages."""
    found = [
        Case(query.name, query, {})
        for query in queries.load().values()
        if query.file not in samples.RUN_BY_MIGRATE
    ]
    history, breaches = queries.load()["get_history"], queries.load()["find_breaches"]
    found += [Case(name, history, {"offset": offset}) for name, offset in DEEP_PAGES.items()]
    minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    return [*found, Case("find_breaches, of a minute", breaches, {"since": minute_ago})]


def measure(base: Side, full: Side, rounds: int) -> list[Figure]:
    """Time each case in turns; the worst ratio first."""
    figures = []
    for case in cases():
        times: dict[Side, list[float]] = {base: [], full: []}
        for number in range(rounds + 5):
            for side, taken in times.items():
                ms = side.time(case)
                if number >= 5:  # warm
                    taken.append(ms)
        low, high = (statistics.median(times[side]) for side in (base, full))
        figures.append(Figure(case.name, round(low, 3), round(high, 3), round(high / max(low, FLOOR_MS), 2)))
    return sorted(figures, key=lambda figure: -figure.ratio)


@contextmanager
def shops(server: PostgresServer, factor: float) -> Iterator[tuple[Side, Side]]:
    """The two databases, filled if they are not there yet."""
    sides = []
    for name, share in (("scale_base", BASE_FACTOR), (f"scale_{factor:g}".replace(".", "_"), factor)):
        dsn = server.dsn_for(name)
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            migrations.migrate(server.create_database(name))
            fill(dsn, share)
            sides.append(Side(dsn))
            continue
        sides.append(Side(dsn))
    yield sides[0], sides[1]
    for side in sides:
        side.shop.connection.close()


def report(figures: list[Figure]) -> str:
    """The table, as docs/performance.md has it."""
    lines = ["| query | base ms | full ms | ratio |", "|---|---:|---:|---:|"]
    lines += [f"| {f.query} | {f.base_ms:.2f} | {f.full_ms:.2f} | {f.ratio:.2f} |" for f in figures]
    over = [f.query for f in figures if f.ratio > GOAL]
    lines.append(f"\nAbove {GOAL}x: {', '.join(over) or 'none'}")
    return "\n".join(lines)


def main() -> None:
    """Fill, measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--factor", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    directory = options.keep or Path(tempfile.mkdtemp(prefix="socialboost-scale-"))
    server = start_postgres(directory, fsync=False)
    try:
        with shops(server, options.factor) as (base, full):
            figures = measure(base, full, options.rounds)
        print(report(figures))
        if options.json:
            options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    finally:
        server.stop() if options.keep else server.remove()


if __name__ == "__main__":
    main()
