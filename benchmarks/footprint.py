"""Measures the CPU time and memory of the product's processes while they are idle."""

from __future__ import annotations

import time
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.processes import CpuMeter, memory
from benchmarks.results import Goal, Result, Table
from benchmarks.worlds import OURS, described, groups, world

SETTLE_SECONDS: Final = 20.0
SECONDS: Final = 60.0
QUICK_SECONDS: Final = 2.0
GOAL_CPU: Final = 2.0
GOAL_MEMORY: Final = 600.0


HOW: Final = f"""\
{SECONDS:.0f} s of nothing, {SETTLE_SECONDS:.0f} s after the start, as supervisord.conf starts them. Each line
has a program's whole tree. PSS counts what processes share once, RSS every time."""


def run(options: Options) -> Result:
    """Look at an idle world for a while; a minute has one of every tick in it."""
    settle, seconds = (0.0, QUICK_SECONDS) if options.quick else (SETTLE_SECONDS, SECONDS)
    with world() as running:
        time.sleep(settle)
        parts = groups(running)
        meter = CpuMeter(parts)
        time.sleep(seconds)
        used = meter.read()
        sizes = {name: memory(pids) for name, pids in parts.items()}
        servers = described(running)
    rows: list[tuple[Any, ...]] = [
        (name, used[name] / seconds * 100, sizes[name].rss, sizes[name].pss) for name in parts
    ]
    cpu = sum(used[name] for name in OURS) / seconds * 100
    pss = sum(sizes[name].pss for name in OURS)
    rows.append(("the product's own", cpu, sum(sizes[name].rss for name in OURS), pss))
    return Result(
        "footprint",
        [Table("Idle", ("process", "CPU % of a core", "RSS MB", "PSS MB"), rows)],
        [
            Goal("idle cost: CPU", f"≤ {GOAL_CPU:.0f} % of a core", f"{cpu:.1f} %", cpu <= GOAL_CPU),
            Goal("idle cost: memory", f"≤ {GOAL_MEMORY:.0f} MB in all", f"{pss:.0f} MB", pss <= GOAL_MEMORY),
        ],
        HOW,
        servers,
    )
