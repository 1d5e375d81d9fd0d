"""What others notice while one holds up what it can: by idling, by flooding, by hanging."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import aiohttp

from benchmarks import notices, webhooks
from benchmarks.database_orders import Pending
from benchmarks.figures import Spread, spread
from benchmarks.options import Options
from benchmarks.people import Crowd, Person, one_by_one
from benchmarks.results import Goal, Result, Table
from benchmarks.wire_times import SCREENS, last_seq, records
from benchmarks.worlds import described, world
from sandbox.world import World

CONNECTIONS: Final = 200
ASKS: Final = 200
TEXTS: Final = 1_000
AT_ONCE: Final = 64
OTHERS: Final = 20
RECEIPTS: Final = 10
PAIR_SECONDS: Final = 0.2
"""Between two others with their receipts: all together stay below the default send rate."""
HANGING: Final = 16
HANG_SECONDS: Final = 8.0
QUIET_CHECKS: Final = 15
KNOWN_SECONDS: Final = 2.0
SETTLE_SECONDS: Final = 5.0
UNANSWERED: Final = 60_000.0

HOW: Final = f"""\
With the default limits, on one world. {CONNECTIONS} connections: a third silent, a third with half a head, a
third with half a body. The flood is one person's {TEXTS:,} texts, {AT_ONCE} at a time; meanwhile others
send /start and {RECEIPTS} orders are paid; times are the Telegram stand-in's. {HANGING} people tap pay while
Crypto Pay is stopped (SIGSTOP), then others tap. Redis is stopped for {HANG_SECONDS:.0f} s; webhooks
count from {KNOWN_SECONDS:.0f} s after the first. What was not answered counts as
{UNANSWERED / 1000:.0f} s."""

Row = tuple[str, Spread, float]


def run(options: Options) -> Result:
    """Crowd everything, one after another."""
    scale = 20 if options.quick else 1
    with world() as running:
        pending = webhooks.orders(running, (2 * ASKS + RECEIPTS) // scale + 1)
        rows, flood = asyncio.run(_all(running, pending, scale))
        servers = described(running)
    table = Table(
        "Others, while one holds up what it can; milliseconds",
        ("what", "count", "p50", "p99", "max", "goal p99"),
        [(what, times.count, times.p50, times.p99, times.worst, goal) for what, times, goal in rows],
    )
    counts = Table("The flood", ("what", "count"), list(flood.items()))
    goals = [
        Goal(what, f"p99 ≤ {goal:.0f} ms", f"p99 {times.p99:.1f} ms", times.p99 <= goal)
        for what, times, goal in rows
    ]
    return Result("crowd", [table, counts], goals, HOW, servers)


async def _all(running: World, pending: list[Pending], scale: int) -> tuple[list[Row], dict[str, int]]:
    rows: list[Row] = []
    asks = max(ASKS // scale, 5)
    async with Crowd(running.telegram_url) as crowd, aiohttp.ClientSession() as http:
        await crowd.gather(OTHERS + HANGING)
        with _crowding(running.web_url):
            rows += await _beside_connections(running, http, pending, asks)
        await _quiet(running)  # their receipts leave at the gate's rate
        told, flood = await _beside_flood(running, crowd, http, pending, scale)
        rows += told
        rows += await _beside_invoices(running, crowd, scale)
        rows.append(await _beside_redis(running, http, pending, asks))
    return rows, flood


async def _beside_connections(
    running: World, http: aiohttp.ClientSession, pending: list[Pending], count: int
) -> list[Row]:
    health: list[float] = []
    hooks: list[float] = []
    for _ in range(count):
        health.append(await _timed(http.get(f"{running.web_url}/health")))
        hooks.append(await _pay(running, http, pending.pop()))
    return [
        (f"/health beside {CONNECTIONS} idle connections", spread(health), 200.0),
        (f"a signed webhook beside {CONNECTIONS} idle connections", spread(hooks), 200.0),
    ]


async def _beside_flood(
    running: World, crowd: Crowd, http: aiohttp.ClientSession, pending: list[Pending], scale: int
) -> tuple[list[Row], dict[str, int]]:
    wire = running.wire_log("telegram")
    before, flooder, others = last_seq(wire), crowd.people[0], crowd.people[1:]
    paid = [pending.pop() for _ in range(max(RECEIPTS // scale, 2))]
    flood = asyncio.ensure_future(_flood(crowd, flooder, TEXTS // scale))
    await asyncio.sleep(0.3)
    left: dict[int, float] = {}
    for number, order in enumerate(paid):
        await _say(crowd, others[number % len(others)], "/start")
        left[order.telegram_id] = time.monotonic() * 1000
        await _pay(running, http, order)
        await asyncio.sleep(PAIR_SECONDS)
    await flood
    await asyncio.sleep(SETTLE_SECONDS)
    found = list(records(wire, before))
    starts = _since(found, _first(found, "update_created", {one.id for one in others}))
    sent = sum(record["kind"] == "call" and record.get("chat_id") == flooder.id for record in found)
    return [
        (f"another's /start beside one person's {TEXTS:,} texts", spread(starts), 1_000.0),
        (f"a receipt beside one person's {TEXTS:,} texts", spread(_since(found, left)), 500.0),
    ], {"one person's texts": TEXTS // scale, "calls that answered them": sent}


async def _beside_invoices(running: World, crowd: Crowd, scale: int) -> list[Row]:
    buyers, others = crowd.people[1 : HANGING + 1], crowd.people[HANGING + 1 :]  # the first one floods
    for person in buyers:
        await crowd.tap(person, "confirm_starter-mini")
    cards = [(person, await _pay_button(crowd, person)) for person in buyers]
    before, wire = last_seq(running.wire_log("telegram")), running.wire_log("telegram")
    turns = iter(range(10_000))
    with _stopped(running.crypto_pay.popen.pid):
        for person, data in cards:
            await crowd.tap(person, data)
        await asyncio.sleep(0.5)
        act = partial(_look, crowd, others, turns)
        await one_by_one(act, max(100 // scale, 5), (0.05, 0.1))
        await asyncio.sleep(1.0)
    await asyncio.sleep(SETTLE_SECONDS)
    found, chats = list(records(wire, before)), {person.id for person in others}
    times = _pairs([record for record in found if record.get("chat_id") in chats])
    return [(f"others' taps while {HANGING} invoices hang", spread(times), 100.0)]


async def _beside_redis(
    running: World, http: aiohttp.ClientSession, pending: list[Pending], count: int
) -> Row:
    times: list[float] = []
    if running.valkey.process is None:
        raise RuntimeError("the bench stops Redis, so it must be the bench's own")
    with _stopped(running.valkey.process.pid):
        began = time.monotonic()
        while time.monotonic() - began < HANG_SECONDS and len(times) < count and pending:
            took = await _pay(running, http, pending.pop())
            if time.monotonic() - began > KNOWN_SECONDS:
                times.append(took)
            await asyncio.sleep(0.03)
    return "a webhook while Redis hangs, once known", spread(times or [UNANSWERED]), 300.0


async def _quiet(running: World) -> None:
    """Wait until nothing has reached Telegram for a while."""
    wire = running.wire_log("telegram")
    for _ in range(QUIET_CHECKS):
        before = last_seq(wire)
        await asyncio.sleep(2.0)
        if last_seq(wire) == before:
            return


# --- what people and partners do ---


async def _flood(crowd: Crowd, person: Person, count: int) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            await _say(crowd, person, f"hello {number}")

    await asyncio.gather(*(one(number) for number in range(count)))


async def _say(crowd: Crowd, person: Person, text: str) -> None:
    await crowd.post(f"/sim/people/{person.id}/messages", {"text": text})


async def _look(crowd: Crowd, people: Sequence[Person], turns: Iterator[int]) -> None:
    await crowd.look(people[next(turns) % len(people)])


async def _pay_button(crowd: Crowd, person: Person) -> str:
    """Wait for the order's card; what its button to pay carries."""

    def found(message: dict[str, Any]) -> str:
        buttons = (button for row in message["keyboard"] or [] for button in row)
        data = (str(button.get("data", "")) for button in buttons)
        return next((one for one in data if one.startswith("pay_")), "")

    return found(await crowd.wait_for(person, lambda message: bool(found(message)), "the order's card"))


async def _pay(running: World, http: aiohttp.ClientSession, order: Pending) -> float:
    body = notices.paid(order)
    headers = notices.headers(running.secrets["CRYPTOBOT_TOKEN"], body)
    return await _timed(http.post(f"{running.web_url}/webhook/cryptobot", data=body, headers=headers))


async def _timed(asked: Any) -> float:
    began = time.perf_counter()
    async with asked as answer:
        await answer.read()
    return (time.perf_counter() - began) * 1000


# --- what holds them up ---


@contextlib.contextmanager
def _crowding(url: str) -> Iterator[None]:
    """Hold connections whose requests never end; the body drips while somebody measures."""
    host, port = url.removeprefix("http://").split(":")
    sockets = [socket.create_connection((host, int(port)), 5) for _ in range(CONNECTIONS)]
    starts = (
        b"",
        b"GET /heal",
        b"POST /webhook/cryptobot HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n",
    )
    for number, one in enumerate(sockets):
        one.sendall(starts[number % len(starts)])
    try:
        yield
    finally:
        for one in sockets:
            one.close()


@contextlib.contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


# --- the wire ---


def _first(found: list[dict[str, Any]], kind: str, chats: set[int]) -> dict[int, float]:
    """When each chat had its first record of this kind."""
    moments: dict[int, float] = {}
    for record in found:
        if record["kind"] == kind and record.get("chat_id") in chats:
            moments.setdefault(int(record["chat_id"]), float(record["mono_ms"]))
    return moments


def _since(found: list[dict[str, Any]], began: dict[int, float]) -> list[float]:
    """Milliseconds from each chat's beginning to the first screen after it."""
    times = dict.fromkeys(began, UNANSWERED)
    for record in found:
        chat = int(record.get("chat_id") or 0)
        is_first = chat in times and times[chat] == UNANSWERED and _is_screen(record)
        if is_first and record["mono_ms"] >= began[chat]:
            times[chat] = record["mono_ms"] - began[chat]
    return list(times.values())


def _pairs(found: list[dict[str, Any]]) -> list[float]:
    """Milliseconds from each tap to its chat's next screen."""
    times: list[float] = []
    opened: dict[int, float] = {}
    for record in found:
        chat = int(record["chat_id"])
        if record["kind"] == "update_created" and record["update_type"] == "callback_query":
            times += [UNANSWERED] if chat in opened else []
            opened[chat] = record["mono_ms"]
        elif _is_screen(record) and chat in opened:
            times.append(record["mono_ms"] - opened.pop(chat))
    return times + [UNANSWERED] * len(opened)


def _is_screen(record: dict[str, Any]) -> bool:
    return record["kind"] == "call" and record["method"] in SCREENS and record["status"] == 200
