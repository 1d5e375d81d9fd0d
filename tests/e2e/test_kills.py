"""Tests of SIGKILL at any step of an order's jobs: the order still ends right, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

import sandbox.person
from sandbox.walk import Walk, is_accepted
from sandbox.world import World, wait_for
from tests.e2e.disruption import Killer
from tests.e2e.test_walk import unsettled

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow("kills a worker at twelve steps of one order, and each kill costs a lease"),
]

STEPS = [
    ("job_started", "register_user"),
    ("transaction_committed", "open_order"),
    ("job_started", "create_invoice"),
    ("crypto_pay_called", "create_invoice"),
    ("job_started", "activate_order"),
    ("transaction_committed", "activate_order"),
    ("job_started", "send_receipt"),
    ("transaction_committed", "add_post"),
    ("job_started", "dispatch_tasks"),
    ("main_bot_called", "dispatch_tasks"),
    ("transaction_committed", "update_task_status"),
    ("telegram_called", "notify_post"),
]
BUYERS = 3
"""Walking at once, so that a kill also hits jobs it was not aimed at."""


def receipts(walk: Walk) -> int:
    url = f"{walk.world.telegram_url}/sim/people/{walk.person.id}/messages"
    messages = requests.get(url, timeout=10).json()["messages"]
    return sum(message["text"].startswith("✅ Оплата успішна") for message in messages)


def test_an_order_survives_a_worker_killed_at_any_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.person, "WAIT_SECONDS", 240.0)
    killer = Killer(world.log_dir, STEPS)
    walks = [Walk(world) for _ in range(BUYERS)]
    with killer.watching(), ThreadPoolExecutor(BUYERS) as pool:
        walked = list(pool.map(lambda walk: list(walk.steps()), walks))
    assert sorted(killer.killed) == sorted(STEPS), "a step was never reached, so never killed"
    assert all(len(steps) == len(walked[0]) for steps in walked)

    wait_for(lambda: unsettled(world) == [], 180, "every job done")
    for walk in walks:
        assert 1 <= receipts(walk) <= 2, "a receipt is sent at least once and repeated at most once"
        assert walk.person.find(is_accepted)
    with psycopg.connect(world.database_url) as connection:
        tasks = {row[0] for row in connection.execute("SELECT id::text FROM tasks").fetchall()}
    done = requests.get(f"{world.main_bot_url}/sim/tasks", timeout=10).json()["tasks"]
    assert len(done) == len({task["task_id"] for task in done}), "a task was worked on twice"
    assert {task["task_id"] for task in done} == tasks
