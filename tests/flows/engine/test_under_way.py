"""Tests of jobs that end with their effect, go on with a claimed job, or end together with others."""

from __future__ import annotations

import psycopg

from socialboost import jobs
from tests.flows.engine.actors import Effect, Quick
from tests.flows.engine.system import CoreSystem, wait_until
from tests.timings import Timings


def test_a_job_ends_with_its_effect_and_its_process_goes_on(system: CoreSystem) -> None:
    """The next job needs neither a message nor a claim of its own."""
    system.start(processes=2)
    jobs.send(Effect(key="tg:40:1"))
    wait_until(lambda: system.state("next:tg:40:1") == "done")
    wait_until(lambda: system.state("effect:tg:40:1:1") == "done")
    row = system.row("next:tg:40:1")
    assert row is not None
    assert (system.state("tg:40:1"), row["attempts"]) == ("done", 1)
    assert system.process_of("start", "next:tg:40:1") == system.process_of("start", "tg:40:1")
    assert system.count("start", "next:tg:40:1") == 1
    (commits,) = rows(system, "SELECT count(DISTINCT xmin::text) FROM job_ledger WHERE key = 'tg:40:1'")
    assert commits == (1,)


def test_a_job_killed_before_its_commit_has_no_effect(system: CoreSystem) -> None:
    system.hurry(Timings(lease=4))
    first = system.start()
    jobs.send(Effect(key="tg:41:1", fate="die"))
    wait_until(lambda: first.poll() is not None, 30)
    assert (system.state("effect:tg:41:1:1"), system.state("next:tg:41:1")) == (None, None)
    system.start()
    wait_until(lambda: system.state("next:tg:41:1") == "done", 60)
    assert system.state("tg:41:1") == "done"
    assert system.state("effect:tg:41:1:1") is None
    assert system.count("start", "tg:41:1") == 2


def test_a_kill_in_the_next_job_repeats_only_that_job(system: CoreSystem) -> None:
    system.hurry(Timings(lease=4))
    first = system.start()
    jobs.send(Effect(key="tg:42:1", mode="die"))
    wait_until(lambda: first.poll() is not None, 30)
    row = system.row("next:tg:42:1")
    assert row is not None
    assert (system.state("tg:42:1"), row["state"], row["attempts"]) == ("done", "running", 1)
    system.start()
    wait_until(lambda: system.state("next:tg:42:1") == "done", 60)
    assert system.count("start", "tg:42:1") == 1
    assert (system.count("start", "next:tg:42:1"), system.count("end", "next:tg:42:1")) == (2, 1)


def test_a_job_that_was_taken_over_has_no_effect(system: CoreSystem) -> None:
    """Its transaction is rolled back. Only the worker that took it over has an effect."""
    system.start()
    jobs.send(Effect(key="tg:43:1", fate="lose"))
    wait_until(lambda: system.state("next:tg:43:1") == "done", 60)
    assert "claim_lost" in system.log_text()
    assert system.state("effect:tg:43:1:1") is None
    wait_until(lambda: system.state("effect:tg:43:1:3") == "done")
    assert system.count("start", "next:tg:43:1") == 1


def test_ends_of_jobs_without_follow_ups_share_commits(system: CoreSystem) -> None:
    system.hurry(Timings(end_wait=1))
    for number in range(200):
        jobs.send(Quick(key=f"tg:44:{number}"))
    system.start(threads=8)
    done = "SELECT count(*) FROM job_ledger WHERE key LIKE 'tg:44:%' AND state = 'done'"
    wait_until(lambda: rows(system, done) == [(200,)], 60)
    (commits,) = rows(system, "SELECT count(DISTINCT xmin::text) FROM job_ledger WHERE key LIKE 'tg:44:%'")
    assert commits[0] < 100
    assert system.counts("start") == {f"tg:44:{number}": 1 for number in range(200)}


def test_a_job_killed_before_its_end_is_recorded_is_repeated(system: CoreSystem) -> None:
    system.hurry(Timings(lease=4, end_wait=5))
    first = system.start()
    jobs.send(Quick(key="tg:45:1", die=True))
    wait_until(lambda: first.poll() is not None, 30)
    assert system.state("tg:45:1") == "running"
    system.start()
    wait_until(lambda: system.state("tg:45:1") == "done", 60)
    assert system.count("start", "tg:45:1") == 2


def test_a_stopping_worker_records_the_ends_that_wait(system: CoreSystem) -> None:
    system.hurry(Timings(end_wait=5))
    master = system.start()
    for number in range(50):
        jobs.send(Quick(key=f"tg:46:{number}"))
    wait_until(lambda: len(system.counts("start")) == 50)
    master.terminate()
    assert master.wait(30) == 0
    states = rows(system, "SELECT DISTINCT state FROM job_ledger WHERE key LIKE 'tg:46:%'")
    assert states == [("done",)]


def rows(system: CoreSystem, query: str) -> list[tuple[object, ...]]:
    """Return the query's rows."""
    with psycopg.connect(system.database_url) as connection:
        return connection.execute(query.encode()).fetchall()
