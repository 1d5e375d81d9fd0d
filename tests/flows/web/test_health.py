"""/health: what each part's absence looks like, and that asking it often costs one question."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from socialboost import jobs, sending
from tests.flows.web.conftest import CLOSED, Answer, MakeClient


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer that cannot come for less than 2 s."""
    monkeypatch.setattr(sending, "MAX_QUESTION_SECONDS", 0.5)


def health(client: FlaskClient) -> tuple[int, str, dict[str, Any]]:
    response = client.get("/health")
    assert set(response.json) == {"status", "checks"}
    return response.status_code, response.json["status"], response.json["checks"]


def checks(*, database: bool, redis: bool, thread_pool: bool) -> dict[str, Any]:
    return {"database": database, "redis": redis, "thread_pool": thread_pool, "service": "interface-bot"}


def test_healthy(client: FlaskClient, answer: Answer) -> None:
    answer(jobs.CheckHealth, lambda _: {"database": True})
    assert health(client) == (200, "healthy", checks(database=True, redis=True, thread_pool=True))


def test_the_database_is_away(client: FlaskClient, answer: Answer) -> None:
    answer(jobs.CheckHealth, lambda _: {"database": False})
    assert health(client) == (503, "unhealthy", checks(database=False, redis=True, thread_pool=True))


def test_no_worker_answers(client: FlaskClient) -> None:
    assert health(client) == (503, "unhealthy", checks(database=False, redis=True, thread_pool=False))


def test_redis_is_away(make_client: MakeClient) -> None:
    down = (503, "unhealthy", checks(database=False, redis=False, thread_pool=False))
    assert health(make_client(REDIS_URL=CLOSED)) == down


def test_only_the_queue_or_only_the_cache_is_away(make_client: MakeClient, redis_url: str) -> None:
    down = (503, "unhealthy", checks(database=False, redis=False, thread_pool=False))
    assert health(make_client(REDIS_URL=CLOSED, CACHE_REDIS_URL=redis_url)) == down
    assert health(make_client(CACHE_REDIS_URL=CLOSED)) == down


def test_many_callers_cost_one_question(client: FlaskClient, answer: Answer, redis_url: str) -> None:
    asked: list[int] = []
    answer(jobs.CheckHealth, lambda _: asked.append(1) or {"database": True})
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(client.application.test_client().get("/health").status_code)
        )
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert statuses == [200] * 12
    assert len(asked) == 1
    with redis.Redis.from_url(redis_url) as connection:
        assert 0 < connection.ttl("health_check") <= 10
        connection.delete("health_check")
    assert client.get("/health").status_code == 200
    assert len(asked) == 2
