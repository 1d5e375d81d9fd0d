"""The product beside a shop written in the usual way: handlers do everything, no queue (rival_shop.py).

Both are up at once, each on stand-ins of the same kind, and take turns, so that what else the machine does
meets both. Afterwards both are broken in the same ways (survival.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

from benchmarks import orders, survival, taps
from benchmarks.figures import ratio, spread
from benchmarks.options import Options
from benchmarks.people import Crowd
from benchmarks.results import Result, Table
from benchmarks.rival_world import Side, ours, rival
from benchmarks.wire_times import last_seq, records
from benchmarks.worlds import described, world

ROUNDS: Final = 2
PEOPLE: Final = 40
SETTLE_SECONDS: Final = 5.0
"""After a round: what it left in a queue is worked off before the other's turn."""

HOW: Final = f"""\
The rival is benchmarks/rival_shop.py: one process, aiogram, psycopg's async pool, Crypto Pay's webhook in a
view of the same process. Each has a Telegram, a Crypto Pay and a PostgreSQL of the same kind; both are up all
the time and take turns, {ROUNDS} rounds of each measurement. Idle taps and full orders are those of `bench
taps` and `bench orders`: {orders.BUYERS} buyers in a closed loop for {orders.SECONDS:.0f} s, rate limits out
of the way, stand-ins and buyers on the same cores. CPU is that of the shop's own processes and of its
servers. The product joins admins' notices that are close together, the rival sends each. Then
{survival.ORDERS} orders at a time are paid while something breaks; who has no receipt after
{survival.PATIENCE_SECONDS:.0f} s counts as not told."""


@dataclass
class Measured:
    """What one side showed in all rounds."""

    tap_ms: list[float] = field(default_factory=list)
    unanswered: int = 0
    bought: list[orders.Bought] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    """Calls to Telegram an order, by round."""


def run(options: Options) -> Result:
    """Measure both, then break both."""
    with world(raised=True) as running, rival() as other:
        sides = (ours(running), other)
        found = [Measured(), Measured()]
        turns = list(zip(sides, found, strict=True))
        for number in range(1 if options.quick else ROUNDS):
            for side, measured in turns[::-1] if number % 2 else turns:  # neither always goes first
                asyncio.run(_round(side, measured, quick=options.quick))
        survived = asyncio.run(survival.measure(sides, quick=options.quick))
        servers = described(running)
    return Result("rival", [_table(*found), _cpu_table(*found), survived], [], HOW, servers)


async def _round(side: Side, found: Measured, *, quick: bool) -> None:
    """Tap one by one, then buy as fast as it goes."""
    async with Crowd(side.telegram_url) as crowd:
        await crowd.gather(2 if quick else PEOPLE)
        times, missing = await taps.idle(crowd, side.wire, quick=quick)
    found.tap_ms += [tap.screen_ms for tap in times]
    found.unanswered += missing
    before = last_seq(side.wire)
    bought = await orders.bought(side.telegram_url, side.crypto_pay_url, side.parts(), quick=quick)
    found.bought.append(bought)
    await asyncio.sleep(0.5 if quick else SETTLE_SECONDS)
    found.calls.append(_calls(side, before, bought))


def _calls(side: Side, before: int, bought: orders.Bought) -> float:
    """Return how many calls to Telegram an order took while orders were counted, the poller's left out."""
    calls = [one for one in records(side.wire, before) if one["kind"] == "call"]
    span = bought.since * 1000, bought.until * 1000
    counted = [one for one in calls if span[0] <= one["at_ms"] <= span[1] and one["method"] != "getUpdates"]
    return len(counted) / max(1, bought.times.count)


def _table(first: Measured, second: Measured) -> Table:
    tapped = spread(first.tap_ms), spread(second.tap_ms)
    rows: list[tuple[Any, ...]] = [
        _row("idle tap, p50 ms", *(one.p50 for one in tapped)),
        _row("idle tap, p99 ms", *(one.p99 for one in tapped)),
        ("taps measured", *(one.count for one in tapped), "–"),
        ("taps without an answer", first.unanswered, second.unanswered, "–"),
        _row("CPU of a full order, ms", *_means(orders.own_cpu, first, second)),
        _row("full orders a second", *_means(lambda one: one.rate, first, second)),
        _row("confirm → receipt in that load, p50 ms", *_means(lambda one: one.times.p50, first, second)),
        _row("calls to Telegram an order", fmean(first.calls), fmean(second.calls)),
    ]
    title = "The product beside a shop that does everything in its handlers"
    return Table(title, ("what", "ours", "rival", "ours / rival"), rows)


def _cpu_table(first: Measured, second: Measured) -> Table:
    """The parts of an order's CPU time; a program that one of the two does not have takes none there."""
    names = sorted({name for side in (first, second) for one in side.bought for name in one.cpu_ms})
    rows = [(name, *(_part(side.bought, name) for side in (first, second))) for name in names]
    return Table("CPU of one order, by process; ms", ("process", "ours", "rival"), rows)


def _part(rounds: Sequence[orders.Bought], name: str) -> float | None:
    parts = [one.cpu_ms[name] for one in rounds if name in one.cpu_ms]
    return fmean(parts) if parts else None


def _means(figure: Callable[[orders.Bought], float], *sides: Measured) -> tuple[float, ...]:
    return tuple(fmean([figure(one) for one in side.bought]) for side in sides)


def _row(what: str, first: float, second: float) -> tuple[Any, ...]:
    return what, first, second, ratio(first, second)
