"""Tests of a partner that hangs: it blocks a few threads, and only until it is known to hang."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from socialboost.clients.guard import CallGuard
from socialboost.errors import AmbiguousError, RefusesUsError, RejectedError, UnreachableError


def make(*, most_calls: int = 2, failures: int = 3, pause_seconds: float = 3600.0) -> CallGuard:
    return CallGuard(
        "crypto_pay",
        most_calls=most_calls,
        wait_seconds=0.0,
        failures=failures,
        pause_seconds=pause_seconds,
    )


def call(guard: CallGuard, error: Exception | None = None) -> str:
    try:
        with guard.passing():
            if error is not None:
                raise error
    except UnreachableError as refused:
        return refused.code or type(refused).__name__
    except (AmbiguousError, RejectedError) as said:
        return type(said).__name__
    return "done"


def test_the_number_of_calls_in_flight_is_limited() -> None:
    guard, hanging, entered = make(), threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        with guard.passing():
            entered.release()
            assert hanging.wait(20)

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(hang) for _ in range(2)]
        assert entered.acquire(timeout=20)
        assert entered.acquire(timeout=20)
        assert {call(guard) for _ in range(10)} == {"busy"}
        hanging.set()
        for one in calls:
            one.result(20)
    assert call(guard) == "done"


@pytest.mark.parametrize(
    "silence", [AmbiguousError("crypto_pay", "no answer in time"), UnreachableError("crypto_pay", "refused")]
)
def test_a_service_that_does_not_answer_is_not_called(silence: Exception) -> None:
    guard = make()
    for _ in range(4):  # three, and one that tries at once whether it is over
        call(guard, silence)
    assert {call(guard) for _ in range(10)} == {"circuit_open"}


@pytest.mark.parametrize(
    "word", [RejectedError("crypto_pay", "no"), RefusesUsError("crypto_pay", "no", setting="x")]
)
def test_a_refusal_counts_as_an_answer(word: Exception) -> None:
    guard = make()
    for _ in range(10):
        call(guard, word)
    assert call(guard) == "done"


def test_one_success_opens_the_guard_for_all() -> None:
    guard = make(pause_seconds=0.0)
    for _ in range(10):
        call(guard, AmbiguousError("crypto_pay", "no answer in time"))
    assert [call(guard) for _ in range(3)] == ["done"] * 3
