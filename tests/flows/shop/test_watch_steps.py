"""When a step of the watch is due again."""

from __future__ import annotations

import time

import pytest

from socialboost.errors import AmbiguousError, ThrottledError
from workers.watch import Step


def wait_of(step: Step) -> float:
    return step.due - time.monotonic()


def test_a_question_without_an_answer_is_asked_again_soon_then_less_often() -> None:
    step = Step("ask", lambda: None, every_seconds=5.0)
    step.begin()
    waits = []
    for _ in range(5):
        step.fail(AmbiguousError("crypto_pay", "no answer in time"))
        waits.append(wait_of(step))
    assert waits == pytest.approx([1, 2, 4, 5, 5], abs=0.5)


def test_a_service_that_names_a_time_is_not_asked_before_it() -> None:
    step = Step("ask", lambda: None, every_seconds=5.0)
    step.begin()
    step.fail(ThrottledError("crypto_pay", "too many", retry_after=30))
    assert wait_of(step) == pytest.approx(30, abs=0.5)
