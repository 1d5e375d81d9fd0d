"""Runs chaos once: people arrive at a steady rate, faults happen, all work may finish, results count."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from tests.chaos import schedule, score
from tests.chaos.buyers import Buyer, Shares, Town, habits
from tests.chaos.rig import Rig, RigOptions
from tests.chaos.saboteur import Saboteur
from tests.chaos.schedule import Fault, Kit
from tests.chaos.score import Score
from tests.chaos.stress import Stress

SETTLE_SECONDS = 120.0
TASK_SECONDS = 15.0
"""The extra wait for tasks. A lost report is asked about after a quarter of an hour, not within a run."""
AT_ONCE = 120
"""The largest number of people at the same time. Others wait, so that a slow machine is not overloaded."""


@dataclass(frozen=True)
class Order:
    """What to run."""

    directory: Path
    orders: int = 2000
    seed: int = 1
    seconds: float = 0.0
    """The time in which they come. With 0 `rate` decides."""
    rate: float = 20.0
    at_once: int = AT_ONCE
    without: str = ""
    kit: Kit | None = None
    """The kit of faults. With None it is the usual one for a run of this length."""
    shares: Shares = field(default_factory=Shares)
    armed: dict[str, int] = field(default_factory=dict)
    """Points at which a worker dies, each so many times (points.py)."""
    rig: dict[str, Any] = field(default_factory=dict)
    settle_seconds: float = SETTLE_SECONDS
    not_waited_for: str = score.MAY_COME_LATER
    say: Callable[[str], None] = lambda _: None

    @property
    def what_breaks(self) -> Kit:
        """The kit of this run."""
        return self.kit or schedule.kit_for(self.arriving)

    @property
    def arriving(self) -> float:
        """Seconds in which people come."""
        return self.seconds or self.orders / self.rate


@dataclass
class Result:
    """A run's parameters and its results."""

    order: Order
    faults: list[Fault]
    score: Score
    seconds: float
    saboteur: Saboteur
    met: dict[str, dict[str, int]]
    loads: list[float]
    """The machine's load average every five seconds, which shows what else was running."""


def carry_out(order: Order) -> Result:
    """Start a world, run, stop it."""
    points = order.directory.with_name(order.directory.name + "-points") if order.armed else None
    options = RigOptions(
        directory=order.directory, without=order.without, points=points, armed=order.armed, **order.rig
    )
    rig = Rig(options)
    faults = schedule.draw(order.seed, order.arriving, len(rig.workers), order.what_breaks)
    with rig:
        schedule.save(faults, order.directory / "faults.jsonl")
        return asyncio.run(_run(order, rig, faults))


async def _run(order: Order, rig: Rig, faults: list[Fault]) -> Result:
    began = time.monotonic()
    world = rig.world
    limit = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=limit, timeout=timeout) as http:
        town = Town(world.telegram_url, world.crypto_pay_url, world.secrets["CRYPTOBOT_TOKEN"], http)
        await town.post(
            f"{world.crypto_pay_url}/sim/webhook",
            {"shares": order.what_breaks.webhook_shares, "seed": order.seed},
        )
        reading = asyncio.create_task(town.read())
        stress = Stress(rig, town)
        saboteur, door = Saboteur(rig, faults, stress), Door(order)
        breaking = asyncio.create_task(saboteur.run(door.clock))
        buyers = [
            Buyer(town, n, habit) for n, habit in enumerate(habits(order.seed, order.orders, order.shares))
        ]
        loads: list[float] = []
        watching = asyncio.create_task(_narrate(order, buyers, saboteur, began, loads))
        await _first(door.let_in(buyers), reading)
        order.say(f"everybody has bought or given up after {time.monotonic() - began:.0f} s")
        await breaking
        await saboteur.make_peace()
        await settle(order, world.database_url, buyers, frozenset(stress.planted.keys))
        await stress.count_bad_rows()
        watching.cancel()
        await asyncio.sleep(1.0)  # what was sent last is read as well
        reading.cancel()
        await asyncio.gather(watching, reading, return_exceptions=True)
    evidence = score.gather(world)
    judged = score.judge(evidence, buyers, town.messages, stress.planted)
    met = {name: dict(kinds) for name, kinds in rig.proxy.met().items()}
    for name, kinds in stress.met.items():
        met[name] = met.get(name, {}) | kinds
    judged.figures["met_nobody"] = unmet(saboteur.struck, met)
    return Result(order, faults, judged, time.monotonic() - began, saboteur, met, loads)


def unmet(struck: Iterable[Fault], met: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the kinds of stress that were ordered and hit nothing at any address."""
    kinds = {fault.kind.removeprefix("net_") for fault in struck if fault.kind in schedule.STRESS_KINDS}
    return sorted(kind for kind in kinds if not any(counts.get(kind) for counts in met.values()))


async def _first(work: Coroutine[Any, Any, None], helper: asyncio.Task[None]) -> None:
    """Do the work. If the helper that it needs ends first, raise the helper's error."""
    task = asyncio.create_task(work)
    await asyncio.wait({task, helper}, return_when=asyncio.FIRST_COMPLETED)
    if helper.done():
        task.cancel()
        helper.result()
    await task


class Door:
    """Lets the buyers in, evenly over the time and at most `at_once` at the same time."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._room = asyncio.Semaphore(order.at_once)
        self._came = 0

    def clock(self) -> float:
        """Return the schedule's seconds. They stop while people wait to be let in."""
        return self._order.arriving * self._came / self._order.orders

    async def let_in(self, buyers: list[Buyer]) -> None:
        """Return when all of them are done."""
        began, walking = time.monotonic(), []
        for buyer in buyers:
            due = began + buyer.number * self._order.arriving / self._order.orders
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._room.acquire()
            self._came += 1
            walking.append(asyncio.create_task(self._walk(buyer)))
        await asyncio.gather(*walking)

    async def _walk(self, buyer: Buyer) -> None:
        try:
            await buyer.run()
        finally:
            self._room.release()


async def settle(
    order: Order, database_url: str, buyers: list[Buyer], planted: frozenset[str] = frozenset()
) -> None:
    """Return when all work is finished, or when the time for it is over."""
    wanted = {str(number) for buyer in buyers for number in buyer.paid}
    deadline = time.monotonic() + order.settle_seconds
    patience = TASK_SECONDS
    while time.monotonic() < deadline:
        missing, jobs, tasks = await asyncio.to_thread(_unfinished, order, database_url, wanted, planted)
        if not missing and not jobs:
            if not tasks or patience <= 0:
                return
            patience -= 1.0
        await asyncio.sleep(1.0)
    order.say(f"not settled: {missing} payments unrecorded, {jobs} jobs and {tasks} tasks open")


def _unfinished(
    order: Order, database_url: str, wanted: set[str], planted: frozenset[str]
) -> tuple[int, int, int]:
    rows = {}
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        for name, statement in score.named_queries().items():
            rows[name] = connection.execute(statement.encode()).fetchall()
    recorded = {row[0] for row in rows["payments"]}
    open_jobs = [row for row in rows["jobs"] if row[2] != "parked" and row[0] not in planted]
    jobs = sum(row[1] != order.not_waited_for for row in open_jobs)
    tasks = sum(row[1] not in ("completed", "failed", "cancelled") for row in rows["tasks"])
    return len(wanted - recorded), jobs, tasks


async def _narrate(
    order: Order, buyers: list[Buyer], saboteur: Saboteur, began: float, loads: list[float]
) -> None:
    while True:
        loads.append(os.getloadavg()[0])
        await asyncio.sleep(5.0)
        paid = sum(bool(buyer.paid) for buyer in buyers)
        walking = sum(bool(buyer.id) and not buyer.done for buyer in buyers)
        struck = len(saboteur.struck)
        order.say(f"{time.monotonic() - began:5.0f} s: {paid} paid, {walking} on their way, {struck} faults")


def say(text: str) -> None:
    """Print a line about the progress."""
    print(f"chaos: {text}", file=sys.stderr, flush=True)  # noqa: T201
