"""Tests of a crowd during a flood by one person, a read-only database, and silent connections."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from psycopg import sql

import sandbox.person
from sandbox.person import Person
from sandbox.servers import PostgresServer
from sandbox.silent_way import SilentWay
from sandbox.walk import Walk, starts
from sandbox.world import ADMIN_ID, World, WorldOptions, wait_for
from socialboost.bot import shares
from socialboost.settings import WorkerSettings
from socialboost.web.health import FRESH_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

TEXTS = 1_000
AT_ONCE = 16
LONG_SECONDS = 240.0
"""What is waited for comes within seconds, unless the machine is busy; without its guard it never comes."""
TOO_FAST = "🐢"
CHAT_BURST: int = WorkerSettings.model_fields["telegram_chat_burst"].default
PERSON_SECONDS = 1.0
"""Between two answers in a chat after that (workers/telegram/rate_limit_scripts.py)."""
LOOKS = 3
"""At /health while the database is read-only: the first 503 may come from the sessions that were ended."""
AWAY, BACK = "PostgreSQL недоступний", "PostgreSQL знову"
Record = dict[str, Any]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.person, "WAIT_SECONDS", LONG_SECONDS)


def about_to_pay(world: World) -> Walk:
    """Somebody with an open order who looks at its checkout page."""
    walk = Walk(world)
    for step in walk.steps():
        if step.did == "open the pay link":
            return walk
    raise AssertionError("the walk has no such step")


def pay(walk: Walk) -> None:
    requests.post(f"{walk.checkout}/pay", timeout=LONG_SECONDS).raise_for_status()


def lines(path: Path) -> list[Record]:
    """A log that is being written: its whole lines."""
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


# --- one person's thousand texts ---


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def flood(world: World, person: Person) -> None:
    """Write it all before anybody looks."""
    url = f"{world.telegram_url}/sim/people/{person.id}/messages"

    def write(number: int) -> None:
        requests.post(url, json={"text": f"hello {number}"}, timeout=LONG_SECONDS).raise_for_status()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(write, range(TEXTS)))


class Flood:
    """What the stand-in's wire and the product's log say of it, from a moment on."""

    def __init__(self, world: World, person: Person) -> None:
        self.world, self.person = world, person
        self.seq = max(record["seq"] for record in lines(world.wire_log("telegram")))
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def records(self, kind: str, person: Person) -> list[Record]:
        found = lines(self.world.wire_log("telegram"))
        return [
            r for r in found if r["seq"] > self.seq and (r["kind"], r.get("chat_id")) == (kind, person.id)
        ]

    def answers_before(self, other: Person) -> int:
        """Return how many answers the flooder had before the other's first."""
        first = self.records("call", other)[0]["seq"]
        return sum(record["seq"] < first for record in self.records("call", self.person))

    def taken(self) -> int:
        """Return how many of the texts the product fetched."""
        return len(self.records("update_delivered", self.person))

    def jobs(self) -> int:
        """Return how many of them became jobs."""
        found = lines(self.world.log_dir / "bot.log")
        received = [line for line in found if line["event"] == "update_received"]
        return sum(line.get("telegram_id") == self.person.id for line in received)

    def sentences(self) -> int:
        return sum(TOO_FAST in str(record["params"]) for record in self.records("call", self.person))


def test_one_person_s_thousand_texts_delay_nobody(world: World) -> None:
    """The other person's /start is sent after all of them. Shares are refilled with time."""
    buyer = about_to_pay(world)
    flooder, other = (Person(world.telegram_url, name) for name in ("Петро", "Марія"))
    seen = Flood(world, flooder)
    with stopped(world.processes["bot"]):
        flood(world, flooder)
        other.write("/start")
        seen.began = time.monotonic()
    wait_for(lambda: seen.records("call", flooder), LONG_SECONDS, "an answer to the flood")
    pay(buyer)
    other.wait_for(starts("🚀 Вітаємо"), "the welcome")
    buyer.person.wait_for(starts("✅ Оплата успішна"), "the receipt")
    chat_share = CHAT_BURST + 1 + seen.seconds / PERSON_SECONDS
    for person in (other, buyer.person):
        assert seen.answers_before(person) <= chat_share
    wait_for(lambda: seen.taken() == TEXTS, LONG_SECONDS, "every text to be fetched")
    assert seen.jobs() <= shares.BURST + 1 + seen.seconds / shares.REFILL_SECONDS
    wait_for(seen.sentences, LONG_SECONDS, "the sentence")
    assert seen.sentences() <= 1 + seen.seconds / shares.TOLD_SECONDS
    calls = [record for record in lines(world.wire_log("telegram")) if record["kind"] == "call"]
    assert [record for record in calls if record["status"] == 429] == [], "it stops the sending to everybody"


# --- a read-only database, and silent connections ---


@contextlib.contextmanager
def read_only(world: World) -> Iterator[None]:
    """As after a failover to a standby; then it ends, and old sessions do not know that."""
    with psycopg.connect(world.database_url, autocommit=True) as owner:
        name = sql.Identifier(owner.info.dbname)
        owner.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        try:
            yield
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))


def health(world: World) -> int:
    return requests.get(f"{world.web_url}/health", timeout=LONG_SECONDS).status_code


def unhealthy_looks(world: World, count: int) -> int:
    """Ask so often, each time for a check that has begun since; return how often the answer was 503."""
    bad = 0
    for _ in range(count):
        time.sleep(FRESH_SECONDS)
        bad += health(world) == 503
    return bad


def told(world: World, words: str) -> int:
    """Return how many such notices the admin got."""
    chat = requests.get(f"{world.telegram_url}/sim/people/{ADMIN_ID}/messages", timeout=LONG_SECONDS).json()
    return sum(words in message["text"] for message in chat["messages"] if message["from"] == "bot")


def test_orders_paid_while_the_database_is_read_only_become_active_afterwards(world: World) -> None:
    buyer = about_to_pay(world)
    assert health(world) == 200
    with read_only(world):
        wait_for(lambda: health(world) == 503, LONG_SECONDS, "/health to say so")
        wait_for(lambda: told(world, AWAY), LONG_SECONDS, "the admin to be told")
        assert unhealthy_looks(world, LOOKS) == LOOKS, "the new sessions answer, and take no write"
        pay(buyer)
    buyer.person.wait_for(starts("✅ Оплата успішна"), "the receipt")
    wait_for(lambda: health(world) == 200, LONG_SECONDS, "/health to be well again")
    wait_for(lambda: told(world, BACK) == told(world, AWAY), LONG_SECONDS, "the end to be told")


def test_orders_paid_while_connections_are_silent_become_active(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Open connections carry no data and do not end. New ones work."""
    ways: list[SilentWay] = []

    def between(starting: World) -> dict[str, str]:
        ways.append(SilentWay(starting.worker_database_url))
        return {"DATABASE_URL": ways[0].url}

    options = WorldOptions(directory=tmp_path / "world", postgres=postgres_server, between=between)
    with World(options) as silent:
        buyer = about_to_pay(silent)
        carried = ways[0].accepted
        ways[0].freeze()
        pay(buyer)
        buyer.person.wait_for(starts("✅ Оплата успішна"), "the receipt")
        assert ways[0].accepted > carried
    ways[0].close()
