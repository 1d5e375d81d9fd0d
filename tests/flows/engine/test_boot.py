"""Tests of the start of workers and scheduler: a wrong setting stops them, an outage does not."""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from sandbox.servers import PostgresServer
from socialboost import jobs
from tests.flows.engine.actors import EndThread, Stick, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.timings import Timings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", None),
        ("TELEGRAM_BOT_TOKEN", None),
        ("PAYMENT_DATA_KEY", "short"),
        ("REDIS_URL", None),
    ],
)
def test_a_wrong_setting_stops_the_worker_and_is_named(
    system: CoreSystem, variable: str, value: str | None
) -> None:
    if value is None:
        del system.environment[variable]
    else:
        system.environment[variable] = value
    master = system.spawn("dramatiq", "workers", "-p", "1", "-t", "1")
    assert master.wait(30) != 0
    assert f"{variable} is {'missing' if value is None else 'wrong'}" in system.log_text()
    assert value is None or value not in system.log_text()


def test_a_worker_starts_while_postgresql_is_away(
    system: CoreSystem, postgres_server: PostgresServer
) -> None:
    postgres_server.stop()
    try:
        system.start()
        jobs.send(Work(key="tg:1:1"))
        wait_until(lambda: "job_not_claimed" in system.log_text())
    finally:
        postgres_server.start()
    wait_until(lambda: system.state("tg:1:1") == "done", 40)
    row = system.row("tg:1:1")
    assert row is not None
    assert row["attempts"] == 1


def test_a_worker_logs_settings_without_effect_and_starts(system: CoreSystem) -> None:
    system.environment |= {"TIMEZONE": "Europe/Warsaw", "ALERT_EMAIL": "owner@example.com"}
    system.start()
    assert jobs.ask(Work(key="api:1")) == "worked on api:1"
    assert system.log_text().count('"setting_has_no_effect"') == 1
    assert '"setting":"ALERT_EMAIL"' in system.log_text()
    said = [json.loads(line) for line in system.log_text().splitlines() if "timezone_differs" in line]
    assert [line["reason"] for line in said] == [
        "TIMEZONE is Europe/Warsaw, but the database counts the daily limit in Europe/Kyiv"
    ]


def test_a_worker_stops_when_its_master_was_killed(system: CoreSystem) -> None:
    master = system.start()
    assert jobs.ask(Work(key="api:1")) == "worked on api:1"
    worker = system.process_of("start", "api:1")
    os.kill(master.pid, signal.SIGKILL)
    wait_until(lambda: has_ended(worker))


@pytest.mark.parametrize("kind", ["ConsumerThread", "WorkerThread", "sweeper"])
def test_a_process_that_lost_a_thread_exits_to_be_restarted(system: CoreSystem, kind: str) -> None:
    system.hurry(Timings(patience=4))
    master = system.start()
    jobs.send(EndThread(kind=kind))
    wait_until(lambda: master.poll() is not None, 60, "the master to end")
    assert "worker_thread_died" in system.log_text()


@pytest.mark.slow("the end of a process waits for the thread that is stuck")
@pytest.mark.parametrize("kind", ["ConsumerThread", "sweeper"])
def test_a_process_with_a_stuck_thread_exits(system: CoreSystem, kind: str) -> None:
    system.hurry(Timings(patience=4))
    master = system.start()
    jobs.send(EndThread(kind=kind, hangs=True))
    wait_until(lambda: master.poll() is not None, 60, "the master to end")
    said = events(system, "worker_stuck")
    assert [kind.removesuffix("Thread").lower() in name for line in said for name in line["threads"]] == [
        True
    ]


def test_a_job_beyond_its_time_limit_ends_its_process_and_is_repeated(system: CoreSystem) -> None:
    system.hurry(Timings(patience=4))
    master = system.start(threads=2)
    jobs.send(Stick(key="tg:1:1"))
    wait_until(lambda: events(system, "worker_stuck"), 60)
    assert jobs.ask(Work(key="api:1")) == "worked on api:1"  # the other thread goes on until the end
    wait_until(lambda: master.poll() is not None, 60, "the master to end")
    system.hurry(Timings())
    system.start()
    wait_until(lambda: system.state("tg:1:1") == "done", 60)
    stacks = [line["stack"] for line in events(system, "thread_stack")]
    assert any("core_stick" in place for stack in stacks for place in stack)
    assert "do-not-log" not in system.log_text()


def events(system: CoreSystem, name: str) -> list[dict[str, Any]]:
    """Return what the processes logged under this name."""
    found = [json.loads(line) for line in system.log_text().splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == name]


def test_without_the_watchdog_a_stuck_process_looks_healthy(system: CoreSystem) -> None:
    """Negative control."""
    system.environment["CORE_NO_VITALS"] = "1"
    system.hurry(Timings(patience=4))  # with which the watchdog would look every second
    master = system.start(threads=1)
    jobs.send(EndThread(kind="ConsumerThread"))
    wait_until(lambda: system.count("start", "ConsumerThread") == 1)
    time.sleep(3)
    assert master.poll() is None


def has_ended(process: int) -> bool:
    """Return True if the process is gone, or only waits to be noticed."""
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_the_scheduler_needs_only_redis_and_registers_the_bot_once(system: CoreSystem) -> None:
    for name in set(system.environment) - {"PATH", "LANG", "PYTHONPATH", "REDIS_URL", "LOG_DIR", "LOG_LEVEL"}:
        del system.environment[name]
    scheduler = system.spawn("periodiq", "workers")

    def queued() -> list[str]:
        with redis.Redis.from_url(system.redis_url) as client:
            return [json.loads(data)["actor_name"] for data in client.hvals("dramatiq:maintenance.msgs")]

    wait_until(lambda: len(queued()) >= 2, 60)
    assert sorted(queued())[:1] == ["register_bot"]
    assert set(queued()) == {"register_bot", "tick_minute"}
    assert queued().count("register_bot") == 1
    assert '"process":"scheduler"' in system.log_text()
    assert system.stop(scheduler) != 2


def test_the_scheduler_waits_for_a_redis_that_refuses_it(system: CoreSystem) -> None:
    """The password was changed: the scheduler retries and logs it, and then sends the first tick."""
    user, password = f"tick_{secrets.token_hex(4)}", secrets.token_hex(16)
    with redis.Redis.from_url(system.redis_url) as operator:
        parts = urlsplit(system.redis_url)
        login = f"{user}:{password}@{parts.hostname}:{parts.port}"
        system.environment["REDIS_URL"] = parts._replace(netloc=login).geturl()
        scheduler = system.spawn("periodiq", "workers")
        wait_until(lambda: system.log_text().count("queue_waits_for_redis") >= 2, 90)
        assert scheduler.poll() is None
        assert password not in system.log_text()
        operator.acl_setuser(user, enabled=True, passwords=[f"+{password}"], keys=["*"], categories=["+@all"])
        try:
            wait_until(lambda: operator.hlen("dramatiq:maintenance.msgs") >= 2, 60)
        finally:
            scheduler.terminate()
            scheduler.wait(10)
            operator.acl_deluser(user)
    assert "Traceback" not in system.log_text()
