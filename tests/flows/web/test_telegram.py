"""Tests of webhook mode: the same updates over HTTP, accepted only once their job is on Redis."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from tests.flows.engine.system import wait_until
from tests.flows.updates import Json, group, message, only, queued, tap
from tests.flows.web.conftest import CLOSED, MakeClient

SECRET = "webhook-secret-0123456789"
MODE = {"TELEGRAM_WEBHOOK_URL": "https://shop.example.com", "TELEGRAM_WEBHOOK_SECRET": SECRET}


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(**MODE)


def post(client: FlaskClient, update: Json | bytes, secret: str | None = SECRET) -> Any:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    return client.post("/webhook/telegram", data=body, headers=headers)


def test_an_update_is_queued_before_200(client: FlaskClient, redis_url: str) -> None:
    update = message("/start promo")
    response = post(client, update)
    assert (response.status_code, response.json) == (200, {"ok": True})
    job = only(redis_url)
    assert (job.actor, job.args["key"]) == ("register_user", f"tg:{update['update_id']}:0")
    assert job.args["start_payload"] == "promo"


def test_a_dialogue_works_over_the_webhook(client: FlaskClient, redis_url: str) -> None:
    for update in (tap("add_post"), tap("platform_telegram"), message("https://t.me/channel/1")):
        assert post(client, update).status_code == 200
    assert [job.actor for job in queued(redis_url)] == ["show_platforms", "ask_post_link", "add_post"]


def test_concurrent_updates_share_one_event_loop(client: FlaskClient, redis_url: str) -> None:
    statuses: list[int] = []
    updates = [tap("my_stats") for _ in range(40)]
    threads = [
        threading.Thread(
            target=lambda u=update: statuses.append(post(client.application.test_client(), u).status_code)
        )
        for update in updates
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 40
    found = queued(redis_url)
    assert {job.args["update_id"] for job in found} == {update["update_id"] for update in updates}
    assert len({job.args["seq"] for job in found}) == 40
    assert sum(thread.name == "updates" for thread in threading.enumerate()) >= 1


@pytest.mark.parametrize("secret", [None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "\xff" * 5])
def test_a_wrong_secret_is_401(secret: str | None, client: FlaskClient, redis_url: str) -> None:
    response = post(client, message("/start"), secret)
    assert (response.status_code, response.json["error"]) == (401, "bad_secret")
    assert queued(redis_url) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 60_000])
def test_not_json_is_400(body: bytes, client: FlaskClient) -> None:
    assert post(client, body).status_code == 400


@pytest.mark.parametrize("body", [{}, {"update_id": "5"}, {"message": {}}])
def test_an_update_without_an_id_is_400(body: Json, client: FlaskClient) -> None:
    response = post(client, body)
    assert (response.status_code, response.json["field"]) == (400, "update_id")


def test_updates_of_other_kinds_are_accepted_and_ignored(client: FlaskClient, redis_url: str) -> None:
    for update in (message("/start", chat=group()), {"update_id": 1, "something_new": {}}):
        assert post(client, update).status_code == 200
    assert queued(redis_url) == []


def test_an_unreadable_update_is_accepted_so_that_the_next_one_comes(client: FlaskClient) -> None:
    assert post(client, {"update_id": 5, "message": {"message_id": "?"}}).status_code == 200


def test_a_large_update_is_read(client: FlaskClient, redis_url: str) -> None:
    update = tap("my_stats")
    update["callback_query"]["message"]["text"] = "x" * 100_000
    assert post(client, update).status_code == 200
    assert only(redis_url).actor == "show_stats"
    assert post(client, b" " * (1024 * 1024 + 1)).status_code == 413


def test_a_redis_outage_is_503_so_that_telegram_repeats_the_update(make_client: MakeClient) -> None:
    client = make_client(**MODE, REDIS_URL=CLOSED)
    response = post(client, message("/start"))
    assert (response.status_code, response.json["error"]) == (503, "queue_unavailable")


def test_an_update_that_got_503_is_taken_when_it_comes_again_and_only_once(
    make_client: MakeClient, redis_url: str
) -> None:
    update = message("/help")
    client = make_client(**MODE)
    with redis.Redis.from_url(redis_url) as operator:
        operator.set("dramatiq:interactive", "no list: whatever is queued is refused")
        assert post(client, update).status_code == 503
        assert operator.keys("updates:*") == []
        operator.delete("dramatiq:interactive")
        wait_until(lambda: post(client, update).status_code == 200)  # refused until the next try is due
        for _ in range(2):
            assert post(client, update).status_code == 200
        assert only(redis_url).args["page"] == "help"
        operator.delete(*operator.keys("updates:*"))
    post(client, update)
    assert len(queued(redis_url)) == 1, "negative control: it is the mark that tells"


@pytest.mark.parametrize("code", [0, 0xD800, 0xDC00])
def test_text_that_cannot_be_stored_is_cleaned(client: FlaskClient, redis_url: str, code: int) -> None:
    """Otherwise a person with such a name could never use the shop: each of their jobs would fail."""
    bad = chr(code)
    update = message("/start")
    update["message"]["from"] |= {"first_name": f"О{bad}ля", "language_code": f"uk{bad}"}
    assert post(client, update).status_code == 200
    assert only(redis_url).args["first_name"] == "О\ufffdля"
    assert post(client, tap(f"my_stats{bad}")).status_code == 200
    assert only(redis_url).args["page"] == "unknown"
    assert post(client, message(f"/help{bad}")).status_code == 200
    (job,) = queued(redis_url)
    assert bad not in json.dumps(job.args, ensure_ascii=False)


def test_polling_mode_has_no_such_route(make_client: MakeClient) -> None:
    assert post(make_client(), message("/start")).status_code == 404
