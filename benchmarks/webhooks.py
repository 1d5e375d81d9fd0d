"""Measures the answer to payment webhooks at 200 a second, each of a real order with a real signature.

An open loop at a constant rate over kept-alive connections, while the workers activate what was paid. Beside
it the same requests to a view that only answers (floor_web.py), served by the same gunicorn settings.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import psycopg
import requests

from benchmarks import notices
from benchmarks.database_orders import Pending, prepare
from benchmarks.figures import Spread, ratio, spread
from benchmarks.options import Options
from benchmarks.people import at_rate
from benchmarks.queue_systems import ROOT
from benchmarks.results import Goal, Result, Table
from benchmarks.running import wait_until
from benchmarks.worlds import described, world
from sandbox.servers_process import free_port, release, spawn
from sandbox.world import World
from socialboost.db import Database

RATE: Final = 200.0
SECONDS: Final = 15.0
QUICK: Final = 10
ORDERS_A_PERSON: Final = 3
FIRST_PERSON: Final = 800_000_001
DRAIN_SECONDS: Final = 120.0
GOAL: Final = (10.0, 100.0)
STOP_SECONDS: Final = 30.0
COUNT_PAID: Final = Path(__file__).with_name("webhooks.sql")

Times = list[tuple[int, float]]
"""Status and milliseconds of each request."""

HOW: Final = f"""\
{RATE:.0f} signed webhooks a second for {SECONDS:.0f} s, each paying another pending order, open loop,
kept-alive connections, from a program on the same two cores; the workers activate them meanwhile.
`activated/s` is how many of them were active a second, from the first webhook to the last activation."""


def run(options: Options) -> Result:
    """Measure ours, then the floor; afterwards everything paid must be active."""
    count = QUICK if options.quick else round(RATE * SECONDS)
    rate = 5.0 if options.quick else RATE
    with world(raised=True) as running:
        pending = orders(running, count)
        token = running.secrets["CRYPTOBOT_TOKEN"]
        bodies = [notices.paid(one) for one in pending]
        started = time.monotonic()
        ours = asyncio.run(load(f"{running.web_url}/webhook/cryptobot", token, bodies, rate))
        drained = wait_until_active(running, count) - started
        with floor_web(running) as url:
            floor = asyncio.run(load(url, token, bodies, rate))
        servers = described(running)
    times = {
        "ours": spread([ms for _, ms in ours]),
        "floor: a view that only answers": spread([ms for _, ms in floor]),
    }
    return Result(
        "webhooks",
        [_table(times, ours, floor, count / drained)],
        [_goal(times["ours"])],
        HOW,
        servers,
    )


def orders(running: World, count: int) -> list[Pending]:
    """Pending orders of people whom the Telegram stand-in knows."""
    people = [FIRST_PERSON + number for number in range(-(-count // ORDERS_A_PERSON))]
    with requests.Session() as http:
        for person in people:
            body = {"id": person, "first_name": "Buyer", "started": True, "language_code": "uk"}
            http.post(f"{running.telegram_url}/sim/people", json=body, timeout=10).raise_for_status()
    with Database(running.database_url, pool_size=1) as db:
        return prepare(db, people, count)


async def load(url: str, token: str, bodies: Sequence[bytes], rate: float) -> Times:
    """Send every body once, at the rate."""
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def one(body: bytes, headers: dict[str, str]) -> tuple[int, float]:
            began = time.perf_counter()
            async with http.post(url, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status, (time.perf_counter() - began) * 1000

        return await at_rate([partial(one, body, notices.headers(token, body)) for body in bodies], rate)


def wait_until_active(running: World, count: int) -> float:
    """Wait until every order is active; when that was."""
    with psycopg.connect(running.database_url, autocommit=True) as connection:

        def all_active() -> bool:
            row = connection.execute(COUNT_PAID.read_text(encoding="utf-8")).fetchone()
            return row is not None and int(row[0]) >= count

        wait_until(all_active, DRAIN_SECONDS, f"the activation of {count} orders")
    return time.monotonic()


@contextlib.contextmanager
def floor_web(running: World) -> Iterator[str]:
    """Serve floor_web.py as web is served; its address."""
    port = free_port()
    popen = spawn(
        [
            str(Path(sys.executable).with_name("gunicorn")),
            "-c",
            "deploy/gunicorn.conf.py",
            "benchmarks.floor_web:app",
        ],
        log=running.directory / "floor_web.out",
        environment=running.env | {"PORT": str(port)},
        cwd=ROOT,
        stop_signal=signal.SIGTERM,
    )
    url = f"http://127.0.0.1:{port}/"

    def answers() -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.post(url, data=b"{}", timeout=2).ok
        return False

    try:
        wait_until(answers, STOP_SECONDS, "the floor's start")
        yield url
    finally:
        popen.terminate()
        popen.wait(STOP_SECONDS)
        release(popen)


def _table(times: dict[str, Spread], ours: Times, floor: Times, activated: float) -> Table:
    base = times["floor: a view that only answers"].p50
    rows: list[tuple[Any, ...]] = []
    for (name, one), results in zip(times.items(), (ours, floor), strict=True):
        refused = sum(status != 200 for status, _ in results)
        done = activated if name == "ours" else None
        rows.append(
            (name, one.count, one.p50, one.p95, one.p99, one.worst, ratio(one.p50, base), refused, done)
        )
    columns = (
        "what",
        "webhooks",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "max ms",
        "p50 / floor",
        "not 200",
        "activated/s",
    )
    return Table(f"Acknowledgement of webhooks at {RATE:.0f} a second", columns, rows)


def _goal(ours: Spread) -> Goal:
    p50, p99 = GOAL
    return Goal(
        "webhook acknowledgement under 200/s",
        f"p50 ≤ {p50:.0f} ms, p99 ≤ {p99:.0f} ms",
        f"p50 {ours.p50:.1f} ms, p99 {ours.p99:.1f} ms",
        ours.p50 <= p50 and ours.p99 <= p99,
    )
