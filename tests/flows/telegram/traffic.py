"""Helpers for tests of the rate limiter: chats, sender processes and the stand-in's record of calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import redis
import requests

from sandbox.programs import Program
from socialboost.db import Database
from socialboost.errors import PostponeError
from tests.flows.engine.system import ROOT, environment

if TYPE_CHECKING:
    from workers.telegram.rate_limit import RateLimiter

TOKEN = "1234567890:" + "t" * 35
RATE, RESERVED, BURST = 25, 5, 15
Record = dict[str, Any]


class Traffic:
    """Starts senders and reads what reached Telegram."""

    def __init__(self, redis_url: str, database_url: str, directory: Path) -> None:
        self.redis_url = redis_url
        self.database_url = database_url
        self.telegram = Program(
            "sandbox.telegram", ["--token", TOKEN, "--rate-limits", "on"], log=directory / "telegram.log"
        )
        self.telegram.wait_for_address()
        self.environment = environment(redis_url, database_url, directory / "record") | {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self.telegram.url,
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
        }
        self.http = requests.Session()
        self.database = Database(database_url, pool_size=2).open()
        self.senders: list[subprocess.Popen[str]] = []
        self.clients: list[redis.Redis] = []

    def close(self) -> None:
        for sender in self.senders:
            if sender.poll() is None:
                sender.kill()
            sender.communicate()
        for client in self.clients:
            client.close()
        self.database.close()
        self.http.close()
        self.telegram.stop()

    # --- who sends, and to whom ---

    def people(self, count: int) -> list[int]:
        """New people who may be written to."""
        body = {"first_name": "Олена", "started": True}
        return [int(self.post("/sim/people", body)["id"]) for _ in range(count)]

    def start(self, kind: str, seconds: float, name: str, chats: list[int]) -> subprocess.Popen[str]:
        """Start one sender (tests/flows/telegram/sender.py)."""
        sender = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.flows.telegram.sender",
                kind,
                str(seconds),
                name,
                *map(str, chats),
            ],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.senders.append(sender)
        return sender

    def result(self, sender: subprocess.Popen[str]) -> dict[str, int]:
        """Wait for a sender's end. Returns its counts."""
        output, _ = sender.communicate(timeout=120)
        assert sender.returncode == 0, output[-3000:]
        found: dict[str, int] = json.loads(output.splitlines()[-1])
        return found

    def rate_limiter(
        self, redis_url: str = "", *, processes: int = 2, rate: int = RATE, burst: int = BURST
    ) -> RateLimiter:
        """A rate limiter in this process, as a process that has just started has it."""
        from workers.telegram.rate_limit import (
            RateLimiter,
        )  # `workers` needs REDIS_URL, which conftest.py gives it

        client = redis.Redis.from_url(
            redis_url or self.redis_url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2
        )
        self.clients.append(client)
        return RateLimiter(
            client, lambda: self.database, rate=rate, reserved=RESERVED, burst=burst, processes=processes
        )

    # --- what Telegram saw ---

    def post(self, path: str, body: Any) -> Any:
        answer = self.http.post(self.telegram.url + path, json=body, timeout=10)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def records(self, name: str = "") -> list[Record]:
        """Every sendMessage, refused ones too, whose text begins so; oldest first."""
        answer = self.http.get(
            f"{self.telegram.url}/sim/wire", params={"kind": "call", "method": "sendMessage"}, timeout=30
        )
        answer.raise_for_status()
        found = [r for r in answer.json()["records"] if str(r["params"].get("text", "")).startswith(name)]
        return sorted(found, key=lambda record: record["mono_ms"])

    def wait_for_records(self, count: int, name: str = "", seconds: float = 60) -> list[Record]:
        """Wait until there are so many."""
        deadline = time.monotonic() + seconds
        while len(found := self.records(name)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} calls of {name!r}"
            time.sleep(0.05)
        return found

    def flush_redis(self) -> None:
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def forget_pause(self) -> None:
        """Delete the pauses in PostgreSQL."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("DELETE FROM leases WHERE name LIKE 'telegram_pause%'")


def most(records: list[Record], seconds: float) -> int:
    """The most calls in any window of so many seconds."""
    times = [record["mono_ms"] for record in records]
    best = start = 0
    for end, moment in enumerate(times):
        while moment - times[start] > seconds * 1000:
            start += 1
        best = max(best, end - start + 1)
    return best


def refused(records: list[Record]) -> list[Record]:
    """Calls that Telegram answered with 429."""
    return [record for record in records if record["status"] == 429]


def count_until_shut(limiter: RateLimiter, most_calls: int = 1000) -> int:
    """Return how many answers to people pass before the first PostponeError."""
    for passed in range(most_calls):
        try:
            limiter.person()
        except PostponeError:
            return passed
    raise AssertionError(f"{most_calls} passed and none had to wait")
