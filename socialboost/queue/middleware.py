"""The Dramatiq middleware of a worker: age limit, retries, results, thread settings, dead letters."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import dramatiq
from dramatiq import Broker, Worker
from dramatiq import worker as dramatiq_worker
from dramatiq.broker import MessageProxy
from dramatiq.common import current_millis
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import CurrentMessage, Middleware, Retries, SkipMessage, TimeLimit
from dramatiq.results import Results
from periodiq import PeriodiqMiddleware

from socialboost import logs
from socialboost.queue.messages import GIVE_BACK

MAX_RETRIES: Final = 2
"""Retries of a job without a ledger row, so three runs in all."""
TIME_LIMIT_MS: Final = 60_000
"""A last resort, raised in the thread. It cannot break a blocking call, so each call has its own timeout."""

log = logs.get(__name__)


def for_workers(results: Results) -> list[Middleware]:
    """Return a worker's middleware, outermost first."""
    return [
        Tuning(),
        DropExpired(),
        PeriodiqMiddleware(skip_delay=30),
        TimeLimit(time_limit=TIME_LIMIT_MS),
        SafeRetries(),
        results,
        CurrentMessage(),
        DeadLetterReport(),
    ]


SPARE_PART: Final = 4
"""A queue may not use this fraction (one in SPARE_PART) of the threads of a process it shares."""


class Tuning(Middleware):
    """Sets options that Dramatiq otherwise reads from environment variables."""

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Fetch no more messages than there are threads: a message waiting here could run in an idle process.

        A queue that shares its process leaves a quarter of the threads to the others. So hanging calls of one
        queue never delay the jobs of another.
        """
        queues = worker.consumer_whitelist or broker.get_declared_queues()
        spare = worker.worker_threads // SPARE_PART if len(queues) > 1 else 0
        worker.queue_prefetch = dramatiq_worker.QUEUE_PREFETCH or worker.worker_threads - spare


class DropExpired(Middleware):
    """Drops messages that are older than their `max_age` (milliseconds) when they are fetched.

    Dramatiq's AgeLimit keeps them for a week among the dead letters, where they would hide real errors.
    """

    @property
    def actor_options(self) -> set[str]:
        """The options of actors and messages that this middleware reads."""
        return {"max_age"}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Skip the message if it is too old."""
        options = broker.get_actor(message.actor_name).options
        max_age = message.options.get("max_age") or options.get("max_age")
        age = current_millis() - message.message_timestamp
        if max_age and age >= max_age:
            log.warning(
                "job_expired",
                job=message.actor_name,
                queue=message.queue_name,
                job_id=message.message_id,
                age_ms=age,
            )
            raise SkipMessage("older than its max_age")


class SafeRetries(Retries):
    """Retries failed jobs, and loses none if Redis is down when a retry is to be stored.

    `dramatiq.Retry` (not now) is retried without limit, any other error as `worth_repeating` says.
    """

    give_up_seconds = 30.0

    def __init__(self) -> None:
        super().__init__(min_backoff=1_000, max_backoff=10_000, retry_when=worth_repeating())

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Store the retry. While Redis is down, keep trying, and finally give the message back.

        Stock Dramatiq logs the error here and acknowledges the message, so the job is lost.
        """
        retries = message.options.get("retries", 0)
        deadline = time.monotonic() + self.give_up_seconds
        while True:
            message.options["retries"] = retries
            try:
                super().after_process_message(  # type: ignore[no-untyped-call]
                    broker, message, result=result, exception=exception
                )
            except BrokerConnectionError as error:
                log.warning("retry_not_queued", job=message.actor_name, error=type(error).__name__)
            else:
                return
            if time.monotonic() >= deadline:
                message.options[GIVE_BACK] = True
                return
            time.sleep(0.5)


def worth_repeating(max_retries: int = MAX_RETRIES) -> Callable[[int, BaseException], bool]:
    """Return an actor's `retry_when`: "not now" always retries, any other error up to `max_retries` times."""
    return lambda retries, error: isinstance(error, dramatiq.Retry) or retries < max_retries


class DeadLetterReport(Middleware):
    """Logs an error for every message that was given up (unknown actor, retries used up, malformed)."""

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:  # noqa: ARG002 (Dramatiq's signature)
        """Log the message. It stays in `<queue>.XQ` for a week."""
        error = message._exception
        log.error(
            "job_dead_lettered",
            job=message.actor_name,
            queue=message.queue_name,
            job_id=message.message_id,
            error=type(error).__name__ if error else None,
        )
