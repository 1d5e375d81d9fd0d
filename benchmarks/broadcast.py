"""Measures broadcasts: their speed at the default and a raised send rate, their memory, taps beside one.

The audience is written directly into the database and registered at the Telegram stand-in. The broadcast is
started by the job that an admin's tap on "send" makes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.figures import Spread, middle_rate, ratio, spread
from benchmarks.options import Options
from benchmarks.people import Crowd
from benchmarks.processes import memory
from benchmarks.results import Goal, Result, Table
from benchmarks.taps import PEOPLE, RATE, SETTLE_SECONDS, loaded
from benchmarks.wire_times import last_seq, records
from benchmarks.worlds import BACKGROUND, RAISED, described, world
from sandbox.world import ADMIN_ID, World
from socialboost import jobs

STATEMENTS: Final = Path(__file__).with_suffix(".sql")
FIRST_ID: Final = 810_000_000
TEXT: Final = "<b>News</b> of the shop"
DEFAULT_RATE: Final = 25.0
DEFAULT_AUDIENCE: Final = 750
SMALL, LARGE = 5_000, 20_000
RAISED_GOAL: Final = 1_000.0
BESIDE: Final = {"TELEGRAM_SEND_RATE": "150", "TELEGRAM_RESERVED_RATE": "30"}
"""Room for the taps' edits, and for a broadcast beside them."""
GOAL_LOADED: Final = 150.0
WAIT_SECONDS: Final = 300.0

HOW: Final = f"""\
By default: {DEFAULT_AUDIENCE} people, the default TELEGRAM_SEND_RATE, the stand-in's own limits on. Raised:
a send rate that is never reached and the stand-in's limits off, first to {SMALL:,} people, then to those and
{LARGE:,} more in the same process. Rates are over the middle 80 % of the calls that reached Telegram; memory
is the maximum of the worker's processes (PSS, read four times a second). Beside taps: {RATE:.0f} taps
a second as in `taps`, with TELEGRAM_SEND_RATE={BESIDE["TELEGRAM_SEND_RATE"]}, of which the taps' edits take
the most, without a broadcast and with one that runs all the time."""


def run(options: Options) -> Result:
    """Send by default, raised, and beside taps."""
    quick = options.quick
    with world() as running:
        default, _ = send(running, Audience(running).gather(20 if quick else DEFAULT_AUDIENCE))
        servers = described(running)
    with world(raised=True) as running:
        audience = Audience(running)
        small, small_memory = send(running, audience.gather(50 if quick else SMALL))
        large, large_memory = send(running, audience.gather(100 if quick else LARGE))
    with world(raised=True, environment={**RAISED, **BESIDE}) as running:
        alone, beside, meanwhile = asyncio.run(_taps(running, quick=quick))
    rates = [middle_rate(one, 0.001) for one in (default, small, large)]
    rows: list[tuple[Any, ...]] = [
        ("by default", len(default), rates[0], most_in_a_second(default), None),
        ("raised", len(small), rates[1], most_in_a_second(small), small_memory),
        ("raised, more people", len(large), rates[2], most_in_a_second(large), large_memory),
    ]
    return Result(
        "broadcast",
        [
            Table("Broadcasts", ("send rate", "messages", "a second", "most in a second", "worker MB"), rows),
            Table("Taps beside a broadcast, milliseconds", TAP_COLUMNS, _tap_rows(alone, beside, meanwhile)),
        ],
        _goals(rates, beside),
        HOW,
        servers,
    )


TAP_COLUMNS: Final = ("load", "taps", "p50", "p95", "p99", "max", "p99 / alone", "broadcast/s")


class Audience:
    """People who get a broadcast: each time the ones added last."""

    def __init__(self, running: World) -> None:
        self._running = running
        self._count = 0

    def gather(self, count: int) -> int:
        """Add people at Telegram and in the shop. Returns how many there are now."""
        ids = [FIRST_ID + self._count + number for number in range(count)]
        self._count += count
        asyncio.run(_introduce(self._running.telegram_url, ids))
        with psycopg.connect(self._running.database_url) as connection:
            connection.execute(statement("gather"), {"ids": ids})
        return self._count


async def _introduce(telegram_url: str, ids: list[int]) -> None:
    async with Crowd(telegram_url) as crowd:
        turn = asyncio.Semaphore(32)

        async def one(telegram_id: int) -> None:
            async with turn:
                await crowd.post("/sim/people", {"first_name": "X", "id": telegram_id, "started": True})

        await asyncio.gather(*map(one, ids))


def send(running: World, recipients: int) -> tuple[list[float], float]:
    """Send to everybody who reads English. Returns the times of the calls (ms) and the most memory."""
    wire = running.wire_log("telegram")
    before, broadcast_id, most = last_seq(wire), begin(running), 0.0
    worker = running.processes[BACKGROUND]
    deadline = time.monotonic() + WAIT_SECONDS
    while (row := look(running, broadcast_id))["status"] != "completed":
        if time.monotonic() > deadline:
            raise RuntimeError(f"the broadcast has not ended: {row}")
        most = max(most, memory([worker]).pss)
        time.sleep(0.25)
    if row["sent"] != recipients:
        raise RuntimeError(f"{recipients} people, and it says {row}")
    return calls(running, before), most


def calls(running: World, after: int) -> list[float]:
    """When each message of a broadcast that Telegram took reached it, milliseconds."""
    wire = running.wire_log("telegram")
    return [
        float(record["mono_ms"])
        for record in records(wire, after)
        if record.get("method") == "sendMessage"
        and int(record["chat_id"]) >= FIRST_ID
        and record["status"] == 200
    ]


def begin(running: World) -> str:
    """Begin a broadcast as an admin's tap does; its id."""
    with psycopg.connect(running.database_url) as connection:
        ((broadcast_id,),) = connection.execute(
            statement("draft"), {"admin": ADMIN_ID, "body": TEXT}
        ).fetchall()
        number = time.time_ns() // 1000
        job = jobs.MoveBroadcast(
            telegram_id=ADMIN_ID,
            chat_id=ADMIN_ID,
            update_id=number,
            seq=number,
            key=f"tg:{number}:0",
            broadcast_id=broadcast_id,
            action="send",
        )
        row = {"actor": job.actor_name, "queue": job.queue, "max_attempts": job.max_attempts}
        connection.execute(statement("owe"), {**row, "key": job.key, "args": json.dumps(job.ledger_args())})
    return str(broadcast_id)


def look(running: World, broadcast_id: str) -> Mapping[str, Any]:
    """Return the broadcast's row."""
    with psycopg.connect(running.database_url) as connection:
        ((status, sent),) = connection.execute(statement("look"), {"id": broadcast_id}).fetchall()
    return {"status": status, "sent": sent}


def statement(name: str) -> bytes:
    """Return a statement of broadcast.sql."""
    parts = dict(
        part.split("\n", 1) for part in STATEMENTS.read_text(encoding="utf-8").split("-- name: ")[1:]
    )
    return parts[name].encode()


def most_in_a_second(moments: list[float]) -> int:
    """Return the most calls in any one second."""
    ordered, start, most = sorted(moments), 0, 0
    for end, moment in enumerate(ordered):
        while moment - ordered[start] >= 1000:
            start += 1
        most = max(most, end - start + 1)
    return most


async def _taps(running: World, *, quick: bool) -> tuple[Spread, Spread, float]:
    """Taps alone, then beside a broadcast that does not end before them; its rate meanwhile."""
    wire = running.wire_log("telegram")
    async with Crowd(running.telegram_url) as crowd:
        await crowd.gather(3 if quick else PEOPLE)
        alone, _ = await loaded(crowd, wire, quick=quick)
        audience = Audience(running)
        await asyncio.to_thread(audience.gather, 300 if quick else LARGE)
        broadcast_id = await asyncio.to_thread(begin, running)
        await asyncio.to_thread(_wait_for_first, running, broadcast_id)
        before = last_seq(wire)
        beside, _ = await loaded(crowd, wire, quick=quick)
        await asyncio.sleep(SETTLE_SECONDS)
        sent = calls(running, before)
    times = [spread([tap.screen_ms for tap in taps]) for taps in (alone, beside)]
    return times[0], times[1], middle_rate(sent, 0.001)


def _wait_for_first(running: World, broadcast_id: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while look(running, broadcast_id)["sent"] == 0:
        if time.monotonic() > deadline:
            raise RuntimeError("the broadcast does not begin")
        time.sleep(0.25)


def _tap_rows(alone: Spread, beside: Spread, meanwhile: float) -> list[tuple[Any, ...]]:
    return [
        (name, times.count, times.p50, times.p95, times.p99, times.worst, ratio(times.p99, alone.p99), sent)
        for name, times, sent in (
            ("100 updates/s", alone, None),
            ("100 updates/s and a broadcast", beside, meanwhile),
        )
    ]


def _goals(rates: list[float], beside: Spread) -> list[Goal]:
    raised = min(rates[1:])
    return [
        Goal(
            "broadcast, default send rate",
            f"{DEFAULT_RATE:.0f}/s",
            f"{rates[0]:.1f}/s",
            abs(rates[0] - DEFAULT_RATE) <= DEFAULT_RATE * 0.03,
        ),
        Goal(
            "broadcast, raised send rate",
            f"≥ {RAISED_GOAL:,.0f}/s",
            f"{raised:,.0f}/s",
            raised >= RAISED_GOAL,
        ),
        Goal(
            "tap → answer under 100 updates/s and a running broadcast",
            f"p99 ≤ {GOAL_LOADED:.0f} ms",
            f"p99 {beside.p99:.1f} ms",
            beside.p99 <= GOAL_LOADED,
        ),
    ]
