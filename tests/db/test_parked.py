"""Tests of parked jobs and undelivered tasks: an admin's decisions, and questions to Main Bot."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.store import Store, at_once
from tests.db.test_tasks import begin, new_task, post_of, record, report

ADMIN = 900_001


@pytest.fixture
def buyer(store: Store) -> int:
    store.run("UPDATE packages SET posts_per_day = 1000")
    telegram_id = store.person()
    store.buy(telegram_id)
    return telegram_id


@pytest.fixture
def task(store: Store, buyer: int) -> str:
    return new_task(store, buyer)


def park(store: Store, key: str, args: dict[str, Any] | None = None) -> str:
    """A job that used its attempts up; the digest that names it."""
    store.run(
        "INSERT INTO job_ledger (key, actor, queue, args, state, attempts, error)"
        " VALUES (%s, 'an_actor', 'payments', %s, 'parked', 3, 'the reason')",
        key, args or {},
    )  # fmt: skip
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


def settle(store: Store, ref: str, action: str | None) -> Any:
    return store.call("settle_parked_job", ref, action, ADMIN)


def test_a_replayed_job_has_all_its_attempts_again(store: Store) -> None:
    ref = park(store, "cp:1", {"invoice_id": "1"})

    answer = settle(store, ref, "replay")

    assert answer == {
        "key": "cp:1", "actor": "an_actor", "queue": "payments", "args": {"invoice_id": "1"},
        "error": "the reason",
    }  # fmt: skip
    (job,) = store.rows("SELECT * FROM job_ledger")
    assert (job["state"], job["attempts"], job["worker"]) == ("queued", 0, None)
    claimed = store.rows("SELECT * FROM claim_job('cp:1', 'an_actor', 'payments', '{}', 3, 60, 'w1')")
    assert (claimed[0]["outcome"], claimed[0]["attempts"]) == ("claimed", 1)


def test_a_job_parked_anew_is_not_the_one_that_was_seen(store: Store) -> None:
    ref = park(store, "cp:1")
    look = "SELECT job_seen(j) FROM job_ledger AS j WHERE state = 'parked'"
    before = store.value(look)
    settle(store, ref, "replay")
    store.run("UPDATE job_ledger SET state = 'parked', attempts = 3, updated_at = clock_timestamp()")
    assert store.call("settle_parked_job", ref, "discard", ADMIN, before) == {"changed": True}
    assert store.call("settle_parked_job", ref, "discard", ADMIN, store.value(look))["key"] == "cp:1"


def test_a_discarded_job_never_runs_again(store: Store) -> None:
    assert settle(store, park(store, "cp:1"), "discard")["key"] == "cp:1"
    (job,) = store.rows("SELECT * FROM job_ledger")
    assert (job["state"], job["done_at"] is not None) == ("discarded", True)
    claimed = store.rows("SELECT * FROM claim_job('cp:1', 'an_actor', 'payments', '{}', 3, 60, 'w1')")
    assert claimed[0]["outcome"] == "discarded"


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_a_parked_job_is_settled_once_with_its_trace(store: Store, action: str) -> None:
    ref = park(store, "k" * 300)

    answers = at_once(store.dsn, 10, lambda other, _: settle(other, ref, action), behind="job_ledger")

    assert sum(answer is not None for answer in answers) == 1
    (trace,) = store.rows("SELECT * FROM admin_actions")
    assert (trace["action"], trace["admin_telegram_id"]) == (f"job_{action}", ADMIN)
    assert trace["data"] == {"actor": "an_actor", "error": "the reason", "origin": "bot"}


def test_a_job_that_is_not_parked_cannot_be_settled(store: Store) -> None:
    ref = park(store, "cp:1")
    store.run("UPDATE job_ledger SET state = 'done'")
    assert settle(store, ref, "replay") is None
    assert settle(store, "0" * 32, "discard") is None
    for action in ("retry", "", None):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            settle(store, ref, action)


def test_a_task_whose_job_is_replayed_has_its_hand_overs_again(store: Store, task: str) -> None:
    for _ in range(3):
        begin(store, task)
        record(store, task, "ambiguous")
    assert begin(store, task)["outcome"] == "exhausted"

    settle(store, park(store, f"task:{task}", {"task_id": task}), "replay")

    assert (begin(store, task)["outcome"], store.task_row(task)["attempts"]) == ("push", 1)


def test_a_task_that_is_being_handed_over_keeps_its_count(store: Store, task: str) -> None:
    begin(store, task)
    settle(store, park(store, f"task:{task}", {"task_id": task}), "replay")
    assert store.task_row(task)["attempts"] == 1


# --- abandon_task ---


def test_an_abandoned_task_fails_and_gives_its_quota_back(store: Store, buyer: int, task: str) -> None:
    used = store.stats(buyer)["current_package"]["posts_used_today"]

    answer = store.call("abandon_task", task, "nobody answered")

    post = post_of(store, task)
    assert answer == {"ended": True, "status": "failed", "post_id": str(post["id"])}
    assert (post["status"], post["fail_reason"]) == ("failed", "nobody answered")
    assert store.stats(buyer)["current_package"]["posts_used_today"] == used - 1
    assert store.call("abandon_task", task, "again")["ended"] is False
    assert store.call("get_pending_tasks") == []


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_task_that_ended_is_not_abandoned(store: Store, task: str, status: str) -> None:
    report(store, task, status)
    answer = store.call("abandon_task", task, "x")
    assert (answer["ended"], answer["status"]) == (False, status)
    assert post_of(store, task)["status"] == status


def test_a_success_after_abandoning_a_task_counts(store: Store, task: str) -> None:
    store.call("abandon_task", task, "x")
    assert report(store, task, "completed")["changed"]
    assert (post_of(store, task)["status"], post_of(store, task)["late_success"]) == ("completed", True)


def test_an_unknown_task_is_not_abandoned(store: Store) -> None:
    assert store.call("abandon_task", uuid4(), "x") == {"ended": False, "status": None, "post_id": None}
    assert store.call("reissue_task", uuid4())["outcome"] == "unknown"


# --- asking Main Bot: reissue_task ---


def test_a_task_main_bot_does_not_know_is_pushed_again_under_its_id(store: Store, task: str) -> None:
    begin(store, task)
    record(store, task, "accepted")
    assert begin(store, task)["outcome"] == "settled"

    assert store.call("reissue_task", task)["outcome"] == "due"

    again = begin(store, task, "another")
    assert (again["outcome"], again["attempts"], again["task"]["task_id"]) == ("push", 2, task)
    record(store, task, "accepted", "another")
    assert store.task_row(task)["status"] == "sent"


def test_a_push_that_died_after_it_was_reissued_is_continued(store: Store, task: str) -> None:
    begin(store, task)
    record(store, task, "accepted")
    store.call("reissue_task", task)
    begin(store, task, "dies", 60)
    assert begin(store, task, "next")["outcome"] == "leased"
    assert store.call("reissue_task", task)["outcome"] == "leased"
    store.later("2 minutes")
    assert begin(store, task, "next")["outcome"] == "push"


def test_a_pulled_task_is_not_pushed_before_main_bot_was_asked(store: Store, task: str) -> None:
    store.call("get_pending_tasks", 10, "main-bot", 60)
    assert begin(store, task)["outcome"] == "settled"
    store.later("2 minutes")
    assert begin(store, task)["outcome"] == "settled"
    assert store.call("reissue_task", task)["outcome"] == "due"
    assert begin(store, task)["outcome"] == "push"


def test_no_task_is_handed_over_a_fourth_time(store: Store, task: str) -> None:
    for _ in range(3):
        begin(store, task)
        record(store, task, "accepted")
        outcome = store.call("reissue_task", task)["outcome"]
    assert outcome == "exhausted"
    assert begin(store, task)["outcome"] == "settled"
    assert store.call("get_pending_tasks") == []


@pytest.mark.parametrize("status", ["processing", "completed", "failed", "cancelled"])
def test_a_task_main_bot_spoke_of_is_not_due_again(store: Store, task: str, status: str) -> None:
    report(store, task, status)
    answer = store.call("reissue_task", task)
    assert (answer["outcome"], answer["post_id"]) == ("settled", str(post_of(store, task)["id"]))


def test_a_task_handed_over_again_can_still_be_refused(store: Store, task: str) -> None:
    begin(store, task)
    record(store, task, "accepted")
    store.call("reissue_task", task)
    begin(store, task)
    assert record(store, task, "refused")["ended"]
    assert post_of(store, task)["status"] == "failed"


def test_an_outcome_is_one_of_four(store: Store, task: str) -> None:
    begin(store, task)
    for outcome in ("lost", "", None):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            store.call("record_dispatch", task, "pusher", outcome, None, None)
