"""Starts real worker processes with the test actors and reads what they recorded."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import redis
from psycopg.rows import dict_row

from tests.timings import Timings

ROOT = Path(__file__).resolve().parents[3]
T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 30.0, what: str = "") -> T:
    """Poll until the condition is true, and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition!r}")
        time.sleep(0.05)


def environment(redis_url: str, database_url: str, record: Path) -> dict[str, str]:
    """Return a worker's environment: every setting it insists on, none of them leading anywhere."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "CORE_RECORD": str(record),
        "LOG_DIR": "-",
        "LOG_LEVEL": "DEBUG",  # tests follow each step of a job
        "TELEGRAM_BOT_TOKEN": "1234567890:" + "t" * 35,
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "CRYPTOBOT_TOKEN": "12345:" + "c" * 35,
        "CRYPTOBOT_API_URL": "http://127.0.0.1:9",
        "MAIN_BOT_API_URL": "http://127.0.0.1:9",
        "MAIN_BOT_API_KEY": "m" * 32,
        "PAYMENT_DATA_KEY": base64.urlsafe_b64encode(b"k" * 32).decode(),
    }


class CoreSystem:
    """Starts and kills workers; reads the record, the ledger and Redis."""

    def __init__(self, redis_url: str, database_url: str, directory: Path) -> None:
        self.redis_url = redis_url
        self.database_url = database_url
        self.record = directory / "record"
        self.record.touch()
        self.log = directory / "log"
        self.environment = environment(redis_url, database_url, self.record)
        self.masters: list[subprocess.Popen[bytes]] = []

    def hurry(self, timings: Timings) -> None:
        """Have the workers that start from now on use these times."""
        self.environment |= timings.environment()

    def start(
        self,
        *queues: str,
        processes: int = 1,
        threads: int = 4,
    ) -> subprocess.Popen[bytes]:
        """Start our workers and wait until they are ready."""
        ready = self.log_text().count("worker_started")
        options = ["-p", str(processes), "-t", str(threads), *(["--queues", *queues] if queues else [])]
        master = self.spawn("dramatiq", "tests.flows.engine.actors", *options)
        wait_until(
            lambda: master.poll() is not None or self.log_text().count("worker_started") >= ready + processes,
            60,
            "workers ready",
        )
        assert self.log_text().count("worker_started") >= ready + processes, self.log_text()[-3000:]
        return master

    def start_stock(self) -> subprocess.Popen[bytes]:
        """Start a worker on Dramatiq's own broker."""
        master = self.spawn("dramatiq", "tests.flows.engine.stock", "-p", "1", "-t", "4")
        wait_until(lambda: self.count("ready", "stock") > 0, 60, "stock worker ready")
        return master

    def spawn(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Run one of the environment's programs in a process group of its own, its output in the log."""
        with self.log.open("ab") as log:
            master = subprocess.Popen(
                [str(Path(sys.executable).with_name(arguments[0])), *arguments[1:]],
                cwd=ROOT,
                env=self.environment | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.masters.append(master)
        return master

    def kill(self, master: subprocess.Popen[bytes], *, wait: bool = True) -> None:
        """SIGKILL the master and all its workers, as a machine that lost power."""
        os.killpg(master.pid, signal.SIGKILL)
        if wait:
            master.wait(10)

    def stop(self, master: subprocess.Popen[bytes], seconds: float = 30) -> int:
        """SIGTERM the master, as a supervisor does; its exit status."""
        master.terminate()
        return master.wait(seconds)

    def close(self) -> None:
        """End everything that still runs."""
        for master in self.masters:
            if master.poll() is None:
                os.killpg(master.pid, signal.SIGKILL)
                master.wait(10)

    def lines(self) -> list[list[str]]:
        """Return the record: event, name, process, time, detail."""
        return [line.split(" ", 4) for line in self.record.read_text(encoding="utf-8").splitlines()]

    def count(self, event: str, name: str) -> int:
        """Return how often the event was recorded for the name."""
        return sum(line[:2] == [event, name] for line in self.lines())

    def counts(self, event: str) -> Counter[str]:
        """Return how often the event was recorded, by name."""
        return Counter(line[1] for line in self.lines() if line[0] == event)

    def process_of(self, event: str, name: str) -> int:
        """Return the process that recorded the event last."""
        return int([line for line in self.lines() if line[:2] == [event, name]][-1][2])

    def log_text(self) -> str:
        """Return everything the processes logged."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def row(self, key: str) -> dict[str, Any] | None:
        """Return the job's ledger row."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute("SELECT * FROM job_ledger WHERE key = %s", [key]).fetchone()

    def notices(self) -> list[str]:
        """Return the keys of the notices that the admins are to get."""
        with psycopg.connect(self.database_url) as connection:
            return [key for (key,) in connection.execute("SELECT key FROM owed_notices ORDER BY key")]

    def state(self, key: str) -> str | None:
        """Return the state of the job's row, None without one."""
        row = self.row(key)
        return row["state"] if row else None

    def states(self) -> Counter[str]:
        """Return how many rows are in each state."""
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute("SELECT state, count(*) FROM job_ledger GROUP BY state").fetchall()
        return Counter(dict(rows))

    def leftovers(self, namespace: str = "dramatiq") -> dict[str, int]:
        """Return the queue structures in Redis that still hold a message (dead letters aside)."""
        with redis.Redis.from_url(self.redis_url) as client:
            found = {}
            for key in client.scan_iter(f"{namespace}:*"):
                name = key.decode()
                if name.endswith((".XQ", ".XQ.msgs", "__heartbeats__")):
                    continue
                kind = client.type(key).decode()
                if kind == "none":  # settled since it was listed
                    continue
                found[name] = {"list": client.llen, "set": client.scard, "hash": client.hlen}[kind](key)
            return found

    def dead_letters(self, queue: str) -> int:
        """Return how many messages of the queue were given up."""
        with redis.Redis.from_url(self.redis_url) as client:
            return int(client.zcard(f"dramatiq:{queue}.XQ"))
