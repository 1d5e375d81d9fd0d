"""Tests of the Main Bot client: one key and one body for a task, a shared breaker, health before work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
import redis

from sandbox.servers_process import free_port
from socialboost.clients.breaker import FAILURES, Breaker
from socialboost.clients.main_bot import KnownTask, MainBotClient
from socialboost.errors import AmbiguousError, RejectedError, ThrottledError, UnreachableError
from tests.unit import clients_server as wire

TASK = {"task_id": "7d9ac0de-0000-4000-8000-000000000001", "post_data": {"url": "https://t.me/a/1"},
        "package_data": {"features": {"share": Decimal("0.5")}}}  # fmt: skip
HEALTHY = wire.answer(200, b"fine")


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@contextmanager
def main_bot(store: redis.Redis, *steps: wire.Step) -> Iterator[tuple[MainBotClient, list[wire.Request]]]:
    with wire.WireServer(list(steps)) as server:
        client = client_for(server.url, store)
        yield client, server.requests
        client.close()


def client_for(url: str, store: redis.Redis) -> MainBotClient:
    return MainBotClient(url, "k" * 20, tasks_path="/api/tasks", health_path="/health", redis_client=store)


def test_push_carries_the_key_and_the_same_bytes_each_time(store: redis.Redis) -> None:
    with main_bot(store, HEALTHY, wire.answer(202, {"external_task_id": "m-1"})) as (client, requests):
        assert client.push_task(TASK) == "m-1"
        client.push_task(dict(reversed(TASK.items())))
    first, second = requests[1:]
    assert (first.method, first.path) == ("POST", "/api/tasks")
    assert first.headers["idempotency-key"] == TASK["task_id"]
    assert first.headers["authorization"] == "Bearer " + "k" * 20
    assert first.body == second.body
    assert first.json()["package_data"]["features"]["share"] == 0.5


def test_health_is_asked_once_for_many_tasks(store: redis.Redis) -> None:
    with main_bot(store, HEALTHY, wire.answer(200, {})) as (client, requests):
        for _ in range(3):
            client.push_task(TASK)
    assert [r.path for r in requests] == ["/health", "/api/tasks", "/api/tasks", "/api/tasks"]


def test_a_409_for_an_accepted_task_counts_as_accepted(store: redis.Redis) -> None:
    with main_bot(store, HEALTHY, wire.answer(409, {"external_task_id": 17})) as (client, _):
        assert client.push_task(TASK) == "17"


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (wire.answer(422, {"error": "bad_url", "message": "This post is gone"}), RejectedError),
        (wire.answer(429, {}, {"Retry-After": "9"}), ThrottledError),
        (wire.answer(500, b"oops"), AmbiguousError),
        (wire.answer(200, b"<html>"), AmbiguousError),
        (wire.answer(200, b"{" + b" " * 70_000 + b"}"), AmbiguousError),
        (wire.close, AmbiguousError),
        (wire.answer(401, {"error": "unauthorized"}), UnreachableError),
        (wire.answer(404, b"default backend - 404"), UnreachableError),
        (wire.answer(200, {"success": False, "error": {"message": "This post is gone"}}), RejectedError),
    ],
)
def test_each_answer_raises_its_error(store: redis.Redis, step: wire.Step, kind: type[Exception]) -> None:
    with main_bot(store, HEALTHY, step) as (client, _), pytest.raises(kind) as caught:
        client.push_task(TASK)
    if kind is RejectedError:
        assert "This post is gone" in str(caught.value)


def test_nothing_is_handed_over_while_main_bot_is_unhealthy(store: redis.Redis) -> None:
    with main_bot(store, wire.answer(503)) as (client, requests), pytest.raises(UnreachableError):
        client.push_task(TASK)
    assert [r.path for r in requests] == ["/health"]


def test_breaker_opens_after_five_failures_for_every_process(store: redis.Redis) -> None:
    client = client_for(f"http://127.0.0.1:{free_port()}", store)
    for _ in range(FAILURES):
        with pytest.raises(UnreachableError):
            client.push_task(TASK)
    client.close()
    with main_bot(store, HEALTHY) as (other, requests), pytest.raises(UnreachableError) as caught:
        other.push_task(TASK)
    assert caught.value.code == "circuit_open"
    assert requests == []
    assert 0 < other.breaker.open_for_seconds() <= 30
    assert other.breaker.outage_since() is not None


def test_four_failures_do_not_open_it(store: redis.Redis) -> None:
    breaker = Breaker(store, "main_bot")
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert breaker.open_for_seconds() == 0
    assert breaker.outage_since() is None


def test_a_healthy_probe_or_an_accepted_task_ends_the_outage(store: redis.Redis) -> None:
    breaker = Breaker(store, "main_bot")
    for _ in range(FAILURES):
        breaker.failed()
    store.delete("breaker:main_bot:open")  # the thirty seconds are over
    with main_bot(store, HEALTHY, wire.answer(500), HEALTHY, wire.answer(200, {})) as (client, requests):
        with pytest.raises(AmbiguousError):
            client.push_task(TASK)
        assert breaker.open_for_seconds() > 0, "one failure of the trial opens it again"
        store.delete("breaker:main_bot:open")
        client.push_task(TASK)
    assert [r.path for r in requests] == ["/health", "/api/tasks", "/health", "/api/tasks"]
    assert breaker.outage_since() is None


def test_refusing_a_task_is_not_an_outage(store: redis.Redis) -> None:
    with main_bot(store, HEALTHY, wire.answer(422, {}), wire.answer(200, {"success": False})) as (client, _):
        for _ in range(FAILURES + 1):
            with pytest.raises(RejectedError):
                client.push_task(TASK)
    assert Breaker(store, "main_bot").open_for_seconds() == 0


def test_get_task_returns_the_task_s_status(store: redis.Redis) -> None:
    known = {"status": "processing", "external_task_id": "mb_1", "response_data": {"views_added": 5}}
    with main_bot(store, wire.answer(200, known), wire.answer(404, {})) as (client, requests):
        assert client.get_task("t1") == KnownTask("processing", "mb_1", {"views_added": 5})
        assert client.get_task("t1") is None
    assert requests[0].path == "/api/tasks/t1"
