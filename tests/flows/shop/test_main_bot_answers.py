"""Tests of Main Bot's answers, and a proxy's: only a real refusal ends a post."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from socialboost import jobs
from tests.flows.shop.tasks_desk import add, breaker_is_open, forget_outages, link, report, task
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until


@pytest.fixture(scope="module")
def shop(stage: Shop) -> Shop:
    """A shop in which one person may add as many posts as these tests do."""
    stage.environment["RATE_LIMIT_ADD_POST"] = "1000/hour"
    stage.start_workers()
    return stage


@pytest.fixture(autouse=True)
def closed_breaker(stage: Shop) -> None:
    """Every test begins without a recorded outage or refusal of Main Bot."""
    forget_outages(stage)


@pytest.fixture(scope="module")
def customer(shop: Shop) -> Buyer:
    """Somebody with fifty posts a day."""
    buyer = Buyer(shop)
    buyer.start()
    buyer.buy("elite")
    return buyer


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 301, "body": ""},
        {"status": 408, "body": "{}", "content_type": "application/json"},
        {"status": 405, "body": "<html>405 Not Allowed</html>"},
        {"status": 403, "body": "<html>403 Forbidden</html>"},
        {"status": 404, "body": "default backend - 404"},
        {"status": 404, "reason": "no such route"},
        {"status": 401, "reason": "bad key"},
        {"status": 200, "body": "<html>Sign in</html>"},
        {"status": 500},
        {"status": 502, "body": "<html>Bad gateway</html>"},
    ],
)
def test_an_outage_ends_no_post_and_uses_no_attempt(
    shop: Shop, customer: Buyer, fault: dict[str, Any]
) -> None:
    """This holds however often the outage occurs, even if the breaker opens. Then the task is handed over."""
    url = link()
    with shop.fault(shop.main_bot, operation="push", kind="status", times=None, **fault):
        task_id = add(customer, url)
        key = f"task:{task_id}"
        wait_until(lambda: shop.hurry() or breaker_is_open(shop), "the breaker to open")
        assert len(shop.calls(shop.main_bot, event="push", task_id=task_id)) >= 5
        wait_until(lambda: shop.job(key)["state"] == "queued", "the job to wait")
        assert shop.job(key)["attempts"] == 0
        row = task(shop, task_id)
        assert (row["status"], row["fail_reason"]) == ("created", None)
        assert row["attempts"] <= 1
    with redis.Redis.from_url(shop.redis_url) as client:
        client.delete("breaker:main_bot:open")  # thirty seconds later
    wait_until(lambda: shop.hurry() or shop.job(key)["state"] == "done", "the hand-over")
    assert len(shop.executions(task_id)) == 1
    assert task(shop, task_id)["attempts"] == 1
    assert not any(url in m["text"] and "не вдалося" in m["text"] for m in customer.messages())


@pytest.mark.parametrize(
    ("reason", "setting"),
    [(401, "MAIN_BOT_API_KEY"), (404, "MAIN_BOT_TASKS_PATH"), (415, "MAIN_BOT_API_URL")],
)
def test_a_refusal_of_us_names_the_setting(shop: Shop, customer: Buyer, reason: int, setting: str) -> None:
    with shop.fault(shop.main_bot, operation="push", kind="status", status=reason, times=1):
        task_id = add(customer, link())
        wait_until(
            lambda: any(setting in m["text"] for m in shop.messages(ADMIN_ID)),
            f"the admins to hear of {setting}",
        )
        wait_until(lambda: shop.hurry() or shop.job(f"task:{task_id}")["state"] == "done", "the hand-over")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 200, "body": '{"success": false, "error": "link is private"}'}, "link is private"),
        ({"status": 202, "body": '{"error": {"code": 5, "message": "Private account"}}'}, "Private account"),
        ({"status": 410, "body": '\ufeff{"detail": "gone for good"}'}, "gone for good"),
    ],
)
def test_a_200_whose_body_refuses_is_a_refusal(
    shop: Shop, customer: Buyer, fault: dict[str, Any], words: str
) -> None:
    url = link()
    with shop.fault(shop.main_bot, operation="push", kind="status", times=1, **fault):
        task_id = add(customer, url)
        shop.wait_for_job(f"task:{task_id}")
    row = task(shop, task_id)
    assert (row["status"], row["post"], row["fail_reason"]) == ("failed", "failed", words)
    shop.wait_for_job(f"post:{row['post_id']}:failed")
    assert f"Причина: {words}" in customer.read(url)["text"]


def test_main_bot_is_asked_after_a_contradictory_answer(shop: Shop, customer: Buyer) -> None:
    with shop.fault(shop.main_bot, operation="push", kind="altered", times=1, changes={"error": "late"}):
        task_id = add(customer, link())
        wait_until(lambda: shop.hurry() or shop.job(f"task:{task_id}")["state"] == "done", "the question")
    assert task(shop, task_id)["status"] == "sent"
    assert len(shop.executions(task_id)) == 1


@pytest.mark.parametrize("number", [23501, "23501", 23501.0])
def test_a_task_id_is_recognised_in_every_spelling(shop: Shop, customer: Buyer, number: Any) -> None:
    changes = {"external_task_id": number}
    with shop.fault(shop.main_bot, operation="push", kind="altered", times=1, changes=changes):
        task_id = add(customer, link())
        shop.wait_for_job(f"task:{task_id}")
    assert task(shop, task_id)["external_task_id"] == "23501"
    assert report(task_id, "completed", external_task_id="23501")["http"] == 200


def test_the_answer_to_a_poll_is_read_like_a_report(shop: Shop, customer: Buyer) -> None:
    """Figures as text, `canceled`, an error as an object: the owner gets the same message."""
    said = {
        "status": "failed",
        "external_task_id": 7,
        "response_data": {"error": {"code": 5, "message": "Private account"}, "views_added": "1500"},
    }
    url = link()
    task_id = add(customer, url)
    shop.wait_for_job(f"task:{task_id}")
    shop.rows("UPDATE tasks SET external_task_id = NULL WHERE id = %s RETURNING id", task_id)
    key = f"ask:{task_id}:1"
    with shop.fault(shop.main_bot, operation="show", kind="altered", times=1, changes=said):
        jobs.send(jobs.AskMainBot(key=key, task_id=task_id))
        shop.wait_for_job(key)
    data = shop.value("SELECT response_data FROM tasks WHERE id = %s", task_id)
    assert data == {"error": "Private account", "views_added": 1500}
    assert task(shop, task_id)["external_task_id"] == "7"
    shop.wait_for_job(f"post:{task(shop, task_id)['post_id']}:failed")
    assert "Причина: Private account" in customer.read(url)["text"]


@pytest.mark.parametrize(
    "answer", [{"task_id": "another"}, {"status": "", "external_task_id": None, "task_id": ""}]
)
def test_an_answer_about_another_task_changes_nothing(
    shop: Shop, customer: Buyer, answer: dict[str, Any]
) -> None:
    task_id = add(customer, link())
    shop.wait_for_job(f"task:{task_id}")
    changes = {"status": "completed", **answer}
    key = f"ask:{task_id}:1"
    with shop.fault(shop.main_bot, operation="show", kind="altered", times=None, changes=changes):
        jobs.send(jobs.AskMainBot(key=key, task_id=task_id))
        wait_until(lambda: shop.job(key).get("error"), "the answer to be seen through")
        assert task(shop, task_id)["status"] == "sent"
        assert shop.job(key)["state"] == "queued"
    wait_until(lambda: shop.hurry() or shop.job(key)["state"] == "done", "the true answer")
