"""Tests of the job ledger with real workers: attempts are counted, effects happen once, no job is lost."""

from __future__ import annotations

import os
import signal

import redis

from socialboost import jobs
from tests.flows.engine.actors import Chain, Hang, Look, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.timings import Timings


def test_a_job_is_done_once_however_often_it_is_sent(system: CoreSystem) -> None:
    system.start(processes=2)
    for _ in range(20):
        jobs.send(Work(key="tg:1:1", seconds=0.3))
    wait_until(lambda: system.count("duplicate", "tg:1:1") + system.count("busy", "tg:1:1") == 19)
    wait_until(lambda: system.state("tg:1:1") == "done")
    assert system.count("start", "tg:1:1") == system.count("end", "tg:1:1") == 1
    assert system.count("busy", "tg:1:1") > 0


def test_the_arguments_in_the_ledger_row_win_over_a_later_message(system: CoreSystem) -> None:
    jobs.send(Work(key="tg:2:1", note="first"))
    system.start()
    wait_until(lambda: system.state("tg:2:1") == "done")
    jobs.send(Work(key="tg:2:1", note="second"))
    wait_until(lambda: system.count("duplicate", "tg:2:1") == 1)
    row = system.row("tg:2:1")
    assert row is not None
    assert row["args"]["note"] == "first"
    assert (row["attempts"], row["max_attempts"], row["queue"]) == (1, 3, "interactive")


def test_a_killed_workers_jobs_run_again_within_a_minute_of_idling(system: CoreSystem) -> None:
    first = system.start()
    jobs.send(Work(key="tg:3:1", seconds=3))
    jobs.send(Look(name="screen", seconds=3))
    wait_until(lambda: len(system.counts("start")) == 2)
    system.kill(first)  # at once: on a busy machine the other's start takes longer than these jobs
    system.start()
    wait_until(lambda: system.state("tg:3:1") == "done", 60)
    wait_until(lambda: system.count("end", "screen") == 1, 60)
    row = system.row("tg:3:1")
    assert row is not None
    assert row["attempts"] == 2
    assert (system.count("start", "tg:3:1"), system.count("end", "tg:3:1")) == (2, 1)


def test_a_job_that_kills_its_process_starts_three_times_and_is_parked(system: CoreSystem) -> None:
    system.hurry(Timings(lease=4))
    jobs.send(Work(key="tg:4:1", mode="die"))
    for attempt in (1, 2, 3):
        # It may die before it has said that it is ready: only the job's start tells that it ran, and
        # its master, which waits for that word, is told not to wait for Dramatiq's 30 s.
        early = ("--worker-fork-timeout", "1000")
        master = system.spawn("dramatiq", "tests.flows.engine.actors", "-p", "1", "-t", "4", *early)
        wait_until(lambda n=attempt: system.count("start", "tg:4:1") == n, 60)
        assert master.wait(20) != 0
    survivor = system.start()
    wait_until(lambda: system.state("tg:4:1") == "parked", 60)
    jobs.send(Work(key="tg:4:1", mode="die"))  # nor does a duplicate start it again
    wait_until(lambda: system.count("duplicate", "tg:4:1") == 1)
    assert system.count("start", "tg:4:1") == 3
    assert system.count("exhausted", "tg:4:1") == 1
    wait_until(lambda: system.count("end", "after:tg:4:1") == 1)
    assert survivor.poll() is None


def test_the_third_failure_parks_a_job_and_a_postponement_uses_no_attempt(system: CoreSystem) -> None:
    system.start()
    for mode in ("postpone", "throttle", "unreachable"):
        jobs.send(Work(key=f"tg:8:{mode}", mode=mode))
    jobs.send(Work(key="tg:5:1", mode="raise"))
    wait_until(lambda: system.state("tg:5:1") == "parked", 40)
    starts = [float(line[3]) for line in system.lines() if line[:2] == ["start", "tg:5:1"]]
    assert len(starts) == 3
    assert starts[1] - starts[0] >= 2
    assert starts[2] - starts[1] >= 10
    row = system.row("tg:5:1")
    assert row is not None
    assert row["error"] == "ValueError: see <url> for more"
    assert system.count("exhausted", "tg:5:1") == 1
    notices = [key for key in system.notices() if key.startswith("notice:parked:tg:5:1:")]
    assert len(notices) == 1
    for mode in ("postpone", "throttle", "unreachable"):
        wait_until(lambda key=f"tg:8:{mode}": system.state(key) == "done", 60)
        row = system.row(f"tg:8:{mode}")
        assert row is not None
        assert (row["state"], row["attempts"]) == ("done", 1)
        assert system.count("start", f"tg:8:{mode}") == 3


def test_an_answer_that_cannot_be_given_now_is_given_later(system: CoreSystem) -> None:
    """It is postponed more often than a failure would be repeated, and never becomes a dead letter."""
    system.start()
    jobs.send(Work(key="tg:9:1"))
    wait_until(lambda: system.state("tg:9:1") == "done")
    jobs.send(Work(key="tg:9:1", note="not now"))
    wait_until(lambda: system.count("duplicate", "tg:9:1") == 4)
    assert "job_dead_lettered" not in system.log_text()


def test_a_job_succeeds_when_its_failure_passes_within_three_attempts(system: CoreSystem) -> None:
    system.start()
    jobs.send(Work(key="tg:6:1", mode="raise", times=1))
    wait_until(lambda: system.state("tg:6:1") == "done")
    row = system.row("tg:6:1")
    assert row is not None
    assert (row["attempts"], row["error"]) == (2, None)


def test_a_refusal_parks_at_once_even_when_the_callback_is_broken(system: CoreSystem) -> None:
    system.start()
    jobs.send(Work(key="tg:7:1", mode="reject"))
    jobs.send(Work(key="tg:7:2", mode="park", note="broken callback"))
    wait_until(lambda: system.states()["parked"] == 2)
    wait_until(lambda: system.count("end", "after:tg:7:1") == 1)
    assert system.counts("start") == {"tg:7:1": 1, "tg:7:2": 1, "after:tg:7:1": 1}
    assert sum(key.startswith("notice:parked:tg:7:") for key in system.notices()) == 2


def test_an_outbox_job_runs_after_the_commit_and_only_then(system: CoreSystem) -> None:
    system.start("interactive", "payments")  # no rescuer: the commit itself wakes the next job
    jobs.send(Chain(key="tg:9:1"))
    wait_until(lambda: system.count("end", "owed:tg:9:1") == 1)
    system.start("maintenance")
    jobs.send(Chain(key="tg:9:2", roll_back=True))
    jobs.send(Chain(key="tg:9:3", delay_seconds=2))
    wait_until(lambda: system.state("tg:9:3") == "done")
    assert system.state("owed:tg:9:2") is None
    row = system.row("owed:tg:9:3")
    assert row is not None
    assert row["state"] == "queued"
    wait_until(lambda: system.states()["done"] == 6)
    assert system.counts("end") == {"owed:tg:9:1": 1, "owed:tg:9:2": 1, "owed:tg:9:3": 1}


def test_a_wiped_redis_is_repaired_from_the_ledger(system: CoreSystem) -> None:
    """Chains run and add jobs to a queue without consumers; then Redis is wiped."""
    chains = system.start("payments")
    for number in range(50):
        jobs.send(Chain(key=f"tg:10:{number}"))
    wait_until(lambda: system.states() == {"done": 50, "queued": 50})
    with redis.Redis.from_url(system.redis_url) as client:
        client.flushall()
    assert system.states() == {"done": 50, "queued": 50}
    system.start("interactive", "maintenance")
    wait_until(lambda: system.states() == {"done": 100}, 40)
    assert set(system.counts("start").values()) == {1}
    assert chains.poll() is None


def test_a_wipe_is_noticed_and_everything_is_sent_again_at_once(system: CoreSystem) -> None:
    """The rescuer notices that its key in Redis is missing, and does not wait until each row is due."""
    system.start("payments", "maintenance")
    for number in range(20):
        jobs.send(Chain(key=f"tg:14:{number}"))
    wait_until(lambda: system.states() == {"done": 20, "queued": 20})
    with redis.Redis.from_url(system.redis_url) as client:
        wait_until(lambda: client.exists("sweeper:mark"))
        noticed = system.log_text().count('"event":"redis_was_empty"')
        client.flushall()
        wait_until(lambda: system.log_text().count('"event":"redis_was_empty"') > noticed)
        wait_until(lambda: client.llen("dramatiq:interactive") >= 20, 5)
    system.start("interactive")
    wait_until(lambda: system.states() == {"done": 40}, 40)
    assert set(system.counts("start").values()) == {1}


def test_without_the_rescuer_a_wiped_redis_loses_the_work(system: CoreSystem) -> None:
    """Negative control: workers that do not consume `maintenance` run no rescuer."""
    system.start("payments")
    jobs.send(Chain(key="tg:11:1"))
    wait_until(lambda: system.state("owed:tg:11:1") == "queued")
    with redis.Redis.from_url(system.redis_url) as client:
        client.flushall()
    system.start("interactive")
    jobs.send(Work(key="tg:11:2"))
    wait_until(lambda: system.state("tg:11:2") == "done")
    assert system.state("owed:tg:11:1") == "queued"


def test_a_frozen_worker_changes_nothing_after_its_lease_ended(system: CoreSystem) -> None:
    """After SIGSTOP beyond the lease another worker has the job, and the first one changes nothing."""
    system.hurry(Timings(lease=5))
    system.start()
    jobs.send(Work(key="tg:12:1", mode="raise", seconds=4, times=1))
    wait_until(lambda: system.count("start", "tg:12:1") == 1)
    frozen = system.process_of("start", "tg:12:1")
    os.kill(frozen, signal.SIGSTOP)
    try:
        system.start()
        wait_until(lambda: system.count("start", "tg:12:1") == 2, 60)
    finally:
        os.kill(frozen, signal.SIGCONT)
    wait_until(lambda: '"event":"job_failed"' in system.log_text())
    wait_until(lambda: system.state("tg:12:1") == "done")
    row = system.row("tg:12:1")
    assert row is not None
    assert row["attempts"] == 2
    assert (system.count("start", "tg:12:1"), system.count("end", "tg:12:1")) == (2, 1)


def test_a_long_job_keeps_its_lease_and_a_hanging_one_loses_it(system: CoreSystem) -> None:
    system.hurry(Timings(lease=4))
    system.start(processes=2)
    jobs.send(Work(key="tg:13:1", seconds=9))
    jobs.send(Hang(key="tg:13:2"))
    wait_until(lambda: system.states() == {"done": 2}, 60)
    wait_until(lambda: "TimeLimitExceeded" in system.log_text())
    assert (system.count("start", "tg:13:1"), system.count("end", "tg:13:1")) == (1, 1)
    assert (system.count("start", "tg:13:2"), system.count("end", "tg:13:2")) == (2, 1)
    row = system.row("tg:13:2")
    assert row is not None
    assert row["state"] == "done"


def keys(system: CoreSystem) -> list[str]:
    """Return every key in the ledger."""
    import psycopg

    with psycopg.connect(system.database_url) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM job_ledger ORDER BY key").fetchall()]
