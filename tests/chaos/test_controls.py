"""A rig that cannot turn red proves nothing: without a guard it must, for the reason that guard is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import controls
from tests.chaos.run import carry_out

pytestmark = pytest.mark.chaos

WHY = {
    "reconciler": "lost",
    "row_lock": "double",
    "outbox": "silent",
    "attempt_before_effect": "repeats",
}
"""The bar that each guard holds."""


def test_there_is_a_reason_for_every_control() -> None:
    assert set(WHY) == set(controls.NAMES)


@pytest.mark.parametrize("name", controls.NAMES)
def test_without_a_guard_the_rig_is_red(name: str, run_directory: Path) -> None:
    score = carry_out(controls.order(name, run_directory)).score
    assert any(bar.startswith(f"{WHY[name]}: ") for bar in score.broken), score
