"""Tests of questions to workers: the answer comes back, there is a deadline, and few run at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import pytest

from sandbox.servers import ValkeyServer
from socialboost import jobs
from socialboost.errors import BusyError, NoAnswerError, QueueUnavailableError
from socialboost.jobs import sending
from tests.flows.engine.actors import Question, Work
from tests.flows.engine.system import CoreSystem, wait_until


def test_every_json_value_is_an_answer(system: CoreSystem) -> None:
    system.start()
    values: list[Any] = [None, False, 0, "", [], {"http": 404, "body": {"success": False}}, [1, "два"]]
    for number, value in enumerate(values):
        assert jobs.ask(Question(name=str(number), value=value)) == value
    assert jobs.ask(Work(key="api:1")) == "worked on api:1"
    assert jobs.ask(Work(key="api:1")) == "again"


async def test_a_job_can_be_sent_from_an_event_loop(system: CoreSystem) -> None:
    system.start()
    job_id = await jobs.send_async(Work(key="tg:1:1"))
    wait_until(lambda: system.state("tg:1:1") == "done")
    assert job_id in system.log_text()


def test_a_question_without_a_waiting_caller_is_dropped_and_an_effect_runs(system: CoreSystem) -> None:
    for job in (Question(name="late"), Work(key="api:2")):
        started = time.monotonic()
        with pytest.raises(NoAnswerError):
            jobs.ask(job, 0.3)
        assert 0.25 < time.monotonic() - started < 2
    system.start()
    wait_until(lambda: system.state("api:2") == "done")
    wait_until(lambda: not system.leftovers())
    assert system.count("start", "late") == 0


def test_a_failed_answer_does_not_count(system: CoreSystem) -> None:
    system.start()
    with pytest.raises(NoAnswerError):
        jobs.ask(Question(name="refused", value="raise"))
    with pytest.raises(NoAnswerError):
        jobs.ask(Question(name="slow", seconds=1), 0.2)


def test_questions_in_flight_are_capped(system: CoreSystem) -> None:
    system.start(threads=8)
    answers: list[Any] = []
    slow = [Question(name=f"slow{n}", seconds=1, value=n) for n in range(sending.MAX_QUESTIONS)]
    threads = [threading.Thread(target=lambda job=job: answers.append(jobs.ask(job, 4))) for job in slow]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(system.counts("start")) == sending.MAX_QUESTIONS)
    with pytest.raises(BusyError):
        jobs.ask(Question(name="one too many"))
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(sending.MAX_QUESTIONS))
    assert jobs.ask(Question(name="after", value="free again")) == "free again"


def test_a_caller_learns_in_time_that_redis_is_down_or_hangs(
    system: CoreSystem, valkey_server: ValkeyServer
) -> None:
    process = valkey_server.process
    assert process is not None
    jobs.send(Work(key="tg:2:1"))
    os.kill(process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(QueueUnavailableError):
            jobs.send(Work(key="tg:2:2"))
        assert time.monotonic() - started < 4
        with pytest.raises(QueueUnavailableError, match="not queued"):
            jobs.send(Work(key="tg:2:2"))  # known by now: no second wait
    finally:
        os.kill(process.pid, signal.SIGCONT)
    valkey_server.stop()
    try:
        with pytest.raises(QueueUnavailableError):
            jobs.ask(Question(name="nobody"))
    finally:
        valkey_server.start()
    for _ in range(100):  # refused at once until the next try is due, which finds Redis back
        try:
            jobs.send(Work(key="tg:2:3"))
        except QueueUnavailableError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("a Redis that is back was never tried again")
