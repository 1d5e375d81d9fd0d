"""Tests of runners: one process sends, another takes over when it dies, and a replaced one sends nothing."""

from __future__ import annotations

import os
import signal
import time

import pytest

from socialboost import jobs
from tests.flows.broadcast.hall import Hall
from tests.flows.shop.world import ADMIN_ID, wait_until
from workers.broadcasts import chunks
from workers.broadcasts.answers import Ending

REPLACED_SECONDS = 5.0
RATE = 100
SENDERS = 25
"""Connections at this rate; a runner marks 50 recipients and more."""


def check_once(hall: Hall, broadcast_id: str, people: list[int]) -> None:
    """No recipient got it twice, and each who did not get it is listed."""
    row = hall.check_counts(broadcast_id)
    received = hall.received("Новини")
    assert set(received.values()) == {1}, "somebody got it twice"
    assert len(people) - len(received) <= row["unknown"] + row["skipped"]


def test_a_dead_process_is_replaced_within_five_seconds(hall: Hall) -> None:
    """A busy machine may need two more tries."""
    people = hall.gather(1_500)
    hall.start(rate=60)
    hall.start(rate=60)
    broadcast_id = hall.send("Новини 21")
    took = []
    while len(took) < 3 and min(took, default=60.0) > REPLACED_SECONDS:
        hall.wait_for_progress(broadcast_id)
        master, runner = hall.freeze_runner(broadcast_id)
        hall.kill(master)
        gone = time.monotonic()
        hall.wait_for_another(broadcast_id, runner)
        took.append(time.monotonic() - gone)
        hall.masters.remove(master)
        if took[-1] > REPLACED_SECONDS:
            hall.start(rate=60)
    assert min(took) <= REPLACED_SECONDS, took
    hall.wait_for_progress(broadcast_id)
    hall.wait_for_job(hall.move(broadcast_id, "cancel"))
    wait_until(lambda: hall.row(broadcast_id)["runner"] is None, "the runner stops", 30)
    check_once(hall, broadcast_id, people[-hall.row(broadcast_id)["recipients"] :])


def test_a_suspended_process_sends_nothing_after_it_resumes(hall: Hall) -> None:
    """It had marked more recipients than it had called. It makes no call after its lease."""
    people = hall.gather(400)
    hall.start(rate=RATE)
    hall.start(rate=RATE)
    broadcast_id = hall.send("Новини 22")
    hall.wait_for_sent(broadcast_id, 60)
    delay = {"kind": "delay", "method": "sendMessage", "seconds": 4, "times": None}
    hall.post(hall.telegram, "/sim/faults", delay)
    master, runner = hall.freeze_runner(broadcast_id, under_way=SENDERS + 10)
    hall.no_faults()
    marked = hall.marked(broadcast_id, runner)
    hall.wait_for_another(broadcast_id, runner)
    assert hall.wait_for(broadcast_id)["unknown"] == marked
    before = hall.calls()
    assert len(before) < len(people)

    ended = hall.log_of(master.pid).count('"broadcast_chunk"')
    os.killpg(master.pid, signal.SIGCONT)

    wait_until(lambda: hall.log_of(master.pid).count('"broadcast_chunk"') > ended, "its chunk ends", 60)
    wait_until(lambda: hall.marked(broadcast_id, runner) < marked, "it tells how its calls ended")
    assert hall.calls() == before, "it sent something all the same"
    check_once(hall, broadcast_id, people)


def test_a_runner_that_was_replaced_ends_nothing(hall: Hall, here: pytest.MonkeyPatch) -> None:
    """Its observations no longer count, because the broadcast continues with another runner."""
    broadcast_id = hall.draft("Новини 24")
    hall.value("SELECT move_broadcast(%s, 'send', %s)", broadcast_id, ADMIN_ID)
    for runner in ("old", "new"):
        begun = hall.value("SELECT begin_broadcast(%s, 1, %s, 0)", broadcast_id, runner)
        assert begun["outcome"] == "ours"
    job = jobs.Broadcast(key=f"broadcast:{broadcast_id}:1", broadcast_id=broadcast_id)
    before = hall.row(broadcast_id)
    for kind in ("paused", "failed", "away", "continue", "lost"):
        chunks._hand_on(job, "old", Ending(kind, reason="a refusal"))
        assert hall.row(broadcast_id) == before, kind
    assert hall.value("SELECT count(*) FROM job_ledger") == 0, "a chunk or a word about it is owed"
    chunks._hand_on(job, "new", Ending("paused", reason="a refusal"))
    assert hall.row(broadcast_id)["status"] == "paused"


def test_a_stopping_process_hands_over_at_once(hall: Hall) -> None:
    """No recipient becomes unknown, and the process does not finish its chunk."""
    people = hall.gather(900)
    hall.start(rate=RATE)
    hall.start(rate=RATE)
    broadcast_id = hall.send("Новини 23")
    hall.wait_for_sent(broadcast_id, 60)
    chunk = hall.row(broadcast_id)["chunk"]
    wait_until(lambda: hall.row(broadcast_id)["chunk"] > chunk, "a chunk begins")
    master, runner = hall.freeze_runner(broadcast_id)
    own = "SELECT count(*) FROM broadcast_recipients WHERE broadcast_id = %s AND runner = %s"
    before = hall.value(own, broadcast_id, runner)
    os.kill(master.pid, signal.SIGTERM)
    os.killpg(master.pid, signal.SIGCONT)
    hall.wait_for_another(broadcast_id, runner)
    assert hall.value(own, broadcast_id, runner) - before < 3 * RATE
    master.wait(30)
    row = hall.wait_for(broadcast_id)
    assert (row["sent"], row["unknown"]) == (len(people), 0)
    check_once(hall, broadcast_id, people)
