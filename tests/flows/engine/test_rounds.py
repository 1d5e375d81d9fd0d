"""Tests of a consumer's round trips: one call acknowledges, waits and fetches, and loses no message."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message
from dramatiq.worker import ConsumerThread

from sandbox.servers import ValkeyServer
from socialboost import jobs
from socialboost.queue import broker, consumer
from socialboost.queue.broker import QueueBroker
from tests.flows.engine.system import wait_until

QUEUE = jobs.PAYMENTS


@pytest.fixture
def own(redis_url: str) -> Iterator[QueueBroker]:
    """A worker's broker, in this process."""
    built = broker.build(redis_url, consuming=True)
    yield built
    built.close()


@pytest.fixture
def operator(redis_url: str) -> Iterator[redis.Redis]:
    """Another client of the same Redis."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


def put(own: QueueBroker, name: str) -> None:
    own.enqueue(Message[Any](QUEUE, "core_look", (), {"name": name}, {}))


def following(reader: Consumer) -> MessageProxy:
    """Return the next message, however many rounds it takes."""
    return wait_until(lambda: next(reader), 20, "a message")


def stored(own: QueueBroker, operator: redis.Redis) -> tuple[int, int]:
    """Return how many messages Redis holds for the queue, and how many of them this process has taken."""
    return operator.hlen(f"dramatiq:{QUEUE}.msgs"), len(own.taken(QUEUE))


def blocked(operator: redis.Redis) -> bool:
    return bool(operator.info("clients")["blocked_clients"])


def calls(operator: redis.Redis, command: str) -> int:
    return int(operator.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))


class Reading(threading.Thread):
    """Reads one message in a thread, as a worker's consumer does."""

    def __init__(self, reader: Consumer) -> None:
        super().__init__(daemon=True)
        self.reader = reader
        self.message: MessageProxy | None = None
        self.start()

    def run(self) -> None:
        self.message = following(self.reader)


def test_what_is_finished_is_acknowledged_by_the_call_that_fetches(
    own: QueueBroker, operator: redis.Redis
) -> None:
    put(own, "first")
    put(own, "second")
    reader = own.consume(QUEUE, 1)
    reader.ack(following(reader))
    assert stored(own, operator) == (2, 1), "noted, and not sent yet"
    second = following(reader)
    assert second.kwargs["name"] == "second"
    assert stored(own, operator) == (1, 1), "the first is acknowledged, the second is taken"
    reader.close()


def test_an_idle_message_costs_its_consumer_two_round_trips(own: QueueBroker, operator: redis.Redis) -> None:
    """One call waits and fetches. While the next one waits, the thread that finished acknowledges."""
    reader = own.consume(QUEUE, 8)
    reading = Reading(reader)
    wait_until(lambda: blocked(operator), 20, "the consumer waits")
    operator.config_resetstat()
    put(own, "first")
    reading.join(20)
    assert reading.message is not None
    again = Reading(reader)
    wait_until(lambda: calls(operator, "blmove") == 1, 20, "the consumer waits again")
    reader.ack(reading.message)
    assert stored(own, operator) == (0, 0), "the consumer may wait for long"
    assert calls(operator, "evalsha") == 3, "put, fetch, acknowledge"
    put(own, "last")
    again.join(20)
    assert again.message is not None
    reader.close()


def test_a_consumer_that_closes_acknowledges_what_is_finished(
    own: QueueBroker, operator: redis.Redis
) -> None:
    put(own, "first")
    reader = own.consume(QUEUE, 1)
    reader.ack(following(reader))
    reader.close()
    assert stored(own, operator) == (0, 0)


def test_a_consumer_whose_thread_ends_leaves_later_messages_to_their_threads(
    own: QueueBroker, operator: redis.Redis
) -> None:
    """A worker that shuts down ends its consumers first. Jobs that run end up to twelve seconds later."""
    put(own, "first")
    put(own, "second")
    reader = own.consume(QUEUE, 2)
    first, second = following(reader), following(reader)
    thread = ConsumerThread(broker=own, queue_name=QUEUE, prefetch=2, work_queue=None, worker_timeout=1)
    thread.consumer = reader
    reader.ack(first)
    assert stored(own, operator) == (2, 2)
    own.emit_before("consumer_thread_shutdown", thread)
    assert stored(own, operator) == (1, 1)
    reader.ack(second)
    assert stored(own, operator) == (0, 0)


def test_a_call_that_failed_is_repeated_with_what_was_finished(
    own: QueueBroker, operator: redis.Redis, valkey_server: ValkeyServer
) -> None:
    put(own, "first")
    reader = own.consume(QUEUE, 1)
    reader.ack(following(reader))
    valkey_server.kill()
    with pytest.raises(ConnectionClosed):
        next(reader)
    valkey_server.start()
    put(own, "second")
    reader = own.consume(QUEUE, 1)
    assert following(reader).kwargs["name"] == "second", "the first is not worked on again"
    assert stored(own, operator) == (1, 1)
    reader.close()


def test_a_fetch_that_redis_runs_after_its_connection_broke_strands_nothing(
    own: QueueBroker, operator: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a fetch waits in Redis behind its BLMOVE, while the consumer looks for orphans and finds none."""
    monkeypatch.setattr(consumer, "LOOK_AGAIN_SECONDS", 0.1)
    own.consume(QUEUE, 1)
    reader = own.consume(QUEUE, 1)  # its second consumer: the first one's connection broke
    put(own, "first")
    own.run("fetch", QUEUE, 1)  # nobody has the answer
    assert stored(own, operator) == (1, 1)
    assert following(reader).kwargs["name"] == "first"
    reader.close()


def test_a_server_that_lost_its_scripts_gets_them_again(own: QueueBroker, operator: redis.Redis) -> None:
    put(own, "first")
    reader = own.consume(QUEUE, 1)
    reader.ack(following(reader))
    operator.script_flush()
    with pytest.raises(ConnectionClosed):
        next(reader)
    put(own, "second")
    reader = own.consume(QUEUE, 1)
    assert following(reader).kwargs["name"] == "second"
    assert stored(own, operator) == (1, 1)
    reader.close()
