"""Tests of the broker with real workers: it keeps messages that stock Dramatiq loses or strands."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import redis
from dramatiq.message import Message

from sandbox.servers import ValkeyServer
from socialboost import jobs
from socialboost.queue import broker
from tests.flows.engine.actors import Look, Once, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.timings import Timings

DAMAGED: list[Any] = [
    "{not json",
    "[1, 2]",
    '{"queue_name": "interactive"}',
    {"options": {}},
    {"queue_name": "payments"},
    {"kwargs": ["name"]},
    {"options": {"redis_message_id": "x", "eta": "soon"}},
    {"message_timestamp": "yesterday"},
    {"actor_name": None},
]


def message(namespace_actor: str, name: str, **kwargs: Any) -> Message[Any]:
    """Return a message for `stock_look` or `core_look`."""
    return Message(
        queue_name="interactive",
        actor_name=namespace_actor,
        args=(),
        kwargs={"name": name, **kwargs},
        options={},
    )


def push(client: redis.Redis, namespace: str, sent: Message[Any]) -> None:
    """Do what a stock producer's script does."""
    identifier = str(uuid.uuid4())
    sent = sent.copy(options={"redis_message_id": identifier})
    push_raw(client, namespace, identifier, sent.encode())


def push_raw(client: redis.Redis, namespace: str, identifier: str, data: bytes | None) -> None:
    """Put any bytes on the queue; None leaves the id without a message."""
    if data is not None:
        client.hset(f"{namespace}:interactive.msgs", identifier, data)
    client.rpush(f"{namespace}:interactive", identifier)


def damaged(variant: Any, identifier: str) -> bytes:
    """Return a message that is wrong in one way."""
    if isinstance(variant, str):
        return variant.encode()
    sound = message("core_look", "damaged").copy(options={"redis_message_id": identifier}).asdict()
    return json.dumps(sound | variant).encode()


def test_a_damaged_message_becomes_a_dead_letter_and_the_others_run(system: CoreSystem) -> None:
    with redis.Redis.from_url(system.redis_url) as client:
        for number, variant in enumerate(DAMAGED):
            identifier = str(uuid.uuid4())
            push(client, "dramatiq", message("core_look", f"good{number}"))
            push_raw(client, "dramatiq", identifier, damaged(variant, identifier))
        push_raw(client, "dramatiq", "gone", None)
        push(client, "dramatiq", message("core_look", "last"))
    system.start()
    wait_until(lambda: len(system.counts("end")) == len(DAMAGED) + 1)
    wait_until(lambda: not system.leftovers(), what="nothing left in Redis")
    assert set(system.counts("end").values()) == {1}
    assert system.dead_letters("interactive") == len(DAMAGED)
    assert system.log_text().count("message_undecodable") == len(DAMAGED)


def test_stock_dramatiq_does_not_run_messages_behind_a_damaged_one(system: CoreSystem) -> None:
    """Negative control: five good messages behind a damaged one are fetched and never run."""
    with redis.Redis.from_url(system.redis_url) as client:
        push_raw(client, "stock", "garbage", b"{not json")
        for number in range(5):
            push(client, "stock", message("stock_look", f"good{number}"))
        system.start_stock()
        wait_until(lambda: "Failed to decode message" in system.log_text())
        push(client, "stock", message("stock_look", "after"))
    wait_until(lambda: system.count("end", "after") == 1, what="its consumer to restart and go on")
    assert system.counts("end") == {"after": 1}


def test_a_message_that_fits_no_actor_becomes_a_dead_letter_with_an_error(system: CoreSystem) -> None:
    system.start()
    with redis.Redis.from_url(system.redis_url) as client:
        push(client, "dramatiq", message("no_such_actor", "x"))
        push(client, "dramatiq", message("core_work", "no key"))
        push(client, "dramatiq", message("core_look", "newer", field_of_a_newer_producer=1))
    wait_until(lambda: system.dead_letters("interactive") == 2)
    wait_until(lambda: system.count("end", "newer") == 1)
    events = [json.loads(line) for line in system.log_text().splitlines() if line.startswith("{")]
    errors = {e["error"] for e in events if e["event"] == "job_dead_lettered" and e["level"] == "ERROR"}
    assert errors == {"ActorNotFound", "ContractError"}


def test_a_plain_job_is_repeated_twice_and_postponed_without_limit(system: CoreSystem) -> None:
    system.start()
    jobs.send(Look(name="twice", times=2))
    jobs.send(Look(name="often", times=6, postpone=True))
    jobs.send(Look(name="never", times=1_000))
    jobs.send(Once(name="once"))
    wait_until(lambda: system.count("end", "twice") == 1)
    wait_until(lambda: system.count("end", "often") == 1)
    wait_until(lambda: system.dead_letters("interactive") == 2)
    assert system.counts("start") == {"twice": 3, "often": 7, "never": 3, "once": 1}


def test_an_old_screen_is_dropped_and_an_old_ledger_job_is_not(system: CoreSystem) -> None:
    yesterday = int((time.time() - 86_400) * 1000)
    for job in (Look(name="old"), Work(key="tg:1:1")):
        sent: Message[Any] = Message(
            queue_name=job.queue,
            actor_name=job.actor_name,
            args=(),
            kwargs=job.payload(),
            options={},
            message_timestamp=yesterday,
        )
        broker.current().enqueue(sent)
    system.start()
    wait_until(lambda: system.state("tg:1:1") == "done")
    wait_until(lambda: not system.leftovers())
    assert "job_expired" in system.log_text()
    assert (system.count("start", "old"), system.dead_letters("interactive")) == (0, 0)


def test_delayed_messages_survive_a_restart_of_redis_and_stock_messages_do_not(
    system: CoreSystem, valkey_server: ValkeyServer
) -> None:
    system.start()
    system.start_stock()
    from dramatiq.brokers.redis import RedisBroker

    stock = RedisBroker(url=system.redis_url, namespace="stock")
    for number in range(3):
        broker.current().enqueue(message("core_look", f"ours{number}"), delay=6_000)
        stock.enqueue(message("stock_look", f"stock{number}"), delay=6_000)
    wait_until(lambda: "dramatiq:interactive.DQ" not in system.leftovers(), what="in our worker's memory")
    wait_until(lambda: "stock:interactive.DQ" not in system.leftovers("stock"), what="in the stock worker's")
    valkey_server.kill()
    time.sleep(2.5)  # longer than the stock consumer sleeps, so that it notices
    valkey_server.start()
    wait_until(lambda: len(system.counts("end")) == 3, 40)
    time.sleep(2)
    assert system.counts("end") == {"ours0": 1, "ours1": 1, "ours2": 1}  # negative control: no stock one


def test_a_retry_survives_a_redis_outage_and_a_stock_retry_does_not(
    system: CoreSystem, valkey_server: ValkeyServer
) -> None:
    system.start()
    system.start_stock()
    jobs.send(Look(name="ours", seconds=1.5, times=1))
    with redis.Redis.from_url(system.redis_url) as client:
        push(client, "stock", message("stock_look", "stock", seconds=1.5, times=1))
    wait_until(lambda: len(system.counts("start")) == 2)
    valkey_server.stop()
    wait_until(lambda: "retry_not_queued" in system.log_text())
    wait_until(lambda: "Unexpected failure in after_process_message" in system.log_text())
    valkey_server.start()
    wait_until(lambda: system.count("end", "ours") == 1)
    wait_until(lambda: not system.leftovers())
    wait_until(lambda: not system.leftovers("stock"), what="the stock message acknowledged")
    assert system.count("end", "stock") == 0  # negative control: acknowledged, and gone


def test_sigterm_lets_running_jobs_end_and_returns_the_others_to_the_queue(system: CoreSystem) -> None:
    first = system.start(threads=2)
    for number in range(10):
        jobs.send(Look(name=f"job{number}", seconds=1))
    wait_until(lambda: len(system.counts("start")) == 2)
    assert system.stop(first) == 0
    begun = system.counts("start")
    assert system.counts("end") == begun
    assert len(begun) < 10
    system.start(threads=8)
    wait_until(lambda: len(system.counts("end")) == 10)
    assert set(system.counts("start").values()) == {1}


def test_thousands_of_jobs_survive_a_kill_and_a_sigterm(system: CoreSystem) -> None:
    """None is lost. At most the jobs that the killed process was running are repeated."""
    system.hurry(Timings(lease=5))
    doomed, stopped = system.start(threads=4), system.start(threads=4)
    system.start(threads=4)
    for number in range(1_200):
        jobs.send(Look(name=f"plain{number}"))
        jobs.send(Work(key=f"tg:{number}:1"))
        if number % 4 == 0:
            jobs.send(Work(key=f"tg:{number}:1"))
        if number == 400:
            system.kill(doomed)
        if number == 800:
            stopped.terminate()
    wait_until(lambda: len(system.counts("end")) == 2_400, 90, "all done")
    wait_until(lambda: system.states() == {"done": 1_200}, 60)
    wait_until(lambda: not system.leftovers(), 60)
    doubled = [name for name, count in system.counts("end").items() if count > 1]
    assert len(doubled) <= 4
    assert stopped.wait(20) == 0
