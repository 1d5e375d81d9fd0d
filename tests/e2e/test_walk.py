"""Tests of a buyer's whole way through the running product, over HTTP only."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import requests

from sandbox.walk import Walk
from sandbox.world import World, wait_for
from tests.invariants import breaches

pytestmark = pytest.mark.e2e


def environment_of(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode(errors="replace").split("=", 1) for entry in entries if b"=" in entry)


def unsettled(world: World) -> list[tuple[str, str]]:
    """Return what breaks an invariant, and jobs that are not done, once nothing is on its way any more."""
    with psycopg.connect(world.database_url) as connection:
        open_jobs = connection.execute(
            "SELECT state, key FROM job_ledger WHERE state IN ('queued', 'running', 'parked')"
        ).fetchall()
    return breaches(world.database_url) + open_jobs


def test_a_buyer_gets_what_was_paid_for(world: World) -> None:
    walk = Walk(world)
    steps = list(walk.steps())
    assert any("Оплата успішна" in step.saw for step in steps)
    assert wait_for(lambda: unsettled(world) == [], what="every job done")


def test_web_and_bot_hold_no_database_url(world: World) -> None:
    for name in ("web", "bot", "scheduler"):
        environment = environment_of(world.processes[name])
        assert "REDIS_URL" in environment, name
        assert "DATABASE_URL" not in environment, name


def test_main_bot_reads_and_reports_over_http(world: World) -> None:
    key = {"Authorization": f"Bearer {world.secrets['MAIN_BOT_API_KEY']}"}
    pending = requests.get(f"{world.web_url}/api/tasks/pending?limit=5", headers=key, timeout=10)
    assert pending.status_code == 200
    assert pending.json()["success"] is True
    unknown = f"{world.web_url}/api/tasks/00000000-0000-4000-8000-000000000000/status"
    assert requests.put(unknown, json={"status": "completed"}, headers=key, timeout=10).status_code == 404
    wrong = requests.put(unknown, json={"status": "sleeping"}, headers=key, timeout=10)
    assert (wrong.status_code, "status" in wrong.json()["message"]) == (400, True)
    assert requests.get(f"{world.web_url}/api/tasks/pending", timeout=10).status_code == 401


def test_health_says_what_was_checked(world: World) -> None:
    answer = requests.get(f"{world.web_url}/health", timeout=10)
    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert checks == {"database": True, "redis": True, "thread_pool": True, "service": "interface-bot"}
