"""A benchmark's result: rows to print, a JSON file to store, and a description of the machine.

docs/performance.md is rendered from these files (report.py). No number in it is typed by hand.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

DIRECTORY: Final = Path(__file__).parent / "results"
LIBRARIES: Final = ("dramatiq", "redis", "psycopg", "aiogram", "flask", "gunicorn", "requests")

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows under columns; numbers stay numbers until they are shown."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Goal:
    """One goal of the design beside what was measured."""

    what: str
    goal: str
    measured: str
    met: bool


@dataclass
class Result:
    """The result of one benchmark."""

    name: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    how: str = ""
    """How it was measured."""
    servers: list[str] = field(default_factory=list)
    """Which PostgreSQL and Valkey."""


def save(result: Result, *, quick: bool, directory: Path = DIRECTORY) -> Path:
    """Write the result with its circumstances; a quick one beside the real ones, not over them."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{result.name}{'.quick' if quick else ''}.json"
    command = f"./run bench {result.name}{' --quick' if quick else ''}"
    kept = {**asdict(result), "command": command, "taken_at": _now(), "machine": machine(), "quick": quick}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load(directory: Path = DIRECTORY) -> dict[str, dict[str, Any]]:
    """Return every kept result by its name, quick ones left out."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.json"))]
    return {one["name"]: one for one in found if not one["quick"]}


def machine() -> dict[str, str]:
    """Return the description of the machine that a repetition needs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return {
        "cpu": f"{os.cpu_count()} × {_cpu_model()}",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": libraries,
    }


def show(value: Cell) -> str:
    """Return a cell as text: three figures are as many as such a measurement has."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def text_table(table: Table) -> str:
    """Return the table for a terminal."""
    lines = [list(table.columns), *([show(cell) for cell in row] for row in table.rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    shown = ["  ".join(_pad(cell, widths[at], at) for at, cell in enumerate(line)) for line in lines]
    return "\n".join([table.title, *(line.rstrip() for line in shown)])


def _pad(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
