"""Finds the functions in which busy processes spend their time: py-spy on running processes, under load.

It samples the thread that holds the interpreter lock, so a thread that waits for a socket does not count. A
sampled process stops for each sample, so the shares are right, but the rates are not and are not reported.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.buyers import keep_at_it, order
from benchmarks.options import Options
from benchmarks.people import Crowd
from benchmarks.processes import tree
from benchmarks.queue_systems import ROOT
from benchmarks.results import Result, Table
from benchmarks.running import NotMeasuredError
from benchmarks.taps import loaded
from benchmarks.worlds import BACKGROUND, INTERACTIVE, described, world
from sandbox.world import World

PY_SPY: Final = ROOT / ".venv-bench" / "bin" / "py-spy"
SECONDS: Final = 15
SAMPLES_A_SECOND: Final = 100
PEOPLE: Final = 100
BUYERS: Final = 24
TAPS_A_SECOND: Final = 60.0
SHOWN: Final = 25
TOPICS: Final = {
    "logging": ("socialboost/logs/", "structlog/"),
    "HTTP": ("socialboost/clients/http.py", "socialboost/clients/direct.py", "http/client.py", "email/"),
    "PostgreSQL client": ("socialboost/db/", "psycopg/", "psycopg_pool/"),
    "Redis client": ("redis/",),
    "Dramatiq": ("dramatiq/", "socialboost/queue/broker.py", "socialboost/queue/middleware.py"),
    "aiogram and pydantic": ("aiogram/", "pydantic/"),
    "aiohttp": ("aiohttp/",),
    "screens": ("socialboost/screens/", "fluent/"),
    "Flask": ("flask/", "werkzeug/", "gunicorn/"),
}
"""What a sample counts for: the innermost frame that one of these files is in."""


HOW: Final = f"""\
py-spy, {SAMPLES_A_SECOND} samples a second of the thread that holds the interpreter lock. A sample's topic is
that of its innermost frame which has one; a function has all that it called."""


@dataclass(frozen=True)
class Profile:
    """Samples of one process: by topic, and by function of ours with everything it called."""

    process: str
    samples: int
    topics: Counter[str]
    functions: Counter[str]


def run(options: Options) -> Result:
    """Profile under taps, then under orders."""
    seconds = 2 if options.quick else SECONDS
    with world(raised=True) as running:
        taps = asyncio.run(_under_taps(running, seconds, quick=options.quick))
        buying = asyncio.run(_under_orders(running, seconds, quick=options.quick))
        servers = described(running)
    tables = [_topics("Taps: the interpreter's time by topic", taps)]
    tables += [_functions(f"Taps: our functions in {one.process}", one) for one in taps]
    tables.append(_topics("Orders: the interpreter's time by topic", buying))
    tables += [_functions(f"Orders: our functions in {one.process}", one) for one in buying]
    return Result("profile", tables, [], HOW, servers)


async def _under_taps(running: World, seconds: int, *, quick: bool) -> list[Profile]:
    async with Crowd(running.telegram_url) as crowd:
        await crowd.gather(2 if quick else PEOPLE)
        recorders = _start(running, ("bot", INTERACTIVE), seconds)
        await loaded(crowd, running.wire_log("telegram"), quick=quick, rate=TAPS_A_SECOND)
        return await asyncio.to_thread(_finish, recorders)


async def _under_orders(running: World, seconds: int, *, quick: bool) -> list[Profile]:
    async with Crowd(running.telegram_url) as crowd:
        await crowd.gather(1 if quick else BUYERS)
        recorders = _start(running, (INTERACTIVE, BACKGROUND), seconds)
        await keep_at_it(partial(order, crowd, running.crypto_pay_url), crowd.people, seconds)
        return await asyncio.to_thread(_finish, recorders)


Recorder = tuple[str, Path, "subprocess.Popen[str]"]


def _start(running: World, names: Iterable[str], seconds: int) -> list[Recorder]:
    """Attach to the process of each program that does the work: the one with the most CPU time."""
    if not PY_SPY.exists():
        raise NotMeasuredError(f"{PY_SPY} is missing; `./run bench profile` installs it")
    found: list[Recorder] = []
    for name in names:
        pid = max(tree(running.processes[name]), key=_own_ticks)
        output = running.directory / f"{name}-{pid}-{len(list(running.directory.glob('*.raw')))}.raw"
        command = [
            str(PY_SPY),
            "record",
            "--pid",
            str(pid),
            "--gil",
            "--format",
            "raw",
            "--output",
            str(output),
        ]
        command += ["--duration", str(seconds), "--rate", str(SAMPLES_A_SECOND)]
        popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found.append((name, output, popen))
    return found


def _finish(recorders: list[Recorder]) -> list[Profile]:
    found = []
    for name, output, popen in recorders:
        said, _ = popen.communicate(timeout=120)
        if not output.exists():
            raise NotMeasuredError(
                f"py-spy could not look into {name} (it needs the right to ptrace):\n{said[-1000:]}"
            )
        found.append(read(name, output.read_text(encoding="utf-8")))
    return found


def read(process: str, raw: str) -> Profile:
    """Add up py-spy's lines: frames from the outermost, joined by `;`, a space and the number of samples."""
    samples, topics, functions = 0, Counter[str](), Counter[str]()
    for line in raw.splitlines():
        stack, _, number = line.rpartition(" ")
        count, frames = int(number), stack.split(";")
        samples += count
        topics[_topic(frames)] += count
        for function in {_without_line(frame) for frame in frames if _is_ours(frame)}:
            functions[function] += count
    return Profile(process, samples, topics, functions)


def _topic(frames: list[str]) -> str:
    for frame in reversed(frames):
        for topic, files in TOPICS.items():
            if any(file in frame for file in files):
                return topic
    return "other"


def _is_ours(frame: str) -> bool:
    return "(socialboost/" in frame or "(workers/" in frame


def _without_line(frame: str) -> str:
    name, _, place = frame.rpartition(" (")
    return f"{place.rpartition(':')[0]} {name}"


def _own_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _topics(title: str, found: list[Profile]) -> Table:
    names = sorted({name for one in found for name in one.topics}, key=lambda n: -found[-1].topics[n])
    rows: list[tuple[Any, ...]] = [
        (name, *(f"{one.topics[name] / max(1, one.samples):.0%}" for one in found)) for name in names
    ]
    rows.append(("samples", *(one.samples for one in found)))
    return Table(title, ("topic", *(one.process for one in found)), rows)


def _functions(title: str, one: Profile) -> Table:
    rows = [(name, f"{count / max(1, one.samples):.0%}") for name, count in one.functions.most_common(SHOWN)]
    return Table(title, ("function", "share, with what it called"), rows)
