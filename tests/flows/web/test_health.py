"""Tests of /health: each part's outage is shown, and many requests cost one check."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from socialboost import jobs
from socialboost.jobs import sending
from socialboost.web import health as health_module
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


def test_health_is_200_when_everything_works(client: FlaskClient, answer: Answer) -> None:
    answer(jobs.CheckHealth, lambda _: {"database": True})
    assert health(client) == (200, "healthy", checks(database=True, redis=True, thread_pool=True))


def test_health_is_503_while_postgresql_is_down(client: FlaskClient, answer: Answer) -> None:
    answer(jobs.CheckHealth, lambda _: {"database": False})
    assert health(client) == (503, "unhealthy", checks(database=False, redis=True, thread_pool=True))


def test_health_is_503_without_workers(client: FlaskClient) -> None:
    assert health(client) == (503, "unhealthy", checks(database=False, redis=True, thread_pool=False))


def test_health_is_503_while_redis_is_down(make_client: MakeClient) -> None:
    down = (503, "unhealthy", checks(database=False, redis=False, thread_pool=False))
    assert health(make_client(REDIS_URL=CLOSED)) == down


def test_health_names_the_redis_that_is_down(make_client: MakeClient, redis_url: str) -> None:
    down = (503, "unhealthy", checks(database=False, redis=False, thread_pool=False))
    assert health(make_client(REDIS_URL=CLOSED, CACHE_REDIS_URL=redis_url)) == down
    assert health(make_client(CACHE_REDIS_URL=CLOSED)) == down


def test_a_worker_of_another_release_does_not_count(client: FlaskClient, answer: Answer) -> None:
    answer(jobs.CheckHealth, lambda _: ["something else"])
    assert health(client) == (503, "unhealthy", checks(database=False, redis=True, thread_pool=True))


def test_many_callers_share_one_check(
    client: FlaskClient, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One check answers all waiting requests."""
    for name in ("ATTENTION_SECONDS", "FRESH_SECONDS", "_PERIOD_SECONDS"):
        monkeypatch.setattr(health_module, name, 3600.0)
    asked: list[int] = []
    answer(jobs.CheckHealth, lambda _: asked.append(1) or {"database": True})

    def ask() -> int:
        with client.application.test_client() as own:
            return own.get("/health").status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = [waiting.result(20) for waiting in [pool.submit(ask) for _ in range(12)]]
    assert statuses == [200] * 12
    assert len(asked) == 1


def test_an_old_good_answer_is_not_repeated(
    client: FlaskClient, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker answers one question and hangs at the next: /health soon stops reporting "healthy"."""
    monkeypatch.setattr(health_module, "ATTENTION_SECONDS", 60.0)
    for where, name in ((health_module, "_ANSWER_SECONDS"), (sending, "MAX_QUESTION_SECONDS")):
        monkeypatch.setattr(where, name, 60.0)  # the second look finds nothing: only age can tell
    asked, ending = [], threading.Event()

    def reply(_: dict[str, Any]) -> dict[str, bool]:
        asked.append(1)
        if len(asked) > 1:
            ending.wait(60)
        return {"database": True}

    answer(jobs.CheckHealth, reply)
    try:
        assert client.get("/health").status_code == 200
        too_old = time.monotonic() + health_module.FRESH_SECONDS  # what it found is older than this moment
        status = 200
        while status == 200:
            proves_nothing = time.monotonic() > too_old
            status = client.get("/health").status_code
            assert status == 503 or not proves_nothing
            ending.wait(0.02)
    finally:
        monkeypatch.setattr(health_module, "ATTENTION_SECONDS", 0.0)
        ending.set()  # also when it failed: the worker is waited for
