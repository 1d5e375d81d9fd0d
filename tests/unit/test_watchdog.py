"""Tests of the watchdog: what counts as stuck (workers/engine/watchdog.py)."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from dramatiq.errors import ConnectionClosed

from socialboost.queue import broker


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    return importlib.import_module("workers.engine.watchdog").Progress(longest_step=10.0)


def test_a_thread_without_progress_for_too_long_is_stuck(progress: Any) -> None:
    found = [progress.stuck([("job", "a", 30.0), ("loop", n, 30.0)], 5.0 * n) for n in range(8)]
    assert found == [[]] * 7 + [["job"]]


def test_a_job_that_progresses_or_ends_is_not_stuck(progress: Any) -> None:
    assert progress.stuck([("job", "a", 3.0)], 0.0) == []
    assert progress.stuck([("job", "b", 3.0)], 5.0) == []
    assert progress.stuck([], 10.0) == []
    assert progress.stuck([("job", "b", 3.0)], 15.0) == []


def test_a_machine_that_slept_does_not_count_as_stuck(progress: Any) -> None:
    """An hour without a check counts as one short step."""
    assert progress.stuck([("job", "a", 30.0)], 0.0) == []
    assert progress.stuck([("job", "a", 30.0)], 3600.0) == []
    assert progress.stuck([("job", "a", 30.0)], 7200.0) == []
    assert progress.stuck([("job", "a", 30.0)], 7210.0) == []
    assert progress.stuck([("job", "a", 30.0)], 7220.0) == ["job"]


@pytest.mark.parametrize("queue", ["interactive", "interactive.DQ"])
def test_a_consumer_that_keeps_trying_redis_is_not_stuck(queue: str) -> None:
    """An outage of Redis ends no process, however long."""
    built, seen = broker.build("redis://127.0.0.1:1/0", consuming=True), set()
    for _ in range(3):
        with pytest.raises(ConnectionClosed):
            built.consume(queue)
        seen.add(built.holding(queue).rounds)
    assert len(seen) == 3
