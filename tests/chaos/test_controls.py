"""Negative controls of the chaos rig: without a guard a run must fail, for that guard's reason."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.servers import PostgresServer
from tests.chaos import controls
from tests.chaos.run import Order, Result, carry_out

pytestmark = [pytest.mark.chaos, pytest.mark.alone]

WHY = {
    "reconciler": "lost",
    "row_lock": "double",
    "outbox": "silent",
    "attempt_before_effect": "repeats",
}
"""The figure that exceeds its limit without each guard."""
AT_ONCE = 4
"""Runs at the same time. They mostly wait for the end of a lease."""


@pytest.fixture(scope="module")
def runs(postgres_server: PostgresServer) -> Iterator[Mapping[str, Future[Result]]]:
    """The run of every control, the longest first."""
    directory = Path(tempfile.mkdtemp(prefix="socialboost-controls-"))
    directory.chmod(0o711)  # PostgreSQL runs as another user when the tests run as root
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: pool.submit(carry_out, on(controls.order(name, directory / name), postgres_server))
            for name in controls.NAMES[::-1]
        }
    shutil.rmtree(directory, ignore_errors=True)


def on(order: Order, postgres: PostgresServer) -> Order:
    """The same run on a server that runs already: none of them breaks it."""
    return replace(order, rig={**order.rig, "postgres": postgres})


def test_every_control_has_a_reason() -> None:
    assert set(WHY) == set(controls.NAMES)


@pytest.mark.slow("the first one waits for its whole run, beside the others")
@pytest.mark.parametrize("name", controls.NAMES[::-1])
def test_a_run_without_a_guard_fails(name: str, runs: Mapping[str, Future[Result]]) -> None:
    score = runs[name].result().score
    assert any(bar.startswith(f"{WHY[name]}: ") for bar in score.broken), score
