"""Tests of the latch: while a service is down, one caller at a time tries it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from socialboost.queue.latch import Latch

CALLERS = 32


class Service:
    """A service that counts its calls and fails while `away` is set."""

    def __init__(self) -> None:
        self.away = True
        self.calls = 0
        self.answering = threading.Event()
        self.answering.set()
        self.called = threading.Event()

    def call(self) -> str:
        self.calls += 1
        self.called.set()
        self.answering.wait(20)
        if self.away:
            raise ConnectionError
        return "done"


class RefusedError(Exception):
    pass


def make(pause_seconds: float) -> Latch:
    return Latch(lambda error: isinstance(error, ConnectionError), RefusedError, pause_seconds=pause_seconds)


def through(latch: Latch, service: Service) -> str:
    try:
        with latch.passing():
            return service.call()
    except (ConnectionError, RefusedError) as error:
        return type(error).__name__


def test_an_outage_is_found_by_one_caller() -> None:
    latch, service = make(pause_seconds=3600), Service()
    assert [through(latch, service) for _ in range(2)] == ["ConnectionError"] * 2, (
        "the next one tries at once"
    )
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = set(pool.map(lambda _: through(latch, service), range(CALLERS)))
    assert (answers, service.calls) == ({"RefusedError"}, 2)


def test_one_caller_probes_and_opens_the_latch_for_all() -> None:
    latch, service = make(pause_seconds=0), Service()
    assert through(latch, service) == "ConnectionError"
    service.away = False
    service.called.clear()
    service.answering.clear()
    with ThreadPoolExecutor(CALLERS) as pool:
        trying = pool.submit(through, latch, service)
        assert service.called.wait(20)
        others = {through(latch, service) for _ in range(CALLERS)}
        assert (others, service.calls) == ({"RefusedError"}, 2)
        service.answering.set()
        assert trying.result(20) == "done"
    assert through(latch, service) == "done"


def test_other_errors_do_not_close_the_latch() -> None:
    latch = make(pause_seconds=3600)
    with pytest.raises(ValueError, match="mine"), latch.passing():
        raise ValueError("mine")
    with latch.passing():
        pass


def test_the_latch_closes_after_several_failures_in_a_row() -> None:
    latch = Latch(
        lambda error: isinstance(error, ConnectionError), RefusedError, pause_seconds=3600, failures=2
    )
    service = Service()
    assert through(latch, service) == "ConnectionError"
    service.away = False
    assert through(latch, service) == "done"
    service.away = True
    assert [through(latch, service) for _ in range(4)] == ["ConnectionError"] * 3 + ["RefusedError"]


def test_the_caller_that_probes_may_call_again_meanwhile() -> None:
    latch, service = make(pause_seconds=0), Service()
    assert through(latch, service) == "ConnectionError"
    service.away = False
    with latch.passing():
        assert through(latch, service) == "done"


def test_with_a_probe_no_caller_tries() -> None:
    service, probed, over = Service(), threading.Event(), threading.Event()

    def probe() -> None:
        probed.set()
        if not over.wait(20):
            raise ConnectionError

    latch = Latch(
        lambda error: isinstance(error, ConnectionError), RefusedError, pause_seconds=0, probe=probe
    )
    assert through(latch, service) == "ConnectionError"
    assert probed.wait(20)
    assert ({through(latch, service) for _ in range(CALLERS)}, service.calls) == ({"RefusedError"}, 1)
    service.away = False
    over.set()
    for _ in range(2000):
        if through(latch, service) == "done":
            return
        threading.Event().wait(0.005)
    pytest.fail("it never opened again")
