"""Tests of the chaos report: its tables hold exactly the stored figures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import report
from tests.chaos.crash_points import Coverage, batches
from tests.chaos.score import Score

RUN: dict[str, Any] = {
    "orders": 20, "seed": 5, "orders_paid": 19, "invoices_paid": 21, "lost": 0, "double": 0, "silent": 0,
    "untold_but_listed": 0, "repeats": 1, "active_p50": 0.1, "active_p99": 9.9, "active_max": 12.5,
    "by_source": {"webhook": 15, "reconciler": 6}, "parked": 3, "receipts_edited_away": 2,
    "load_median": 11.5, "load_max": 30.1, "faults": {"kill": 4, "wipe valkey": 1},
    "without": "", "broken": [], "machine": "a machine", "at": "2030-01-02T03:04:05+00:00",
}  # fmt: skip


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page as it is, but for its tables' contents."""
    path = tmp_path / "reliability.md"
    path.write_text(report.PAGE.read_text())
    return path


def write(directory: Path, name: str, figures: dict[str, Any]) -> None:
    (directory / f"{name}.json").write_text(json.dumps(figures))


def test_the_tables_have_the_stored_figures(page: Path, tmp_path: Path) -> None:
    before = page.read_text()
    write(tmp_path, "chaos-00020-seed-5", RUN)
    write(tmp_path, "without-outbox", RUN | {"without": "outbox", "silent": 3, "broken": ["silent: 3"]})
    coverage = Coverage(["a @ job", "b @ job"], ["a @ job", "b @ job"], {"a @ job": 1})
    write(tmp_path, "points", coverage.as_json() | {"machine": "a machine", "at": RUN["at"]})
    report.rewrite(page, tmp_path)
    text = page.read_text()
    assert "| 5 | 19 | 21 | 0 | 0 | 0 | 0 | 1 | 0.1 | 9.9 | 12.5 |" in text
    assert "| 3 | 2 | 2 | 11.5 | 30.1 |" in text, "parked, edited away, kinds of faults, load"
    assert "kill 4, wipe valkey 1" in text
    assert "| outbox | 19 | 0 | 0 | 3 | 1 | silent: 3 |" in text
    assert "2 points, died at 1 of 2 armed, 0 violations" in text
    report.rewrite(page, tmp_path)
    assert page.read_text() == text, "a second time changes nothing"
    assert without_tables(text) == without_tables(before)


def without_tables(text: str) -> str:
    return re.sub(r"(made by ./run chaos --report -->).*?(<!-- end of)", r"\1\2", text, flags=re.DOTALL)


def test_without_stored_figures_the_tables_are_empty(page: Path, tmp_path: Path) -> None:
    report.rewrite(page, tmp_path)
    assert page.read_text().count("No figures yet.") == 4


def test_a_figure_above_its_limit_fails_the_run() -> None:
    fine = {"lost": 0, "double": 0, "silent": 0, "repeats": 1, "active_p99": 15.0, "active_max": 60.0}
    assert Score(fine).broken == []
    for name, value in fine.items():
        assert len(Score(fine | {name: value + 1}).broken) == 1, name
    assert Score(fine | {"breaches": 1}).broken == ["breaches: 1"]


def test_a_batch_has_at_most_one_point_of_each_job() -> None:
    made = batches(["a @ x", "b @ x", "c @ y", "d @ z", "e @ x"], 2)
    assert made == [["a @ x", "c @ y"], ["b @ x", "d @ z"], ["e @ x"]]


def test_a_point_at_which_no_worker_died_fails_the_run() -> None:
    seldom = "after commit wake_all_queued @ sweeper"
    armed = ["before commit apply_payment @ activate_order", seldom]
    assert Coverage(armed=armed).failed
    assert not Coverage(armed=armed, struck={armed[0]: 1}).failed
    assert Coverage(armed=armed, struck=dict.fromkeys(armed, 1), violations={"x": ["lost"]}).failed
