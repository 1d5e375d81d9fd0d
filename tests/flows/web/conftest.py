"""Fixtures of web tests: the application on a real Redis, and a fake worker with chosen answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq import Worker
from flask.testing import FlaskClient

from socialboost import jobs, logs
from socialboost.jobs import sending
from socialboost.queue import broker
from socialboost.settings import WebSettings
from socialboost.web import create_app, health
from tests.loaded import together
from tests.unit.settings_environment import VALID

__all__ = ["together"]

MAIN_BOT_KEY, SECOND_KEY = VALID["MAIN_BOT_API_KEY"].split(",")
ADMIN_KEY = VALID["ADMIN_API_KEY"]
CLOSED = "redis://127.0.0.1:1/0"
"""Nothing listens there: Redis away."""

MakeClient = Callable[..., FlaskClient]
Answer = Callable[[type[jobs.Job], Callable[[dict[str, Any]], Any]], None]


@pytest.fixture
def make_client(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeClient]:
    """Builds applications with some settings changed; what building one installs is undone afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(health, "ATTENTION_SECONDS", 0.0)  # no look at a worker outlasts its test
    for name in ("DATABASE_URL", "TELEGRAM_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    apps = []

    def make(**changes: str) -> FlaskClient:
        needed = {name: VALID[name] for name in WEB_NEEDS}
        for name, value in (needed | {"REDIS_URL": redis_url, "LOG_DIR": str(tmp_path)} | changes).items():
            monkeypatch.setenv(name, value)
        apps.append(create_app(WebSettings.load()))
        return apps[-1].test_client()

    yield make
    if apps:
        broker.current().close()
    root.handlers = handlers
    root.setLevel(level)
    logs._output = None


WEB_NEEDS = ("SECRET_KEY", "CRYPTOBOT_TOKEN", "MAIN_BOT_API_KEY", "ADMIN_API_KEY")


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    """An application with nothing changed."""
    return make_client()


@pytest.fixture
def answer(redis_url: str) -> Iterator[Answer]:
    """Stands in for the worker process: answers a question through the real queue."""
    consuming = broker.build(redis_url, consuming=True)
    worker = Worker(
        consuming, queues={jobs.INTERACTIVE}, worker_threads=2, worker_timeout=100
    )  # milliseconds after which its threads see that it stops

    def declare(contract: type[jobs.Job], reply: Callable[[dict[str, Any]], Any]) -> None:
        def act(**args: Any) -> dict[str, Any]:
            return {sending.ANSWER: reply(args)}

        dramatiq.actor(
            act,
            broker=consuming,
            actor_name=contract.actor_name,
            queue_name=contract.queue,
            max_retries=0,
            store_results=True,
        )
        if not worker.workers:
            worker.start()

    yield declare
    worker.stop()
    consuming.close()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def log_lines(directory: Path) -> str:
    """Everything the application logged."""
    return "".join(path.read_text("utf-8") for path in directory.glob("*.log"))
