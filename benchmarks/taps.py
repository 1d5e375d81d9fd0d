"""Measures the time from a tap to the bot's answer, by the wire log of the Telegram stand-in.

Beside it a floor: an aiogram bot without queue or database that answers in its handler (direct_bot.py), on a
stand-in of its own, with the same taps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.direct import direct_bot
from benchmarks.figures import Spread, ratio, spread
from benchmarks.options import Options
from benchmarks.people import Crowd, at_rate, one_by_one
from benchmarks.results import Goal, Result, Table
from benchmarks.wire_times import Answer, answers, last_seq
from benchmarks.worlds import described, world

IDLE_TAPS: Final = 200
IDLE_GAP: Final = (0.05, 0.15)
WARM_TAPS: Final = 40
PEOPLE: Final = 300
RATE: Final = 100.0
LOAD_SECONDS: Final = 20.0
SETTLE_SECONDS: Final = 2.0
GOAL_FLOORS: Final = 2.0
"""So many times the floor of the same run."""
GOAL_IDLE_P99: Final = 30.0
GOAL_LOADED: Final = 150.0

Taps = tuple[list[Answer], int]

HOW: Final = f"""\
Idle: taps on menu screens {IDLE_GAP[0] * 1000:.0f} to {IDLE_GAP[1] * 1000:.0f} ms apart. Loaded:
{RATE:.0f} taps a second for {LOAD_SECONDS:.0f} s (open loop) by {PEOPLE} people. Both times are the
Telegram stand-in's (its wire log): when it had the update for the bot, and when the bot's call came in.
`first call` is the spinner's or the screen's, whichever came first. The floor is an aiogram bot that
answers in its handler, without queue and database."""


def run(options: Options) -> Result:
    """Measure ours idle and loaded, then the floor."""
    with world(raised=True) as running:
        wire = running.wire_log("telegram")
        ours = asyncio.run(both(running.telegram_url, wire, quick=options.quick))
        servers = described(running)
    with direct_bot() as bot:
        floor = asyncio.run(both(bot.url, bot.wire, quick=options.quick))
    rows: list[tuple[Any, ...]] = []
    for name, our_taps, floor_taps in zip(("idle", "100 updates/s"), ours, floor, strict=True):
        rows += _rows(name, our_taps, floor_taps)
    idle_times, loaded_times, floor_times = (_screens(one) for one in (*ours, floor[0]))
    return Result(
        "taps",
        [Table("From a tap to the call that answers it, milliseconds", COLUMNS, rows)],
        _goals(idle_times, loaded_times, floor_times),
        HOW,
        servers,
    )


COLUMNS: Final = ("load", "what", "taps", "p50", "p95", "p99", "max", "p50 / floor", "unanswered")


async def both(telegram_url: str, wire: Path, *, quick: bool) -> tuple[Taps, Taps]:
    """Tap idle, then under load."""
    async with Crowd(telegram_url) as crowd:
        await crowd.gather(3 if quick else PEOPLE)
        return await idle(crowd, wire, quick=quick), await loaded(crowd, wire, quick=quick)


async def idle(crowd: Crowd, wire: Path, *, quick: bool = False) -> Taps:
    """One tap at a time, each by another person than the last."""
    return answers(wire, await tap_idly(crowd, wire, quick=quick))


async def tap_idly(crowd: Crowd, wire: Path, *, quick: bool = False) -> int:
    """Tap so, after a warm-up; the number of the wire log's last record before what counts."""

    def acts(count: int) -> Callable[[], Awaitable[Any]]:
        turns = iter(range(count))
        return lambda: crowd.look(crowd.people[next(turns) % len(crowd.people)])

    await one_by_one(acts(WARM_TAPS), 5 if quick else WARM_TAPS, IDLE_GAP)
    await asyncio.sleep(1.0)
    before = last_seq(wire)
    await one_by_one(acts(IDLE_TAPS), 5 if quick else IDLE_TAPS, IDLE_GAP)
    await asyncio.sleep(SETTLE_SECONDS)
    return before


async def loaded(crowd: Crowd, wire: Path, *, quick: bool = False, rate: float = RATE) -> Taps:
    """Taps at a constant rate, everybody in turn."""
    before, count = last_seq(wire), 6 if quick else round(rate * LOAD_SECONDS)
    people = crowd.people
    acts = [partial(crowd.look, people[number % len(people)]) for number in range(count)]
    await at_rate(acts, 2 if quick else rate)
    await asyncio.sleep(SETTLE_SECONDS)
    return answers(wire, before)


def _rows(load: str, ours: Taps, floor: Taps) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    base = _screens(floor)
    for what, times, missing in (
        ("screen", _screens(ours), ours[1]),
        ("first call", spread([tap.first_ms for tap in ours[0]]), ours[1]),
        ("floor: screen", base, floor[1]),
    ):
        figures = (times.count, times.p50, times.p95, times.p99, times.worst)
        rows.append((load, what, *figures, ratio(times.p50, base.p50), missing))
    return rows


def _screens(taps: Taps) -> Spread:
    return spread([tap.screen_ms for tap in taps[0]])


def _goals(idle_times: Spread, loaded_times: Spread, floor_times: Spread) -> list[Goal]:
    floors = ratio(idle_times.p50, floor_times.p50)
    return [
        Goal(
            "tap → bot's answer leaves for Telegram, idle",
            f"p50 ≤ {GOAL_FLOORS:.0f}× the floor, p99 ≤ {GOAL_IDLE_P99:.0f} ms",
            f"p50 {idle_times.p50:.1f} ms, {floors}; p99 {idle_times.p99:.1f} ms",
            idle_times.p50 <= GOAL_FLOORS * floor_times.p50 and idle_times.p99 <= GOAL_IDLE_P99,
        ),
        Goal(
            "the same under 100 updates/s",
            f"p99 ≤ {GOAL_LOADED:.0f} ms",
            f"p99 {loaded_times.p99:.1f} ms",
            loaded_times.p99 <= GOAL_LOADED,
        ),
    ]
