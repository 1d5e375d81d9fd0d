"""Dies once at every point a worker has, one after another, and looks what became of the buyers meanwhile.

First a few people walk every way there is, and the points they reach are written down. Then the points are
armed, a few at a time; the same people walk again; whoever reaches an armed point dies there. Each time
everything must end right before the next ones are armed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.chaos import score
from tests.chaos.buyers import Buyer, Habit, Town
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
UNARMED = (
    "@ MainThread",
    "@ Thread",
    "@ sweeper",
    "@ watch",
    "@ keeper",
    "@ tick",
    "@ sweep_orders",
    "@ purge",
)
"""Loops and ticks come round whoever walks; a death in one is a death between two jobs."""


@dataclass
class Coverage:
    """Which points there are, at which somebody died, and what went wrong then."""

    existing: list[str] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)
    """By the points that were armed at the time."""

    @property
    def missed(self) -> list[str]:
        """Points that were armed and that nobody reached again."""
        return [name for name in self.existing if name not in self.struck]

    def as_json(self) -> dict[str, Any]:
        """The coverage as it is published."""
        return {
            "points": len(self.existing),
            "killed_at": len(self.struck),
            "violations": self.violations,
            "covered": sorted(self.struck),
            "not_reached_again": self.missed,
        }


def carry_out(
    directory: Path,
    *,
    most: int = 0,
    at_once: int = 3,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Coverage:
    """Walk, learn the points, die at each (at `most` of them, drawn from the seed; 0: at all)."""
    options = RigOptions(
        directory=directory,
        points=directory.with_name(directory.name + "-points"),
        interactive=2,
        background=2,
        threads=4,
        main_bot_step_seconds=0.3,
    )
    with Rig(options) as rig:
        return asyncio.run(_cover(rig, most, at_once, seed, say))


async def _cover(rig: Rig, most: int, at_once: int, seed: int, say: Callable[[str], None]) -> Coverage:
    coverage = Coverage()
    numbers = count()
    buyers: list[Buyer] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        world = rig.world
        town = Town(world.telegram_url, world.crypto_pay_url, world.secrets["CRYPTOBOT_TOKEN"], http)
        reading = asyncio.create_task(town.read())
        for _ in range(LEARNING_ROUNDS):
            await _walk_all(rig, town, buyers, numbers)
        coverage.existing = [name for name in rig.seen() if not name.endswith(UNARMED)]
        say(f"{len(coverage.existing)} points")
        known = _problems(rig, town, buyers)
        chosen = _chosen(coverage.existing, most, seed)
        for names in (chosen[at : at + at_once] for at in range(0, len(chosen), at_once)):
            rig.arm(dict.fromkeys(names, 1))
            await _walk_all(rig, town, buyers, numbers)
            coverage.struck |= dict.fromkeys(rig.struck(), 1)
            problems = _problems(rig, town, buyers)
            if new := sorted(problems - known):
                coverage.violations[" | ".join(names)] = new
            known |= problems
            say(f"died at {len(coverage.struck)}: {'; '.join(names)}{''.join(f' !! {one}' for one in new)}")
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return coverage


def _chosen(names: list[str], most: int, seed: int) -> list[str]:
    return names if not most else random.Random(seed).sample(names, min(most, len(names)))


async def _walk_all(rig: Rig, town: Town, buyers: list[Buyer], numbers: Iterable[int]) -> None:
    """Let one person walk each way, and wait until nothing is on its way any more."""
    walking = [Buyer(town, number, habit) for habit, number in zip(WALKS, numbers, strict=False)]
    buyers += walking
    await asyncio.gather(*(buyer.run() for buyer in walking))
    await settle(Order(directory=rig.options.directory), rig.world.database_url, buyers)
    await asyncio.sleep(0.5)  # what was sent last is read as well


def _problems(rig: Rig, town: Town, buyers: list[Buyer]) -> set[str]:
    """Return everything that is wrong in this world, as one line each."""
    judged = score.judge(score.gather(rig.world), buyers, town.messages)
    found = {f"{kind}: {case}" for kind, cases in judged.problems.items() for case in cases}
    if judged.figures["repeats"] > score.BARS["repeats"]:
        found.add(f"a receipt came {judged.figures['repeats'] + 1} times")
    return found
