"""Measures the cost of one order and of each of its taps, counted from outside while nothing else runs.

Commits are the database's own count (pg_stat_database, reads included). Redis round trips are the reads its
server made from sockets. Calls to Telegram are in the stand-in's wire log, lines are those at INFO or above
in the product's log. What an idle world does in the same time is measured too and taken off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import redis

from benchmarks import log_times
from benchmarks.buyers import PACKAGE, RECEIPT, address, button
from benchmarks.options import Options
from benchmarks.people import Crowd, Message, Person
from benchmarks.processes import CpuMeter
from benchmarks.results import Goal, Result, Table
from benchmarks.wire_times import records
from benchmarks.worlds import described, groups, world
from sandbox.world import World

ORDERS: Final = 12
GAP_SECONDS: Final = 2.5
"""Between two people: long enough that a notice does not wait for the one before and join it."""
FLUSH_SECONDS: Final = 12.0
"""A session that has fallen idle reports its commits within ten seconds."""
IDLE_SECONDS: Final = 40.0
KINDS: Final = ("commits", "Redis round trips", "jobs", "HTTP calls", "log lines", "CPU ms")
ORDER_STEPS: Final = ("confirm", "pay link", "paid → receipt and notices")
GOALS: Final = (
    ("commits, confirm → receipt and notices", "commits", ORDER_STEPS, 8.0),
    ("commits of an order, /start → receipt and notices", "commits", (), 16.0),
    ("Redis round trips of it", "Redis round trips", (), 50.0),
    ("log lines of it", "log lines", (), 30.0),
)

HOW: Final = f"""\
{ORDERS} new people take each step one after another, {GAP_SECONDS:g} s apart, with the default limits and
two worker programs. Each step is counted by itself, once the sessions have reported their commits
({FLUSH_SECONDS:g} s). {IDLE_SECONDS:g} s of nothing are counted in the same way and taken off, for the
time a step took."""

Counts = dict[str, float]
Step = tuple[str, Callable[[Person], Awaitable[Any]]]


@dataclass
class Probe:
    """Reads every counter of a running world."""

    running: World
    database: psycopg.Connection[Any]
    valkey: redis.Redis
    meter: CpuMeter
    began: float

    def read(self) -> tuple[float, Counts]:
        """Return the moment and all counts until then."""
        now = time.time()
        commits = self.database.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
        cpu = self.meter.read()
        lines = list(log_times.events(self.running.log_dir, self.began, now))
        invoices = sum(line["event"] == "crypto_pay_called" for line in lines)
        return now, {
            "commits": float(commits[0]) if commits else 0.0,
            "Redis round trips": float(self.valkey.info("stats")["total_reads_processed"]),
            "jobs": sum(line["event"] == "job_finished" for line in lines),
            "HTTP calls": self._telegram_calls() + invoices,
            "log lines": sum(line["level"] != "DEBUG" for line in lines),
            "CPU ms": 1000 * sum(used for name, used in cpu.items() if not name.startswith("stand-in")),
        }

    def _telegram_calls(self) -> int:
        """Return how many calls there were, but for the poller's, which come whether anybody taps or not."""
        calls = (one for one in records(self.running.wire_log("telegram")) if one["kind"] == "call")
        return sum(one["method"] != "getUpdates" for one in calls)


def run(options: Options) -> Result:
    """Count each step of an order."""
    with world() as running:
        probe = Probe(
            running,
            psycopg.connect(running.database_url, autocommit=True),
            redis.Redis.from_url(running.redis_url),
            CpuMeter(groups(running)),
            time.time(),
        )
        found = asyncio.run(_steps(probe, quick=options.quick))
        servers = described(running)
    return Result("cost", [_table(found)], _goals(found), HOW, servers)


async def _steps(probe: Probe, *, quick: bool) -> dict[str, Counts]:
    """Return the cost of each step of a person."""
    count, gap, flush = (1, 0.1, 0.2) if quick else (ORDERS, GAP_SECONDS, FLUSH_SECONDS)
    async with Crowd(probe.running.telegram_url) as crowd:
        await crowd.gather(1)  # what is made at its first use is no part of an order
        await _whole_order(crowd, probe.running.crypto_pay_url, crowd.people.pop())
        await asyncio.sleep(flush)
        idle = await _idle(probe, 0.5 if quick else IDLE_SECONDS)
        found: dict[str, Counts] = {}
        found["/start"] = await _counted(probe, idle, count, flush, lambda: _arrivals(crowd, count, gap))
        for name, step in _taps(crowd, probe.running.crypto_pay_url):

            async def walk(step: Callable[[Person], Awaitable[Any]] = step) -> None:
                for person in crowd.people:
                    await step(person)
                    await asyncio.sleep(gap)

            found[name] = await _counted(probe, idle, count, flush, walk)
    return found


async def _idle(probe: Probe, seconds: float) -> Counts:
    """Return the cost of an idle second."""
    since, before = probe.read()
    await asyncio.sleep(seconds)
    until, after = probe.read()
    return {kind: (after[kind] - before[kind]) / (until - since) for kind in KINDS}


async def _counted(
    probe: Probe, idle: Counts, count: int, flush: float, walk: Callable[[], Awaitable[Any]]
) -> Counts:
    since, before = probe.read()
    await walk()
    await asyncio.sleep(flush)
    until, after = probe.read()
    return {kind: (after[kind] - before[kind] - idle[kind] * (until - since)) / count for kind in KINDS}


async def _arrivals(crowd: Crowd, count: int, gap: float) -> None:
    for _ in range(count):
        await crowd.gather(1)
        await asyncio.sleep(gap)


def _taps(crowd: Crowd, crypto_pay_url: str) -> list[Step]:
    codes: dict[int, str] = {}
    pays: dict[int, str] = {}

    async def packages(person: Person) -> None:
        await crowd.tap(person, "select_packages")
        await crowd.wait_for(person, _offers("pkg_"), "the packages")

    async def package(person: Person) -> None:
        await crowd.tap(person, f"pkg_{PACKAGE}")
        await crowd.wait_for(person, _offers("confirm_"), "the package")

    async def confirm(person: Person) -> None:
        await crowd.tap(person, f"confirm_{PACKAGE}")
        pays[person.id] = button(await crowd.wait_for(person, _offers("pay_"), "the order's card"), "pay_")

    async def link(person: Person) -> None:
        await crowd.tap(person, pays[person.id])
        shown = await crowd.wait_for(person, lambda message: bool(address(message)), "the pay link")
        codes[person.id] = address(shown).rpartition("/")[2]

    async def paid(person: Person) -> None:
        await crowd.post(f"/sim/invoices/{codes[person.id]}/pay", {}, crypto_pay_url)
        await crowd.wait_for(person, lambda m: str(m["text"]).startswith(RECEIPT), "the receipt")

    names = ("packages", "a package", *ORDER_STEPS)
    return list(zip(names, (packages, package, confirm, link, paid), strict=True))


async def _whole_order(crowd: Crowd, crypto_pay_url: str, person: Person) -> None:
    for _, step in _taps(crowd, crypto_pay_url):
        await step(person)


def _offers(prefix: str) -> Callable[[Message], bool]:
    return lambda message: bool(button(message, prefix))


def _table(found: dict[str, Counts]) -> Table:
    rows: list[tuple[Any, ...]] = [
        (step, *(counts[kind] for kind in KINDS)) for step, counts in found.items()
    ]
    rows.append(("confirm → receipt and notices", *(_sum(found, kind, ORDER_STEPS) for kind in KINDS)))
    rows.append(("all of it", *(_sum(found, kind) for kind in KINDS)))
    return Table("What one person's step costs", ("step", *KINDS), rows)


def _sum(found: dict[str, Counts], kind: str, steps: tuple[str, ...] = ()) -> float:
    return sum(found[step][kind] for step in steps or found)


def _goals(found: dict[str, Counts]) -> list[Goal]:
    measured = [(what, _sum(found, kind, steps), most) for what, kind, steps, most in GOALS]
    return [Goal(what, f"≤ {most:.0f}", f"{value:.1f}", value <= most) for what, value, most in measured]
