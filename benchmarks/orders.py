"""Full orders a second: confirm, invoice, payment, webhook, activation, receipt, through real processes.

A closed loop of buyers who act as people: taps through the Telegram stand-in, payment through Crypto Pay's.
Everything shares the machine: stand-ins and buyers too, so the CPU table says what the product itself took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks import database_orders, log_times
from benchmarks.buyers import keep_at_it, order
from benchmarks.figures import Spread, ratio, spread
from benchmarks.options import Options
from benchmarks.people import Crowd
from benchmarks.processes import CpuMeter
from benchmarks.results import Goal, Result, Table
from benchmarks.worlds import described, groups, world
from sandbox.world import World

BUYERS: Final = 48
WARM_SECONDS: Final = 5.0
SECONDS: Final = 20.0
QUICK_SECONDS: Final = 2.0
FLOOR_SECONDS: Final = 5.0
GOAL: Final = 100.0
THREADS: Final = 8
STAND_INS: Final = "stand-in"

HOW: Final = f"""\
{BUYERS} buyers in a closed loop for {SECONDS:.0f} s after {WARM_SECONDS:.0f} s of warming up;
TELEGRAM_SEND_RATE raised, the stand-in's limits off; one process of {THREADS} threads for each of the two
workers. Buyers and stand-ins run on the same cores. The floor is the same orders by the SQL functions
alone, four connections, nothing else running. Wall time is what the product's log says: the spinner's
call runs beside the job's own work, so the parts of a job may add up to more than the job."""


@dataclass(frozen=True)
class Bought:
    """What a closed loop of buyers got."""

    rate: float
    times: Spread
    """Milliseconds from a confirming tap to the receipt read."""
    cpu_ms: dict[str, float]
    """CPU milliseconds an order, by process."""
    since: float
    until: float
    """Unix seconds."""


@dataclass(frozen=True)
class Sustained(Bought):
    """The same, and what the product's log says of it."""

    logs: log_times.LogTimes


def run(options: Options) -> Result:
    """Measure, and the floor on the same database afterwards."""
    with world(raised=True, threads=THREADS) as running:
        found = asyncio.run(sustained(running, quick=options.quick))
        floor = database_orders.floor_rate(running.database_url, 1 if options.quick else FLOOR_SECONDS)
        servers = described(running)
    goal = "full orders (confirm → invoice → webhook → active → receipt) sustained"
    return Result(
        "orders",
        [_rate_table(found, floor), _cpu_table(found), _wall_table(found)],
        [Goal(goal, f"≥ {GOAL:.0f}/s", f"{found.rate:.1f}/s", found.rate >= GOAL)],
        HOW,
        servers,
    )


async def sustained(running: World, *, quick: bool = False, buyers: int = BUYERS) -> Sustained:
    """Let buyers buy from the product until it has settled, then count."""
    urls = running.telegram_url, running.crypto_pay_url
    found = await bought(*urls, groups(running), quick=quick, buyers=buyers)
    return Sustained(**vars(found), logs=log_times.read(running.log_dir, found.since, found.until))


async def bought(
    telegram_url: str,
    crypto_pay_url: str,
    parts: Mapping[str, Iterable[int]],
    *,
    quick: bool = False,
    buyers: int = BUYERS,
) -> Bought:
    """Let buyers buy from whoever is behind these stand-ins; `parts` are the processes to meter, by name."""
    seconds = QUICK_SECONDS if quick else SECONDS
    async with Crowd(telegram_url) as crowd:
        await crowd.gather(2 if quick else buyers)
        act = partial(order, crowd, crypto_pay_url)
        await keep_at_it(act, crowd.people, 1.0 if quick else WARM_SECONDS)
        meter, since, own = CpuMeter(parts), time.time(), time.process_time()
        done = await keep_at_it(act, crowd.people, seconds)
        cpu, until = meter.read(), time.time()
        cpu["buyers (this program)"] = time.process_time() - own
    each = {name: used / max(1, len(done)) * 1000 for name, used in cpu.items()}
    return Bought(len(done) / seconds, spread([took * 1000 for _, took in done]), each, since, until)


def _rate_table(found: Sustained, floor: float) -> Table:
    times = found.times
    rows = [
        ("full orders", found.rate, ratio(found.rate, floor), times.p50, times.p95, times.p99),
        ("floor: the SQL functions alone", floor, "1.00×", None, None, None),
    ]
    return Table("Orders", ("what", "per second", "/ floor", "p50 ms", "p95 ms", "p99 ms"), rows)


def _cpu_table(found: Sustained) -> Table:
    total = sum(found.cpu_ms.values())
    ours = own_cpu(found)
    ordered = sorted(found.cpu_ms.items(), key=lambda item: -item[1])
    rows: list[tuple[Any, ...]] = [(name, used, f"{used / total:.0%}") for name, used in ordered]
    rows.append(("all of it", total, "100%"))
    rows.append(("of it without stand-ins and buyers", ours, f"{ours / total:.0%}"))
    return Table("CPU of one order, by process", ("process", "CPU ms an order", "share"), rows)


def own_cpu(found: Bought) -> float:
    """CPU milliseconds an order without the stand-ins and the program that plays the buyers."""
    return sum(used for name, used in found.cpu_ms.items() if not name.startswith((STAND_INS, "buyers")))


def _wall_table(found: Sustained) -> Table:
    logs = found.logs
    count = max(1, logs.counts["payment_applied"])
    rest = logs.jobs_ms - sum(logs.parts.values())
    parts = {**logs.parts, "Python and Redis (the rest of the jobs)": max(0.0, rest)}
    rows: list[tuple[Any, ...]] = [
        (name, ms / count, f"{ms / logs.jobs_ms:.0%}" if logs.jobs_ms else "–")
        for name, ms in sorted(parts.items(), key=lambda item: -item[1])
    ]
    rows.append(("all jobs of an order", logs.jobs_ms / count, "100%"))
    rows.append(("waiting in queues", logs.waited_ms / count, "–"))
    rows.append(("jobs an order", logs.counts["job_finished"] / count, "–"))
    rows.append(("transactions an order", logs.counts["transactions"] / count, "–"))
    rows.append(("calls to Telegram an order", logs.counts["telegram_calls"] / count, "–"))
    return Table("Wall time of one order's jobs", ("part", "ms an order", "share of the jobs"), rows)
