"""Tests of the Main Bot stand-in: it does a task once per key, reports it, and can be down."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import requests

from sandbox.programs import Program
from tests.sandbox_world.conftest import API_KEY, Shop, until

TASK: dict[str, Any] = {
    "task_id": "5f0c3a52-0000-4000-8000-000000000001",
    "post_data": {"url": "https://t.me/durov/123", "platform": "telegram"},
    "user_data": {"telegram_id": "123456789", "username": "olena"},
    "package_data": {
        "name": "Starter Mini",
        "features": {},
        "views_range": "100-300",
        "reactions_range": "10-30",
        "comments_range": "0-2",
        "reposts_range": "1-3",
    },
    "created_at": "2026-11-20T09:10:02Z",
}


def push(
    program: Program, task: Any = TASK, key: str = TASK["task_id"], bearer: str = API_KEY
) -> requests.Response:
    """Hand a task over."""
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": key}
    return requests.post(f"{program.announced['api_url']}/api/tasks", json=task, headers=headers, timeout=10)


def sim(program: Program, path: str, body: Any) -> Any:
    """Play the world."""
    answer = requests.post(f"{program.url}/sim/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def tasks(program: Program) -> Any:
    """Return what Main Bot remembers."""
    return requests.get(f"{program.url}/sim/tasks", timeout=10).json()


@pytest.mark.parametrize("repeat_status", [200, 409])
def test_a_repeated_key_does_the_work_once(main_bot: Program, repeat_status: int) -> None:
    sim(main_bot, "settings", {"repeat_status": repeat_status})
    first, second = push(main_bot), push(main_bot)
    assert (first.status_code, second.status_code) == (202, repeat_status)
    assert first.json() == second.json() == {"external_task_id": "mb_000001"}
    book = tasks(main_bot)
    assert (book["executions"], book["distinct"], book["repeats"]) == (1, 1, 1)
    other = push(main_bot, TASK | {"created_at": "2027-01-01T00:00:00Z"})
    assert (other.status_code, other.json()["error"]) == (422, "key_reused")


def test_without_keys_a_repeat_is_counted_as_done_twice(main_bot: Program) -> None:
    sim(main_bot, "settings", {"honours_keys": False})
    push(main_bot)
    push(main_bot)
    assert tasks(main_bot)["executed_twice"] == 1


def test_what_is_not_a_task_is_refused_by_field(main_bot: Program) -> None:
    broken = copy.deepcopy(TASK)
    del broken["package_data"]["views_range"]
    answer = push(main_bot, broken)
    assert (answer.status_code, answer.json()["message"]) == (422, "package_data.views_range: missing")
    number = copy.deepcopy(TASK)
    number["user_data"]["telegram_id"] = 123456789
    assert "telegram_id: a string" in push(main_bot, number).json()["message"]
    assert push(main_bot, ["not a task"]).status_code == 422
    assert push(main_bot, key="").status_code == 422
    assert push(main_bot, bearer="wrong").status_code == 401
    assert tasks(main_bot)["executions"] == 0


def test_auto_works_a_task_to_the_end_and_reports_each_step(main_bot: Program, shop: Shop) -> None:
    sim(main_bot, "settings", {"auto": True})
    push(main_bot)
    reports = shop.wait_for(2)
    assert [(r.method, r.path) for r in reports] == [("PUT", f"/api/tasks/{TASK['task_id']}/status")] * 2
    assert [r.json()["status"] for r in reports] == ["processing", "completed"]
    assert {r.headers["authorization"] for r in reports} == {f"Bearer {API_KEY}"}
    assert reports[1].json()["external_task_id"] == "mb_000001"
    assert reports[1].json()["response_data"]["views_added"] == 200


def test_a_report_is_repeated_while_the_shop_fails(main_bot: Program, shop: Shop) -> None:
    push(main_bot)
    shop.statuses = [503, 500]
    done = sim(main_bot, f"tasks/{TASK['task_id']}/status", {"status": "failed"})
    assert (done["status"], done["reported"], len(shop.received)) == ("failed", 200, 3)
    assert shop.received[0].json()["response_data"] == {"error": "The post is not available"}
    shop.statuses = [409]
    assert sim(main_bot, f"tasks/{TASK['task_id']}/status", {"status": "completed"})["reported"] == 409


def test_reports_are_lost_and_doubled_on_request(main_bot: Program, shop: Shop) -> None:
    push(main_bot)
    sim(main_bot, "settings", {"callbacks": [{"kind": "lost"}, {"kind": "doubled"}]})
    sim(main_bot, f"tasks/{TASK['task_id']}/status", {"status": "processing"})
    assert shop.received == []
    sim(main_bot, f"tasks/{TASK['task_id']}/status", {"status": "completed"})
    assert [r.json()["status"] for r in shop.received] == ["completed", "completed"]


def test_down_refuses_connections_and_up_listens_at_the_same_place(main_bot: Program) -> None:
    page = requests.post(f"{main_bot.url}/power/down", timeout=10)
    assert "Main Bot is down" in page.text
    with pytest.raises(requests.ConnectionError):
        push(main_bot)
    assert requests.get(f"{main_bot.url}/health", timeout=10).status_code == 503
    assert "Main Bot is up" in requests.post(f"{main_bot.url}/power/up", timeout=10).text
    assert push(main_bot).status_code == 202
    health = requests.get(f"{main_bot.announced['api_url']}/health", timeout=10)
    assert (health.status_code, health.json()) == (200, {"status": "ok"})


def test_an_answer_lost_after_acceptance_leaves_the_task_findable(main_bot: Program) -> None:
    sim(main_bot, "faults", {"operation": "push", "kind": "lost"})
    with pytest.raises(requests.ConnectionError):
        push(main_bot)
    url = f"{main_bot.announced['api_url']}/api/tasks"
    headers = {"Authorization": f"Bearer {API_KEY}"}
    shown = requests.get(f"{url}/{TASK['task_id']}", headers=headers, timeout=10)
    assert (shown.status_code, shown.json()["status"]) == (200, "accepted")
    assert requests.get(f"{url}/unknown", headers=headers, timeout=10).status_code == 404
    assert push(main_bot).status_code == 200


def test_refusals_and_throttling_on_request(main_bot: Program) -> None:
    refusal = {"operation": "push", "status": 400, "reason": "channel is private"}
    sim(main_bot, "faults", [refusal, {"operation": "push", "status": 429, "retry_after": 7}])
    answer = push(main_bot)
    assert (answer.status_code, answer.json()["message"]) == (400, "channel is private")
    throttled = push(main_bot)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert push(main_bot).status_code == 202


def test_pulled_tasks_are_taken_like_pushed_ones(main_bot: Program, shop: Shop) -> None:
    shop.answer = {"success": True, "tasks_sent": [TASK]}
    taken = sim(main_bot, "pull", {"limit": 5})["tasks"]
    assert [task["source"] for task in taken] == ["pull"]
    request = shop.received[0]
    assert (request.method, request.path) == ("GET", "/api/tasks/pending?limit=5")
    assert tasks(main_bot)["distinct"] == 1


def test_the_buttons_of_the_page_end_a_task(main_bot: Program, shop: Shop) -> None:
    push(main_bot)
    page = requests.get(f"{main_bot.url}/", timeout=10).text
    assert "https://t.me/durov/123" in page
    requests.post(f"{main_bot.url}/tasks/mb_000001/cancelled", timeout=10)
    assert shop.wait_for(1)[0].json()["status"] == "cancelled"
    until(lambda: tasks(main_bot)["tasks"][0]["status"] == "cancelled")
    assert requests.post(f"{main_bot.url}/tasks/mb_000001/exploded", timeout=10).status_code == 404


def test_a_person_takes_the_work_over_and_gives_it_back(main_bot: Program, shop: Shop) -> None:
    assert "by itself" in requests.post(f"{main_bot.url}/auto/on", timeout=10).text
    push(main_bot)
    shop.wait_for(2)
    assert "only by these buttons" in requests.post(f"{main_bot.url}/auto/off", timeout=10).text
    push(main_bot, TASK | {"task_id": "another"}, key="another")
    assert tasks(main_bot)["tasks"][1]["status"] == "accepted"
