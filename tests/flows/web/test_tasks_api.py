"""Tests of Main Bot's two endpoints: the question to a worker, its answer, and refused requests."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from flask.testing import FlaskClient

from socialboost import jobs
from socialboost.jobs import sending
from socialboost.web.peer import has_left
from tests.flows.shop.world import wait_until
from tests.flows.updates import only, queued
from tests.flows.web.conftest import ADMIN_KEY, CLOSED, MAIN_BOT_KEY, SECOND_KEY, Answer, MakeClient, bearer

TASK = "0f8fad5b-d9cb-469f-a165-70867728950e"
PENDING = "/api/tasks/pending"
STATUS = f"/api/tasks/{TASK}/status"
KEY = bearer(MAIN_BOT_KEY)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer that cannot come for less than 2 s."""
    monkeypatch.setattr(sending, "MAX_QUESTION_SECONDS", 0.2)


def test_tasks_are_leased_and_passed_on(client: FlaskClient, answer: Answer) -> None:
    asked: list[dict[str, Any]] = []
    task = {"task_id": TASK, "post_data": {"url": "https://t.me/channel/1", "platform": "telegram"}}

    def lease(args: dict[str, Any]) -> list[Any]:
        asked.append(args)
        return [task]

    answer(jobs.ClaimTasks, lease)
    answer(jobs.ConfirmTasks, lambda _args: None)
    response = client.get(PENDING, headers=KEY)
    assert (response.status_code, response.json) == (200, {"success": True, "tasks_sent": [task]})
    client.get(f"{PENDING}?limit=100", headers=KEY)
    client.get(PENDING, headers=bearer(SECOND_KEY))
    assert [args["limit"] for args in asked] == [10, 100, 10]
    first, same, other = (args["owner"] for args in asked)
    assert first == same != other
    assert MAIN_BOT_KEY not in first


def test_an_answer_that_was_sent_is_confirmed(client: FlaskClient, answer: Answer, redis_url: str) -> None:
    confirmed: list[dict[str, Any]] = []
    answer(jobs.ConfirmTasks, confirmed.append)
    answer(jobs.ClaimTasks, lambda args: [{"task_id": TASK, "owner": args["owner"]}])
    (task,) = client.get(PENDING, headers=KEY).json["tasks_sent"]
    wait_until(lambda: confirmed, "the confirmation")
    assert confirmed == [{"owner": task["owner"], "task_ids": [TASK], "arrived": True}]
    assert queued(redis_url) == []


def test_a_head_request_leases_no_task(client: FlaskClient, redis_url: str) -> None:
    response = client.head(PENDING, headers=KEY)
    assert (response.status_code, response.data) == (200, b"")
    assert client.head(f"{PENDING}?limit=0", headers=KEY).status_code == 400
    assert client.head(PENDING).status_code == 401
    assert queued(redis_url) == []


@pytest.mark.parametrize("leaves", [True, False])
def test_a_client_that_left_before_the_answer_is_noticed(*, leaves: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        if leaves:
            theirs.close()
        assert has_left({"gunicorn.socket": ours}) is leaves
        if not leaves:
            theirs.send(b"GET /")
            assert not has_left({"gunicorn.socket": ours}), "the next request is here already"
    assert has_left({"gunicorn.socket": ours}) is True
    assert has_left({}) is False


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", "", "1e2", "٣", "9" * 5000])
def test_a_wrong_limit_names_the_field(limit: str, client: FlaskClient, redis_url: str) -> None:
    response = client.get(PENDING, query_string={"limit": limit}, headers=KEY)
    assert (response.status_code, response.json["field"]) == (400, "limit")
    assert queued(redis_url) == []


@pytest.mark.usefixtures("impatient")
def test_no_worker_is_503(client: FlaskClient) -> None:
    response = client.get(PENDING, headers=KEY)
    assert (response.status_code, response.json["error"]) == (503, "no_worker")


@pytest.mark.parametrize(
    ("http", "body"),
    [
        (200, {"success": True, "task_id": TASK, "status": "completed"}),
        (404, {"success": False, "error": "not_found", "message": "there is no such task"}),
        (409, {"success": False, "error": "illegal_move", "message": "completed is final"}),
    ],
)
def test_the_worker_s_answer_is_passed_on(
    http: int, body: dict[str, Any], client: FlaskClient, answer: Answer
) -> None:
    asked: list[dict[str, Any]] = []
    answer(jobs.UpdateTaskStatus, lambda args: asked.append(args) or {"http": http, "body": body})
    report = {
        "status": "completed",
        "external_task_id": "main_bot_task_123",
        "response_data": {"views_added": 1500, "rate": 0.25, "deep": {"Ї": [1, None, True]}},
        "unknown": "ignored",
    }
    response = client.put(STATUS, json=report, headers=KEY)
    assert (response.status_code, response.json) == (http, body)
    (args,) = asked
    assert args.pop("key").startswith("api:")
    assert args == {
        "task_id": TASK,
        "status": "completed",
        "external_task_id": "main_bot_task_123",
        "response_data": report["response_data"],
    }


@pytest.mark.parametrize(
    ("report", "read"),
    [
        ({"external_task_id": 23501}, {"external_task_id": "23501"}),
        ({"external_task_id": 12.0}, {"external_task_id": "12"}),
        ({"status": "canceled"}, {"status": "cancelled"}),
        (
            {"response_data": {"views_added": "1500", "reactions_added": 12.0, "note": "12"}},
            {"response_data": {"views_added": 1500, "reactions_added": 12, "note": "12"}},
        ),
        (
            {"response_data": {"error": {"code": 5, "message": "Private account"}}},
            {"response_data": {"error": "Private account"}},
        ),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_a_report_is_read_like_the_answer_to_a_poll(
    report: dict[str, Any], read: dict[str, Any], client: FlaskClient, redis_url: str
) -> None:
    """It works with a slash after the address and a byte order mark before the body too."""
    body = "\ufeff" + json.dumps({"status": "failed", **report})
    response = client.put(f"{STATUS}/", data=body.encode(), headers=KEY)
    assert response.status_code == 202
    args = only(redis_url).args
    assert {name: args[name] for name in read} == read


@pytest.mark.usefixtures("impatient")
def test_without_a_worker_the_report_stays_queued_as_202(client: FlaskClient, redis_url: str) -> None:
    response = client.put(STATUS, json={"status": "processing"}, headers=KEY)
    assert response.status_code == 202
    assert response.json == {"success": True, "task_id": TASK, "status": "processing", "queued": True}
    job = only(redis_url)
    assert (job.queue, job.actor) == ("interactive", "update_task_status")
    assert job.args["response_data"] == {}


def test_a_report_is_queued_when_too_many_callers_wait(
    client: FlaskClient, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(sending.MAX_QUESTIONS):
        assert sending._questions.acquire(blocking=False)
    try:
        response = client.put(STATUS, json={"status": "failed"}, headers=KEY)
        assert client.get(PENDING, headers=KEY).status_code == 503
    finally:
        for _ in range(sending.MAX_QUESTIONS):
            sending._questions.release()
    assert response.status_code == 202
    assert only(redis_url).args["status"] == "failed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "sent"}, "status"),
        ({"status": "Completed"}, "status"),
        ({"status": None}, "status"),
        ({"status": ["completed"]}, "status"),
        ({"status": "completed", "external_task_id": True}, "external_task_id"),
        ({"status": "completed", "external_task_id": 1.5}, "external_task_id"),
        ({"status": "completed", "external_task_id": [5]}, "external_task_id"),
        ({"status": "completed", "external_task_id": ""}, "external_task_id"),
        ({"status": "completed", "external_task_id": "x" * 101}, "external_task_id"),
        ({"status": "completed", "external_task_id": "a\x00b"}, "external_task_id"),
        ({"status": "completed", "response_data": []}, "response_data"),
        ({"status": "completed", "response_data": "x"}, "response_data"),
        ({"status": "completed", "response_data": {"a": "\x00"}}, "response_data"),
        ({"status": "completed", "response_data": {"\x00": 1}}, "response_data"),
        ({"status": "completed", "response_data": {"a": ["\ud83d"]}}, "response_data"),
        (
            {"status": "completed", "response_data": json.loads('{"a":' * 30 + "1" + "}" * 30)},
            "response_data",
        ),
    ],
)
def test_a_bad_report_names_the_field(
    body: dict[str, Any], field: str, client: FlaskClient, redis_url: str
) -> None:
    response = client.put(STATUS, data=json.dumps(body), headers=KEY)
    assert (response.status_code, response.json["field"]) == (400, field)
    assert field in response.json["message"]
    assert queued(redis_url) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"status=completed",
        b"[]",
        b'{"status": NaN}',
        b'{"status":"completed","response_data":{"a":1e999}}',
        b'{"status":"completed","response_data":{"a":' + b"9" * 10_000 + b"}}",
        b"[" * 60_000,
        b"\xff",
    ],
)
def test_a_body_that_is_not_json_is_400(body: bytes, client: FlaskClient, redis_url: str) -> None:
    response = client.put(STATUS, data=body, headers=KEY)
    assert (response.status_code, response.json["error"]) == (400, "not_json")
    assert queued(redis_url) == []


@pytest.mark.parametrize("task_id", ["1", "not-a-uuid", TASK[:-1], TASK + "0", "%00", TASK.replace("-", "")])
def test_an_impossible_task_is_404_without_asking(task_id: str, client: FlaskClient, redis_url: str) -> None:
    response = client.put(f"/api/tasks/{task_id}/status", json={"status": "completed"}, headers=KEY)
    assert (response.status_code, response.json["error"]) == (404, "not_found")
    assert queued(redis_url) == []


def test_a_large_report_is_413(client: FlaskClient) -> None:
    body = {"status": "completed", "response_data": {"a": "x" * 70_000}}
    assert client.put(STATUS, json=body, headers=KEY).status_code == 413


def test_a_redis_outage_is_503(make_client: MakeClient) -> None:
    client = make_client(REDIS_URL=CLOSED)
    for response in (
        client.get(PENDING, headers=KEY),
        client.put(STATUS, json={"status": "completed"}, headers=KEY),
    ):
        assert (response.status_code, response.json["error"]) == (503, "queue_unavailable")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer(ADMIN_KEY),
        bearer(MAIN_BOT_KEY[:-1]),
        bearer(MAIN_BOT_KEY + "x"),
        bearer(MAIN_BOT_KEY.upper()),
        bearer(f"{MAIN_BOT_KEY},{SECOND_KEY}"),
        {"Authorization": MAIN_BOT_KEY},
        {"Authorization": f"Basic {MAIN_BOT_KEY}"},
        {"Authorization": "Bearer \xff\xfe"},
        {"X-Api-Key": MAIN_BOT_KEY},
    ],
)
def test_only_main_bot_s_keys_open_the_api(
    headers: dict[str, str], client: FlaskClient, redis_url: str
) -> None:
    for response in (
        client.get(PENDING, headers=headers),
        client.put(STATUS, json={"status": "completed"}, headers=headers),
        client.put("/api/tasks/1/status", json={}, headers=headers),
    ):
        assert (response.status_code, response.json["error"]) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"
    assert queued(redis_url) == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("key", [MAIN_BOT_KEY, SECOND_KEY])
def test_every_live_key_opens_it(key: str, client: FlaskClient) -> None:
    headers = {"Authorization": f"bearer  {key}"}
    assert client.put(STATUS, json={"status": "completed"}, headers=headers).status_code == 202
