"""Runs one queue's worker on servers of ours, and reads the marks of its jobs."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.peers.marks import MARKS
from benchmarks.queue_systems import LEDGER, ROOT, SYSTEMS, System
from sandbox.programs import own_environment
from sandbox.servers import PostgresServer, ValkeyServer, start_postgres, start_valkey
from sandbox.servers_process import release, spawn, tail

START_SECONDS = 60.0
STOP_SECONDS = 15.0
PRODUCE_SECONDS = 300.0


class NotMeasuredError(RuntimeError):
    """A system did not start or did not finish. The text has the end of its output."""


@dataclass(frozen=True)
class Servers:
    """A PostgreSQL and a Valkey as production has them: fsync on, append-only file synced every second."""

    postgres: PostgresServer
    valkey: ValkeyServer
    directory: Path

    @property
    def described(self) -> list[str]:
        """Return a description of the servers, for the report."""
        return [f"PostgreSQL: {self.postgres.rung}", f"Valkey: {self.valkey.rung}, appendfsync everysec"]


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Start both, and leave nothing behind."""
    directory = Path(tempfile.mkdtemp(prefix="socialboost-bench-"))
    directory.chmod(0o711)  # PostgreSQL runs as another user when we are root
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, directory, ignore_errors=True)
        postgres = start_postgres(directory / "postgres")
        undo.callback(postgres.remove)
        valkey = start_valkey(directory / "valkey")
        undo.callback(valkey.stop)
        yield Servers(postgres, valkey, directory)


class Running:
    """A system's worker, started by `start` and ended with the block."""

    def __init__(self, system: System, servers: Servers) -> None:
        self.system = system
        number = SYSTEMS.index(system)
        self.marks = servers.directory / f"marks-{number}-{time.monotonic_ns()}"
        self.log = servers.directory / f"{number}.log"
        self.environment = self._environment(servers, number)
        self._popen: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The worker's first process."""
        if self._popen is None:
            raise NotMeasuredError(f"{self.system.name} is not running")
        return self._popen.pid

    def start(self) -> None:
        """Start the worker, tied to our life."""
        self._popen = spawn(
            self.system.command(self.system.worker),
            log=self.log,
            environment=self.environment,
            cwd=ROOT,
            stop_signal=signal.SIGTERM,
        )

    def warm_up(self, count: int) -> None:
        """Run some jobs that are not measured, which shows that the worker runs."""
        self.produce("burst", count)
        self.wait_for(count, START_SECONDS)

    def produce(self, what: str, count: int) -> dict[str, float]:
        """Enqueue through the system's own client, in its own environment; what that cost."""
        done = subprocess.run(
            self.system.module_command("benchmarks.peers.produce", self.system.module, what, str(count)),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PRODUCE_SECONDS,
        )
        if done.returncode != 0:
            raise NotMeasuredError(f"{self.system.name} could not enqueue:\n{done.stderr[-2000:]}")
        cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return cost

    def read_marks(self) -> list[tuple[int, int]]:
        """Return (sent, began) of every job that began, in nanoseconds."""
        if not self.marks.exists():
            return []
        lines = self.marks.read_bytes().splitlines()
        return [(int(sent), int(began)) for sent, began in (line.split() for line in lines)]

    def wait_for(self, count: int, seconds: float) -> int:
        """Wait until so many jobs have begun or the time is over; how many have."""
        deadline = time.monotonic() + seconds
        while True:
            begun = self.marks.read_bytes().count(b"\n") if self.marks.exists() else 0
            if begun >= count or time.monotonic() > deadline:
                break
            if self._popen is not None and self._popen.poll() is not None:
                raise NotMeasuredError(f"{self.system.name} ended:\n{tail(self.log)}")
            time.sleep(0.05)
        if not begun:
            raise NotMeasuredError(f"{self.system.name} began no job:\n{tail(self.log)}")
        return begun

    def stop(self) -> None:
        """End the worker and whatever it started."""
        popen, self._popen = self._popen, None
        if popen is None:
            return
        popen.terminate()
        try:
            popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):  # it led a session of its own: nothing else is in it
            os.killpg(popen.pid, signal.SIGKILL)
        release(popen)

    def _environment(self, servers: Servers, number: int) -> dict[str, str]:
        """Return the environment of the system's programs: its own empty databases, and no secret of ours."""
        database = servers.postgres.create_database(f"bench_{number}_{time.monotonic_ns()}")
        environment = {
            **own_environment(),
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": servers.valkey.url_for(number),
            "DATABASE_URL": database,
            "RQ_REDIS_URL": servers.valkey.url_for(number),
            "RQ_QUEUE": self.system.worker[-1],
            MARKS: str(self.marks),
        }
        if self.system is LEDGER:
            environment |= _worker_settings()
            _run([*self.system.module_command("socialboost"), "migrate"], environment)
        if self.system.prepare:
            _run(self.system.command(self.system.prepare), environment)
        return environment


def _worker_settings() -> dict[str, str]:
    """Return every setting that a worker needs, with addresses that lead nowhere, and with few log lines."""
    return {
        "LOG_DIR": "-",
        "LOG_LEVEL": "WARNING",
        "TELEGRAM_BOT_TOKEN": "1234567890:" + "t" * 35,
        "CRYPTOBOT_TOKEN": "12345:" + "c" * 35,
        "MAIN_BOT_API_URL": "http://127.0.0.1:9",
        "MAIN_BOT_API_KEY": "m" * 32,
        "PAYMENT_DATA_KEY": base64.urlsafe_b64encode(b"k" * 32).decode(),
    }


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        raise NotMeasuredError(f"{' '.join(command)}:\n{done.stderr[-2000:]}")


def wait_until(ready: Callable[[], Any], seconds: float, what: str) -> None:
    """Poll until true; NotMeasuredError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise NotMeasuredError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)
