"""What each hop of an idle tap costs: from the stand-in's update to the call with the screen.

The Telegram stand-in's wire log has both ends and the moment the poller got the update. What lies between is
in the product's log: its lines at DEBUG carry the update's number from the bot to the worker. Beside it the
floor of `bench taps`, whose handler answers in the bot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final, TypeVar

from benchmarks import log_times, taps
from benchmarks.direct import direct_bot
from benchmarks.figures import ratio
from benchmarks.options import Options
from benchmarks.people import Crowd
from benchmarks.results import Result, Table
from benchmarks.running import NotMeasuredError
from benchmarks.wire_times import SCREENS, records
from benchmarks.worlds import described, world

PEOPLE: Final = 40
LEFT_OUT: Final = 0.1
"""Of the taps at either end, by their whole time: a mean of all would be that of the few longest."""
HALF_A_MILLISECOND: Final = 0.5
"""The log's moments are cut to a millisecond: on average they are half of one too early."""
DATABASE: Final = "transaction_committed"
CALL: Final = "telegram_called"
MOMENTS: Final = {"update_received": "read", "job_queued": "queued", "job_started": "started"}

HOW: Final = f"""\
Taps of {PEOPLE} people as in `bench taps`, idle, in a world of its own with LOG_LEVEL=DEBUG, which costs some
lines. A hop is the mean over the middle {1 - 2 * LEFT_OUT:.0%} of the taps, ordered by their whole time: so
the hops add up to the whole. The log's clock is cut to milliseconds and taken as half a millisecond later."""
Tap = TypeVar("Tap", bound="Ends")


@dataclass(frozen=True)
class Ends:
    """What the stand-in alone knows of a tap; milliseconds of one clock, as in Trace."""

    made: float
    """It had the update."""
    handed: float
    """It handed it to the poller."""
    arrived: float
    """It had the call with the screen."""

    @property
    def whole(self) -> float:
        """From the update to the screen's call."""
        return self.arrived - self.made


@dataclass(frozen=True)
class Trace(Ends):
    """One tap of ours: the moments it passed between."""

    read: float
    """The bot had read it and asked Redis about its sender."""
    queued: float
    """Redis had taken the job."""
    started: float
    """A worker's thread began it."""
    called: float
    """The call with the screen began."""
    database: float
    """How long the job had spent in PostgreSQL before that call."""


HOPS: Final[tuple[tuple[str, Callable[[Trace], float]], ...]] = (
    ("stand-in: update made → handed to the poller", lambda one: one.handed - one.made),
    ("bot: answer read, routed, sender looked up in Redis", lambda one: one.read - one.handed),
    ("bot: handler → job on Redis", lambda one: one.queued - one.read),
    ("worker: job fetched and begun", lambda one: one.started - one.queued),
    ("worker: reads PostgreSQL", lambda one: one.database),
    ("worker: the screen, Redis", lambda one: one.called - one.started - one.database),
    ("worker → stand-in: the call with the screen", lambda one: one.arrived - one.called),
)


def run(options: Options) -> Result:
    """Trace our taps, then time the floor's."""
    with world(raised=True, environment={"LOG_LEVEL": "DEBUG"}) as running:
        began, wire = time.time(), running.wire_log("telegram")
        before = asyncio.run(_tap(running.telegram_url, wire, quick=options.quick))
        log = log_times.events(running.log_dir, began, time.time())
        found = _middle(traces(records(wire, before), log))
        servers = described(running)
    with direct_bot() as bot:
        before = asyncio.run(_tap(bot.url, bot.wire, quick=options.quick))
        floor = _middle(list(_ends(records(bot.wire, before)).values()))
    return Result("hops", [_table(found, floor)], [], HOW, servers)


async def _tap(telegram_url: str, wire: Path, *, quick: bool) -> int:
    async with Crowd(telegram_url) as crowd:
        await crowd.gather(2 if quick else PEOPLE)
        return await taps.tap_idly(crowd, wire, quick=quick)


def traces(wire: Iterable[dict[str, Any]], log: Iterable[dict[str, Any]]) -> list[Trace]:
    """Return the taps whose every moment is known. NotMeasuredError without one: a line has another name."""
    ends = _ends(wire)
    marks: dict[int, dict[str, float]] = {number: {} for number in ends}
    spent = dict.fromkeys(ends, 0.0)
    for event in log:
        mark = marks.get(event.get("update_id") or 0)
        if mark is None:
            continue
        name, moment = event["event"], log_times.moment(event) * 1000 + HALF_A_MILLISECOND
        if name in MOMENTS:
            mark.setdefault(MOMENTS[name], moment)
        elif name == CALL and event.get("method") in SCREENS:
            mark.setdefault("called", moment - event["ms"])
        elif name == DATABASE and "called" not in mark:
            spent[event["update_id"]] += event["ms"]
    names = {*MOMENTS.values(), "called"}
    found = [
        Trace(**vars(ends[number]) | mark | {"database": spent[number]})
        for number, mark in marks.items()
        if mark.keys() >= names
    ]
    if not found:
        raise NotMeasuredError(f"no tap has all of {sorted(names)}; the log has {marks}")
    return found


def _ends(wire: Iterable[dict[str, Any]]) -> dict[int, Ends]:
    """Return every tap that was answered, by its update's number."""
    made: dict[int, float] = {}
    handed: dict[int, float] = {}
    waiting: dict[int, int] = {}
    found: dict[int, Ends] = {}
    for record in wire:
        chat, number = int(record.get("chat_id") or 0), int(record.get("update_id") or 0)
        if record["kind"] == "update_created" and record["update_type"] == "callback_query":
            made[number], waiting[chat] = record["at_ms"], number
        elif record["kind"] == "update_delivered" and number in made:
            handed.setdefault(number, record["at_ms"])
        elif record["kind"] == "call" and record["method"] in SCREENS and record["status"] == 200:
            number = waiting.pop(chat, 0)
            if number in handed:
                found[number] = Ends(made[number], handed[number], record["at_ms"])
    return found


def _middle(found: Sequence[Tap]) -> list[Tap]:
    """Leave out the shortest and the longest taps."""
    if not found:
        raise NotMeasuredError("no tap was answered")
    ordered = sorted(found, key=lambda one: one.whole)
    cut = int(len(ordered) * LEFT_OUT)
    return ordered[cut : len(ordered) - cut]


def _table(found: Sequence[Trace], floor: Sequence[Ends]) -> Table:
    whole, base = (fmean(one.whole for one in taps) for taps in (found, floor))
    rows: list[tuple[Any, ...]] = []
    for name, length in HOPS:
        took = fmean(length(one) for one in found)
        rows.append((name, took, f"{took / whole:.0%}", ratio(took, base)))
    rows.append(("all of it", whole, "100%", ratio(whole, base)))
    handed = fmean(one.handed - one.made for one in floor)
    rows.append(("floor: update made → handed to the poller", handed, f"{handed / base:.0%}", "–"))
    rows.append(("floor: its handler and its call", base - handed, f"{1 - handed / base:.0%}", "–"))
    rows.append(("floor: all of it", base, "100%", "1.00×"))
    rows.append(("taps that count", len(found), "–", "–"))
    return Table("An idle tap, hop by hop", ("hop", "ms", "share", "/ the whole floor"), rows)
