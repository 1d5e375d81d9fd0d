"""Kills a worker once at every crash point, one after another, and checks the buyers' orders.

First a few people walk every possible way, and the points that workers reach are recorded. Then the points
are armed, a few at a time, and the same people walk again: a worker that reaches an armed point dies there.
Each time everything must end correctly before the next points are armed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.servers import PostgresServer
from tests.chaos import score
from tests.chaos.buyers import Buyer, Habit, Town
from tests.chaos.points import CUT
from tests.chaos.rig import Rig, RigOptions
from tests.chaos.run import Order, settle

WALKS = (
    Habit("starter-mini", posts=1),
    Habit("pro-advanced", cancels_first=True),
    Habit("enterprise-elite", pays_twice=True, taps_twice=True),
    Habit("starter-mini", pays_wrong=True),
    Habit("pro-advanced", posts=1, taps_twice=True),
)
"""Every way to the end of an order, and a post."""
LEARNING_ROUNDS = 2
AT_START = "register_bot"
"""Its job comes when the scheduler starts."""
BY_THE_MINUTE = ("tick_minute", "sweep_orders", "reconcile_payments")
SELDOM = (
    "@ reconcile_payments",  # while nobody holds the watch's lease
    "wake_all_queued",  # after a wiped Redis
    "space_waiting_notices",  # more notices for a chat than one message holds
    "postpone_job @ send_admin_notice",
    " owe_job @ watch",  # a webhook lost, by the dice
    "postpone_invoice_checks @ watch",  # an invoice that is open in the moment of a turn
    "@ check_invariants",  # every five minutes
)
"""Parts of the names of points that walks reach only by chance. They may not be reached again."""
LOOP_SECONDS, MINUTE_SECONDS = 12.0, 75.0
"""How long to wait for an armed point after the walk. Loops reach it soon, scheduled jobs each minute."""
LOST_WEBHOOKS = {"lost": 0.3}
"""The share of lost webhooks, so that the reconciler has work."""
ALLOWED = ("parked",)
"""A job whose attempts all ended with a dead worker is listed for an admin. That is not a violation."""


@dataclass
class Coverage:
    """The points, those at which a worker died, and the violations that followed."""

    existing: list[str] = field(default_factory=list)
    armed: list[str] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    parked: int = 0
    violations: dict[str, list[str]] = field(default_factory=dict)
    """By the points that were armed at the time."""

    @property
    def missed(self) -> list[str]:
        """Armed points that no worker reached again."""
        return [name for name in self.armed if name not in self.struck]

    @property
    def failed(self) -> bool:
        """Return True if something went wrong, or a point that walks must reach was not reached."""
        return bool(self.violations) or not all(is_seldom(name) for name in self.missed)

    def as_json(self) -> dict[str, Any]:
        """The coverage as it is published."""
        return {
            "points": len(self.existing),
            "armed": len(self.armed),
            "killed_at": len(self.struck),
            "violations": self.violations,
            "parked": self.parked,
            "covered": sorted(self.struck),
            "not_reached_again": self.missed,
        }


def carry_out(
    directory: Path,
    *,
    most: int = 0,
    points: Sequence[str] = (),
    at_once: int = 12,
    cut: bool = False,
    seed: int = 1,
    postgres: PostgresServer | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Coverage:
    """Walk, record the points, and let a worker die at all of them, at `most` drawn ones, or at the named.

    `cut`: the worker loses its PostgreSQL connection around each commit instead of dying.
    """
    options = RigOptions(
        directory=directory,
        postgres=postgres,
        points=directory.with_name(directory.name + "-points"),
        interactive=2,
        background=2,
        threads=4,
        main_bot_step_seconds=0.3,
    )
    with Rig(options) as rig:
        return asyncio.run(_cover(rig, Aim(points, most, at_once, seed, cut), say))


@dataclass(frozen=True)
class Aim:
    """Return the points at which a worker must die: the named ones, or those that walks find."""

    points: Sequence[str]
    most: int
    at_once: int
    seed: int
    cut: bool

    def among(self, seen: list[str]) -> list[str]:
        """Return those of the points that this run is about."""
        return [name for name in seen if self.points or name.startswith(CUT) == self.cut]

    def choose(self, found: list[str]) -> Sequence[str]:
        """The points to arm."""
        if self.points or not self.most:
            return self.points or found
        return random.Random(self.seed).sample(found, min(self.most, len(found)))


async def _cover(rig: Rig, aim: Aim, say: Callable[[str], None]) -> Coverage:
    coverage = Coverage()
    numbers = count()
    buyers: list[Buyer] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        world = rig.world
        town = Town(world.telegram_url, world.crypto_pay_url, world.secrets["CRYPTOBOT_TOKEN"], http)
        await town.post(f"{world.crypto_pay_url}/sim/webhook", {"shares": LOST_WEBHOOKS, "seed": aim.seed})
        reading = asyncio.create_task(town.read())
        for _ in range(0 if aim.points else LEARNING_ROUNDS):
            await _walk_all(rig, town, buyers, numbers)
        found = aim.among(rig.seen())
        say(f"{len(found)} points")
        known = _problems(rig, town, buyers, coverage)
        for names in batches(aim.choose(found), aim.at_once):
            coverage.armed += names
            rig.arm(dict.fromkeys(names, 1))
            if any(doer(name) == AT_START for name in names):
                rig.kill("scheduler")
            await _walk_all(rig, town, buyers, numbers)
            await _wait_for_deaths(rig, names)
            await _end(rig, buyers)
            coverage.struck |= dict.fromkeys(rig.struck(), 1)
            problems = _problems(rig, town, buyers, coverage)
            if new := sorted(problems - known):
                coverage.violations[" | ".join(names)] = new
            known |= problems
            say(f"died at {len(coverage.struck)} of {len(coverage.armed)}: {'; '.join(names)} {new or ''}")
        coverage.existing = aim.among(rig.seen())
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return coverage


def doer(point: str) -> str:
    """Return the job, loop or thread of a point."""
    return point.rpartition(" @ ")[2]


def is_seldom(point: str) -> bool:
    """Return True if a point found once may never be reached again."""
    return any(part in point for part in SELDOM)


def batches(names: Iterable[str], size: int) -> list[list[str]]:
    """Return the points in batches. Each point of a batch belongs to another job."""
    left, found = list(names), []
    while left:
        batch: list[str] = []
        for name in list(left):
            if len(batch) < size and doer(name) not in map(doer, batch):
                batch.append(name)
                left.remove(name)
        found.append(batch)
    return found


async def _wait_for_deaths(rig: Rig, names: list[str]) -> None:
    """Wait for the deaths at points that loops and scheduled jobs reach by themselves."""
    slow = any(doer(name) in BY_THE_MINUTE for name in names)
    deadline = time.monotonic() + (MINUTE_SECONDS if slow else LOOP_SECONDS)
    while time.monotonic() < deadline and len(rig.struck()) < len(names):  # noqa: ASYNC110 (files of others)
        await asyncio.sleep(0.3)


async def _walk_all(rig: Rig, town: Town, buyers: list[Buyer], numbers: Iterable[int]) -> None:
    """Let one person walk each way to its end."""
    walking = [Buyer(town, number, habit) for habit, number in zip(WALKS, numbers, strict=False)]
    buyers += walking
    await asyncio.gather(*(buyer.run() for buyer in walking))
    await _end(rig, buyers)


async def _end(rig: Rig, buyers: list[Buyer]) -> None:
    """Wait until all work is finished."""
    order = Order(directory=rig.options.directory, not_waited_for="")
    await settle(order, rig.world.database_url, buyers)
    await asyncio.sleep(0.5)  # what was sent last is read as well


def _problems(rig: Rig, town: Town, buyers: list[Buyer], coverage: Coverage) -> set[str]:
    """Return everything that is wrong in this world, as one line each."""
    judged = score.judge(score.gather(rig.world), buyers, town.messages)
    coverage.parked = int(judged.figures["parked"])
    kinds = {kind: cases for kind, cases in judged.problems.items() if kind not in ALLOWED}
    found = {f"{kind}: {case}" for kind, cases in kinds.items() for case in cases}
    if judged.figures["repeats"] > score.BARS["repeats"]:
        found.add(f"a receipt came {judged.figures['repeats'] + 1} times")
    return found
