"""Tests of a busy worker: it serves the newest taps beside the oldest, and no queue takes all threads."""

from __future__ import annotations

from typing import Any

import pytest
from dramatiq.common import current_millis
from dramatiq.message import Message

from socialboost import jobs
from socialboost.queue import broker, messages
from tests.flows.engine.actors import Chain, Look
from tests.flows.engine.system import CoreSystem, wait_until
from workers.engine import actors

OLD, NEW = 40, 5
THREADS = 8


def order_of(redis_url: str, queue: str) -> list[str]:
    """In which order a consumer hands out what an outage left, and what came after it."""
    own = broker.build(redis_url, consuming=True)
    try:
        for number in range(OLD + NEW):
            age = messages.LATE_MS * 30 if number < OLD else 0
            name = f"{'old' if age else 'new'}{number}"
            own.enqueue(
                Message[Any](queue, "core_look", (), {"name": name}, {}, name, current_millis() - age)
            )
        consumer, found = own.consume(queue, 1), list[str]()
        while len(found) < OLD + NEW:
            if (message := next(consumer)) is not None:
                found.append(message.kwargs["name"])
                consumer.ack(message)
        assert own.depth([queue]) == {queue: 0}
        return found
    finally:
        own.close()


def test_in_a_long_queue_every_second_turn_takes_the_newest_job(redis_url: str) -> None:
    found = order_of(redis_url, jobs.INTERACTIVE)
    last_new = max(place for place, name in enumerate(found) if name.startswith("new"))
    assert last_new <= 2 * NEW + 1
    oldest = [name for name in found[: 2 * NEW + 1] if name.startswith("old")]
    assert oldest == [f"old{number}" for number in range(len(oldest))], "what is old goes on as well"
    assert len(set(found)) == OLD + NEW


def test_payment_jobs_run_in_their_order(redis_url: str) -> None:
    """This is also the negative control: the order changes only in the queue of taps."""
    assert order_of(redis_url, jobs.PAYMENTS)[OLD:] == [f"new{OLD + number}" for number in range(NEW)]


@pytest.mark.parametrize(
    ("environment", "held"),
    [({}, THREADS - THREADS // 4), ({"dramatiq_queue_prefetch": "8"}, THREADS)],
    ids=["share", "negative control: no share"],
)
def test_hanging_taps_leave_threads_for_payments(
    system: CoreSystem, environment: dict[str, str], held: int
) -> None:
    for _ in range(2 * THREADS):
        jobs.send(Look(name="hangs", seconds=300.0))
    system.environment |= environment
    system.start(jobs.INTERACTIVE, jobs.PAYMENTS, threads=THREADS)
    wait_until(lambda: system.count("start", "hangs") >= held, 60)
    if environment:
        return
    jobs.send(Chain(key="cp:1"))
    wait_until(lambda: system.state("cp:1") == "done", 60)
    assert system.count("start", "hangs") == held
    assert system.count("end", "hangs") == 0


def test_a_free_thread_takes_payments_first() -> None:
    first = (jobs.ActivateOrder, jobs.SendReceipt, jobs.CreateInvoice, jobs.ShowMenu)
    places = [actors._priority(contract) for contract in first]
    assert places[0] == places[1] < places[2] < places[3]
