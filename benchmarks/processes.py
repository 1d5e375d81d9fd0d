"""Reads the CPU time, memory and children of processes from /proc. Linux only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1024.0


@dataclass(frozen=True)
class Memory:
    """Megabytes: resident, and resident with what processes share divided among them."""

    rss: float
    pss: float


def tree(root: int) -> list[int]:
    """Return the process and everything below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(_fields(entry)[1]), []).append(int(entry.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, [])
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the CPU time of the trees until now, ended and waited-for children included."""
    total = 0
    for pid in {pid for root in roots for pid in tree(root)}:
        with contextlib.suppress(OSError):
            total += sum(int(ticks) for ticks in _fields(Path(f"/proc/{pid}/stat"))[11:15])
    return total / TICKS


def memory(roots: Iterable[int]) -> Memory:
    """Return the trees' memory now."""
    rss = pss = 0.0
    for pid in {pid for root in roots for pid in tree(root)}:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            sizes = {line.split(":")[0]: line.split() for line in lines[1:]}
            rss += int(sizes["Rss"][1]) / MEGABYTE
            pss += int(sizes["Pss"][1]) / MEGABYTE
    return Memory(rss, pss)


class CpuMeter:
    """CPU time by name between two moments: `meter = CpuMeter({"web": pid}); …; meter.read()`."""

    def __init__(self, groups: Mapping[str, Iterable[int]]) -> None:
        self._groups = {name: list(pids) for name, pids in groups.items()}
        self._before = self._now()

    def read(self) -> dict[str, float]:
        """Return seconds of CPU by name since the start."""
        return {name: after - self._before[name] for name, after in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self._groups.items()}


def busy_seconds() -> float:
    """Return the machine's CPU time spent on anything, all cores, until now."""
    line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    user, nice, system, idle, iowait, irq, softirq, steal = (int(ticks) for ticks in line)
    del idle, iowait
    return (user + nice + system + irq + softirq + steal) / TICKS


def _fields(stat: Path) -> list[str]:
    """Return /proc/<pid>/stat from the state on: the name before it may hold anything."""
    return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
