"""Tests of a Main Bot that does not answer questions about tasks: no task waits for ever."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final

import pytest

from socialboost import jobs
from tests.flows.shop.tasks_desk import add, forget_outages, link, task
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until

NO_ROUTE: Final[dict[str, Any]] = {
    "kind": "status",
    "status": 404,
    "body": "<h1>Not Found</h1>",
    "times": None,
}
"""A framework's answer for a missing path, which is not Main Bot's own."""


@pytest.fixture(scope="module")
def shop(stage: Shop) -> Shop:
    stage.start_workers()
    return stage


@pytest.fixture(scope="module")
def customer(shop: Shop) -> Buyer:
    """Somebody with fifty posts a day."""
    forget_outages(shop)
    buyer = Buyer(shop)
    buyer.start()
    buyer.buy("elite")
    return buyer


def asked(shop: Shop, task_id: str) -> int:
    return len(shop.calls(shop.main_bot, event="show", task_id=task_id))


def ask_again(shop: Shop, key: str) -> dict[str, Any]:
    """Run the job now without recorded failures. Returns its row."""
    forget_outages(shop)
    shop.hurry()
    return shop.job(key)


def wait_for_an_answer(shop: Shop, key: str, task_id: str, interval: str) -> None:
    """Let it ask without an answer, then let so much time pass."""
    wait_until(lambda: ask_again(shop, key) and asked(shop, task_id), "the first question")
    since = "UPDATE job_ledger SET waiting_since = waiting_since - %s::interval WHERE key = %s RETURNING key"
    waiting = "SELECT waiting_since IS NOT NULL FROM job_ledger WHERE key = %s"
    wait_until(lambda: shop.value(waiting, key), "the job to wait")
    shop.rows(since, interval, key)


@pytest.mark.parametrize(("also_health", "interval"), [(False, "61 minutes"), (True, "25 hours")])
def test_a_hand_over_of_unknown_outcome_needs_an_admin_if_main_bot_does_not_answer(
    shop: Shop, customer: Buyer, also_health: bool, interval: str
) -> None:
    """If /health is a page too, it may be an outage, for which the job waits a day."""
    with ExitStack() as faults:
        faults.enter_context(shop.fault(shop.main_bot, operation="push", kind="lost", times=1))
        faults.enter_context(shop.fault(shop.main_bot, operation="show", **NO_ROUTE))
        task_id = add(customer, link())
        key = f"task:{task_id}"
        wait_until(lambda: shop.executions(task_id), "the hand-over")
        if also_health:
            faults.enter_context(shop.fault(shop.main_bot, operation="health", **NO_ROUTE))
        wait_for_an_answer(shop, key, task_id, interval)
        wait_until(lambda: ask_again(shop, key)["state"] == "parked", "a person's matter")
    assert "does not say" in shop.job(key)["error"]
    wait_until(
        lambda: any(key in m["text"] and "does not say" in m["text"] for m in shop.messages(ADMIN_ID)),
        "the admins to be told",
    )
    row = task(shop, task_id)
    assert (row["status"], row["post"]) == ("created", "pending")
    assert jobs.ask(jobs.ClaimTasks(limit=100, owner="pull:test"), timeout_seconds=4.0) == []


def test_a_silent_task_needs_an_admin_if_main_bot_does_not_answer(shop: Shop, customer: Buyer) -> None:
    forget_outages(shop)
    task_id = add(customer, link())
    shop.wait_for_job(f"task:{task_id}")
    key = f"ask:{task_id}:1"
    with shop.fault(shop.main_bot, operation="show", **NO_ROUTE):
        jobs.send(jobs.AskMainBot(key=key, task_id=task_id))
        wait_for_an_answer(shop, key, task_id, "61 minutes")
        wait_until(lambda: ask_again(shop, key)["state"] == "parked", "a person's matter")
    assert "does not say" in shop.job(key)["error"]
    assert task(shop, task_id)["status"] == "sent"


def test_tasks_wait_while_main_bot_is_down(shop: Shop, customer: Buyer) -> None:
    """While Main Bot does not report itself healthy, no admin is asked about its tasks."""
    forget_outages(shop)
    task_id = add(customer, link())
    shop.wait_for_job(f"task:{task_id}")
    key = f"ask:{task_id}:1"
    with (
        shop.fault(shop.main_bot, operation="show", **NO_ROUTE),
        shop.fault(shop.main_bot, operation="health", **NO_ROUTE),
    ):
        jobs.send(jobs.AskMainBot(key=key, task_id=task_id))
        wait_for_an_answer(shop, key, task_id, "23 hours")
        known = asked(shop, task_id)
        wait_until(lambda: ask_again(shop, key) and asked(shop, task_id) >= known + 3, "more questions")
        assert shop.job(key)["state"] in {"queued", "running"}
    wait_until(lambda: ask_again(shop, key)["state"] == "done", "the answer")
