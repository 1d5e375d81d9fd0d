"""Sends jobs: `send` returns at once, `send_async` is for event loops, `ask` waits for a worker's answer.

Callers import them from socialboost/jobs/__init__.py.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Final, Protocol

import redis
from dramatiq.errors import BrokerConnectionError
from dramatiq.message import Message
from dramatiq.results import ResultFailure

from socialboost import logs
from socialboost.errors import BusyError, NoAnswerError, QueueUnavailableError
from socialboost.queue import broker, deliveries
from socialboost.queue.deliveries import Delivery

MAX_QUESTIONS: Final = 4
"""Questions in flight per process: half of web's threads, so that a webhook always finds one."""
MAX_QUESTION_SECONDS: Final = 4.0
ANSWER: Final = "answer"
"""The key around an answer. It distinguishes the answer None from no answer."""

_gathering: ContextVar[Delivery | None] = ContextVar("gathering", default=None)
_questions = threading.BoundedSemaphore(MAX_QUESTIONS)
log = logs.get("socialboost.jobs")


class Sendable(Protocol):
    """The part of a job contract that sending needs (socialboost/jobs/__init__.py)."""

    actor_name: ClassVar[str]
    queue: ClassVar[str]
    max_age_seconds: ClassVar[int | None]

    def payload(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        ...

    def wanted(self) -> tuple[str, int] | None:
        """Return the message that a screen will be shown in, and its number."""
        ...


def send(job: Sendable) -> str:
    """Put the job on its queue and return its message id, after Redis has confirmed it.

    Raises QueueUnavailableError without a confirmation. Redis may still have the job, so repeat it with the
    same key.
    """
    return _enqueue(job, {}).message_id


def send_all(jobs: Sequence[Sendable]) -> None:
    """Put several jobs on their queues in one call to Redis; errors as `send`'s, for all of them."""
    messages, queue = [_message(job, {}) for job in jobs], broker.current()
    try:
        with queue.latch.passing():
            deliveries.send_all(queue, messages)
    except (redis.RedisError, BrokerConnectionError) as error:
        raise QueueUnavailableError(f"{len(jobs)} jobs were not queued: {type(error).__name__}") from error
    for message in messages:
        _log_queued(message)


async def send_async(job: Sendable) -> str:
    """Send without blocking the event loop. Within `gathering` the job only joins the delivery."""
    delivery = _gathering.get()
    if delivery is None:
        return await asyncio.to_thread(send, job)
    message = _message(job, {})
    delivery.messages.append(message)
    if (wanted := job.wanted()) is not None:
        delivery.wants(*wanted)
    return message.message_id


@contextmanager
def gathering(delivery: Delivery) -> Iterator[None]:
    """Collect the jobs that `send_async` gets in the block, for `send_gathered`."""
    token = _gathering.set(delivery)
    try:
        yield
    finally:
        _gathering.reset(token)


async def send_gathered(delivery: Delivery) -> None:
    """Send a delivery's jobs and its dialogue together, unless its update was seen before.

    Raises QueueUnavailableError if Redis confirmed neither jobs nor mark. Then process the update again.
    """
    if delivery.messages or delivery.kept:
        await asyncio.to_thread(_send_gathered, delivery)


def ask(job: Sendable, timeout_seconds: float = 2.0) -> Any:
    """Put the job on its queue and return the value its actor returned.

    A job without a ledger row is dropped when the time is over, because nobody waits for its answer. A
    ledger job still runs. Raises QueueUnavailableError, NoAnswerError (no worker in time, or it failed) and
    BusyError (MAX_QUESTIONS are in flight already).
    """
    seconds = min(timeout_seconds, MAX_QUESTION_SECONDS)
    if not _questions.acquire(blocking=False):
        raise BusyError(f"{MAX_QUESTIONS} questions are in flight")
    try:
        return _ask(job, seconds)
    finally:
        _questions.release()


def wake(actor_name: str, queue: str, args: dict[str, Any]) -> str:
    """Send a job from its ledger row. Raises the same errors as `send`."""
    return _deliver(Message(queue_name=queue, actor_name=actor_name, args=(), kwargs=args, options={}))


def _ask(job: Sendable, seconds: float) -> Any:
    options: dict[str, Any] = {"store_results": True}
    if job.max_age_seconds is not None:
        options["max_age"] = int(seconds * 1000)
    message = _enqueue(job, options)
    try:
        result = broker.current().wait_for_result(message, seconds)
    except ResultFailure as error:
        raise NoAnswerError(f"{job.actor_name} failed: {error.orig_exc_type}") from None
    except BrokerConnectionError:
        raise NoAnswerError("Redis went away while waiting") from None
    if not isinstance(result, dict) or ANSWER not in result:
        raise NoAnswerError(f"{job.actor_name} did not answer in {seconds} s")
    return result[ANSWER]


def _send_gathered(delivery: Delivery) -> None:
    queue = broker.current()
    try:
        with queue.latch.passing():
            is_first = deliveries.send_once(queue, delivery)
    except (redis.RedisError, BrokerConnectionError) as error:
        raise QueueUnavailableError(f"an update was not queued: {type(error).__name__}") from error
    if not is_first:
        log.info("update_repeated", mark=delivery.mark)
        return
    for message in delivery.messages:
        _log_queued(message)


def _enqueue(job: Sendable, options: dict[str, Any]) -> Message[Any]:
    message = _message(job, options)
    _deliver(message)
    return message


def _message(job: Sendable, options: dict[str, Any]) -> Message[Any]:
    return Message(
        queue_name=job.queue, actor_name=job.actor_name, args=(), kwargs=job.payload(), options=options
    )


def _deliver(message: Message[Any]) -> str:
    try:
        broker.current().enqueue(message)
    except (redis.RedisError, BrokerConnectionError) as error:
        raise QueueUnavailableError(f"{message.actor_name} was not queued: {type(error).__name__}") from error
    _log_queued(message)
    return message.message_id


def _log_queued(message: Message[Any]) -> None:
    shown = {name: message.kwargs[name] for name in _SHOWN if message.kwargs.get(name)}
    log.debug(
        "job_queued", job=message.actor_name, queue=message.queue_name, job_id=message.message_id, **shown
    )


_SHOWN: Final = ("key", "telegram_id", "update_id")
