"""A running world to measure: real servers, stand-ins and the product's own processes (sandbox/world.py)."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from sandbox.world import World, WorldOptions

RAISED: Final = {
    "TELEGRAM_SEND_RATE": "100000",
    "TELEGRAM_RESERVED_RATE": "50000",
    "TELEGRAM_CHAT_BURST": "100000",
}
"""Rate limits too high to matter, so that the product's own speed is measured."""
INTERACTIVE: Final = "worker-interactive"
BACKGROUND: Final = "worker-background"
OURS: Final = ("web", "bot", INTERACTIVE, BACKGROUND, "scheduler")


@contextlib.contextmanager
def world(
    *,
    raised: bool = False,
    processes: int = 1,
    threads: int = 8,
    commands: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    between: Callable[[World], Mapping[str, str]] | None = None,
) -> Iterator[World]:
    """Start a world as an operator's machine has it; `raised` takes every limit on sending away.

    `processes` is that of both workers; one and eight threads are what supervisord.conf has.
    """
    directory = Path(tempfile.mkdtemp(prefix="socialboost-bench-"))
    directory.chmod(0o711)
    replaced = dict(commands or {})
    if (processes, threads) != (1, 8):
        replaced = _workers(processes, threads) | replaced
    options = WorldOptions(
        directory=directory / "world",
        rate_limits=not raised,
        commands=replaced,
        extra_env={"LOG_LEVEL": "INFO", **(RAISED if raised else {}), **(environment or {})},
        between=between,
    )
    try:
        with World(options) as running:
            yield running
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def groups(running: World) -> dict[str, list[int]]:
    """Return every part of the world with its process numbers, for a meter."""
    found = {name: [pid] for name, pid in running.processes.items()}
    for name, server in (("PostgreSQL", running.postgres), ("Valkey", running.valkey)):
        if server.process is not None:
            found[name] = [server.process.pid]
    for name in ("telegram", "crypto_pay", "main_bot"):
        found[f"stand-in {name}"] = [getattr(running, name).popen.pid]
    return found


def described(running: World) -> list[str]:
    """Return what the servers are, for the report."""
    return [f"PostgreSQL: {running.postgres.rung}", f"Valkey: {running.valkey.rung}, appendfsync everysec"]


def _workers(processes: int, threads: int) -> dict[str, str]:
    timeouts = "--worker-shutdown-timeout 20000 --worker-fork-timeout 1000"
    options = f"--processes {processes} --threads {threads} {timeouts}"
    background = "tasks notifications broadcast maintenance"
    return {
        INTERACTIVE: f"nice -n 5 dramatiq workers {options} --queues interactive payments",
        BACKGROUND: f"nice -n 10 dramatiq workers {options} --queues {background}",
    }
