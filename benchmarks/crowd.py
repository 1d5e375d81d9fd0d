"""Measures how much other people wait while one client or partner is idle, floods or hangs."""

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

from benchmarks import crowd_database, notices, webhooks
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
POLLED_WHAT: Final = "updates of a flood that the poller takes a second"
BATCH: Final = 100
"""Updates that a poller gets at once, at most."""
POLLED: Final = 500.0
"""The smallest acceptable number of them."""
HANGING: Final = 16
HANG_SECONDS: Final = 8.0
QUIET_CHECKS: Final = 15
KNOWN_SECONDS: Final = 2.0
SETTLE_SECONDS: Final = 5.0
UNANSWERED: Final = 60_000.0

HOW: Final = f"""\
With the default limits. {CONNECTIONS} connections: a third silent, a third with half a head, a
third with half a body. The flood is one person's {TEXTS:,} texts, {AT_ONCE} at a time; meanwhile others
send /start and {RECEIPTS} orders are paid, one of each every {PAIR_SECONDS:g} s; then beside a second flood
{OTHERS} others and the {RECEIPTS} payments come at once; times are the Telegram stand-in's. A third flood
stands before a stopped poller; its speed is that from the second batch it fetches to the last.
{HANGING} people tap pay while Crypto Pay is stopped (SIGSTOP), then others tap. Redis is stopped for
{HANG_SECONDS:.0f} s; webhooks count from {KNOWN_SECONDS:.0f} s after the first. The database is made
read-only and its sessions are ended, until {crowd_database.PAID} payments are taken; in a world of its own
the workers' connections to it fall silent, and {crowd_database.PAID} orders are paid then. What was not
answered counts as {UNANSWERED / 1000:.0f} s. Load average (what runs beside the bench included):
{{before:.1f}} before, {{after:.1f}} after it."""

Row = tuple[str, Spread, float]


def run(options: Options) -> Result:
    """Run every case, one after another."""
    scale, before = 20 if options.quick else 1, os.getloadavg()[0]
    with world() as running:
        pending = webhooks.orders(running, (2 * ASKS + 2 * RECEIPTS) // scale + 4 + crowd_database.PAID)
        rows, flood = asyncio.run(_all(running, pending[crowd_database.PAID :], scale))
        outages = crowd_database.measure(running, pending[: crowd_database.PAID])
        servers = described(running)
    table = Table(
        "Others, while one holds up what it can; milliseconds",
        ("what", "count", "p50", "p99", "max", "goal p99"),
        [(what, times.count, times.p50, times.p99, times.worst, goal) for what, times, goal in rows],
    )
    counts = Table("The flood", ("what", "count"), list(flood.items()))
    polled = flood[POLLED_WHAT]
    goals = [
        Goal(what, f"p99 ≤ {goal:.0f} ms", f"p99 {times.p99:.1f} ms", times.p99 <= goal)
        for what, times, goal in rows
    ]
    goals.append(Goal(POLLED_WHAT, f"≥ {POLLED:.0f}/s", f"{polled:,.0f}/s", polled >= POLLED))
    how = HOW.format(before=before, after=os.getloadavg()[0])
    tables = [table, crowd_database.table(outages), counts]
    return Result("crowd", tables, goals + crowd_database.goals(outages), how, servers)


async def _all(running: World, pending: list[Pending], scale: int) -> tuple[list[Row], dict[str, float]]:
    rows: list[Row] = []
    asks = max(ASKS // scale, 5)
    async with Crowd(running.telegram_url) as crowd, aiohttp.ClientSession() as http:
        await crowd.gather(OTHERS + HANGING)
        with _crowding(running.web_url):
            rows += await _beside_connections(running, http, pending, asks)
        await _quiet(running)  # their receipts leave at the Telegram rate limit
        told, flood = await _beside_flood(running, crowd, http, pending, scale=scale, gap=PAIR_SECONDS)
        rows += told
        await _quiet(running)
        told, _ = await _beside_flood(running, crowd, http, pending, scale=scale, gap=0.0)
        rows += told
        await _quiet(running)
        flood[POLLED_WHAT] = await _polled(running, crowd)
        await _quiet(running)
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
    running: World,
    crowd: Crowd,
    http: aiohttp.ClientSession,
    pending: list[Pending],
    *,
    scale: int,
    gap: float,
) -> tuple[list[Row], dict[str, float]]:
    """Others come one every `gap` seconds, or all at once."""
    wire, count = running.wire_log("telegram"), max(RECEIPTS // scale, 2)
    before, flooder = last_seq(wire), crowd.people[0]
    others = crowd.people[1 : OTHERS + 1 if gap == 0 else count + 1]
    flood = asyncio.ensure_future(_flood(crowd, flooder, TEXTS // scale))
    await asyncio.sleep(0.3)
    left = await _others(running, crowd, http, others, [pending.pop() for _ in range(count)], gap=gap)
    await flood
    await asyncio.sleep(SETTLE_SECONDS)
    found = list(records(wire, before))
    starts = _since(found, _first(found, "update_created", {one.id for one in others}))
    sent = sum(record["kind"] == "call" and record.get("chat_id") == flooder.id for record in found)
    beside = f"beside one person's {TEXTS:,} texts{', all at once' if gap == 0 else ''}"
    return [
        (f"another's /start {beside}", spread(starts), 1_000.0),
        (f"a receipt {beside}", spread(_since(found, left)), 500.0),
    ], {"one person's texts": TEXTS // scale, "calls that answered them": sent}


async def _others(
    running: World,
    crowd: Crowd,
    http: aiohttp.ClientSession,
    others: Sequence[Person],
    paid: Sequence[Pending],
    *,
    gap: float,
) -> dict[int, float]:
    """Let others send /start and orders be paid; when the webhook of each buyer left."""
    left: dict[int, float] = {}

    async def pay(order: Pending) -> None:
        left[order.telegram_id] = time.monotonic() * 1000
        await _pay(running, http, order)

    if gap == 0:
        await asyncio.gather(*(_say(crowd, one, "/start") for one in others), *map(pay, paid))
        return left
    for person, order in zip(others, paid, strict=True):
        await _say(crowd, person, "/start")
        await pay(order)
        await asyncio.sleep(gap)
    return left


async def _polled(running: World, crowd: Crowd) -> float:
    """Updates a second that the poller takes of a flood which stood before it."""
    wire, flooder = running.wire_log("telegram"), crowd.people[0]
    before = last_seq(wire)
    with _stopped(running.processes["bot"]):
        await _flood(crowd, flooder, TEXTS)
    deadline, moments = time.monotonic() + UNANSWERED / 1000, list[float]()
    while len(moments) < TEXTS and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        found = records(wire, before)
        moments = [float(one["mono_ms"]) for one in found if one["kind"] == "update_delivered"]
    # The first fetch was open while the poller stood still, and what was fetched last is not worked on yet.
    return (TEXTS - 2 * BATCH) / (moments[-1] - moments[BATCH]) * 1000


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
