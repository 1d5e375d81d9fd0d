"""Runs a Telegram stand-in with direct_bot.py: the cost of a tap without queue, database and screens."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.queue_systems import ROOT
from sandbox.programs import Program, own_environment
from sandbox.servers_process import release, spawn

TOKEN: Final = "1234567890:" + "d" * 35
STOP_SECONDS: Final = 10.0


@dataclass(frozen=True)
class DirectBot:
    """Where it is and what crossed its wire."""

    url: str
    wire: Path


@contextlib.contextmanager
def direct_bot() -> Iterator[DirectBot]:
    """Start both and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="socialboost-bench-") as name:
        directory = Path(name)
        with telegram(directory) as found:
            environment = own_environment() | {"TELEGRAM_API_URL": found.url, "TELEGRAM_BOT_TOKEN": TOKEN}
            bot = spawn(
                [sys.executable, "-m", "benchmarks.direct_bot"],
                log=directory / "bot.out",
                environment=environment | {"PYTHONPATH": str(ROOT)},
                cwd=ROOT,
                stop_signal=signal.SIGTERM,
            )
            try:
                yield DirectBot(found.url, wire_log(directory))
            finally:
                bot.terminate()
                bot.wait(STOP_SECONDS)
                release(bot)


@contextlib.contextmanager
def telegram(directory: Path) -> Iterator[Program]:
    """Run a Telegram stand-in without rate limits for the bot of TOKEN; its wire log is in `directory`."""
    options = ["--port", "0", "--token", TOKEN, "--rate-limits", "off"]
    options += ["--wire-log", str(wire_log(directory))]
    program = Program("sandbox.telegram", options, log=directory / "telegram.out")
    try:
        program.wait_for_address()
        yield program
    finally:
        program.stop()


def wire_log(directory: Path) -> Path:
    """Where that stand-in writes what crosses its wire."""
    return directory / "telegram.wire.jsonl"
