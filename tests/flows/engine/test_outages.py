"""Tests of PostgreSQL outages during jobs: none is parked or lost, and no attempt is used."""

from __future__ import annotations

import time

import psycopg
import pytest

from sandbox.servers import PostgresServer, ValkeyServer
from socialboost import jobs
from tests.flows.engine.actors import Chain, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.timings import Timings


def test_a_postgresql_outage_uses_no_attempt(system: CoreSystem, postgres_server: PostgresServer) -> None:
    """It is down for longer than a lease: at the claim, in the body, at the settlement, in the rescuer."""
    lease = 4
    system.hurry(Timings(lease=lease))
    system.start(threads=8)
    for number in range(6):
        jobs.send(Work(key=f"tg:settle:{number}", seconds=3))
        jobs.send(Work(key=f"tg:body:{number}", seconds=3, mode="query"))
    wait_until(lambda: len(system.counts("start")) >= 6)  # three quarters of the threads: one queue's share
    postgres_server.stop()
    for number in range(20):
        jobs.send(Work(key=f"tg:claim:{number}"))
    time.sleep(lease + 1)
    postgres_server.start()
    wait_until(lambda: states(system) == {"done": 32}, 60)
    with psycopg.connect(system.database_url) as connection:
        attempts = connection.execute(
            "SELECT DISTINCT attempts FROM job_ledger WHERE key NOT LIKE 'notice:%'"
        ).fetchall()
    assert attempts == [(1,)]
    assert set(system.counts("end").values()) == {1}


@pytest.mark.parametrize("skew_seconds", [120, -120])
def test_a_worker_whose_clock_is_wrong_by_more_than_a_heartbeat_repeats_no_job(
    system: CoreSystem, skew_seconds: int
) -> None:
    """It considers the others dead and takes their messages, but still no job runs twice."""
    system.start(threads=2)
    system.environment["CORE_SKEW_MS"] = str(skew_seconds * 1000)
    system.start(threads=2)
    for number in range(60):
        jobs.send(Work(key=f"tg:{number}:1", seconds=0.2))
    wait_until(lambda: system.states() == {"done": 60}, 90)
    assert set(system.counts("end").values()) == {1}
    assert set(system.counts("start").values()) == {1}


def test_every_job_ends_when_postgresql_restarts_under_load(
    system: CoreSystem, postgres_server: PostgresServer
) -> None:
    """Connections break during claims, commits and settlements: every job ends, and none is parked."""
    system.hurry(Timings(lease=4))
    system.start(processes=2)
    for number in range(300):
        jobs.send(Chain(key=f"tg:{number}:1"))
        if number in {50, 150, 250}:
            postgres_server.restart_immediate()
    wait_until(lambda: states(system) == {"done": 600}, 90)
    assert len(system.counts("end")) == 300


def test_jobs_in_the_outbox_run_after_a_redis_outage(system: CoreSystem, valkey_server: ValkeyServer) -> None:
    """The rescuer sends a job whose message could not be sent after its commit."""
    system.start()
    jobs.send(Work(key="tg:1:1"))
    wait_until(lambda: system.state("tg:1:1") == "done")
    with psycopg.connect(system.database_url) as connection:
        connection.execute("INSERT INTO job_ledger (key, actor, queue, args) VALUES (%s, %s, %s, %s)", LATER)
    valkey_server.stop()
    time.sleep(2)
    valkey_server.start()
    wait_until(lambda: states(system) == {"done": 2}, 40)


LATER = ("tg:1:2", "core_work", "interactive", '{"key": "tg:1:2"}')


def states(system: CoreSystem) -> dict[str, int]:
    """Return the rows of the test's own jobs by state, an empty dictionary while the database is away.

    The outage's end is told to the admins by rows of its own.
    """
    try:
        with psycopg.connect(system.database_url) as connection:
            rows = connection.execute(
                "SELECT state, count(*) FROM job_ledger WHERE key NOT LIKE 'notice:%' GROUP BY state"
            ).fetchall()
    except psycopg.OperationalError:
        return {}
    return dict(rows)
