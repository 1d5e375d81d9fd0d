"""What Dramatiq runs around every job in a worker, chosen one by one (no Prometheus server among them)."""

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
"""Repetitions of a job without a ledger row, so three runs in all."""
TIME_LIMIT_MS: Final = 60_000
"""A last resort, raised in the thread: it cannot break a blocking call, so those have their own timeouts."""

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
"""Of a process's threads one in so many is for the queues that do not hold all the others."""


class Tuning(Middleware):
    """Sets what Dramatiq would otherwise want from environment variables."""

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Take no more messages than there are threads: what waits in a busy process an idle one could do.

        A queue that shares its process leaves a quarter of the threads to the others: sixteen calls that hang
        on one queue never hold up what comes on another.
        """
        queues = worker.consumer_whitelist or broker.get_declared_queues()
        spare = worker.worker_threads // SPARE_PART if len(queues) > 1 else 0
        worker.queue_prefetch = dramatiq_worker.QUEUE_PREFETCH or worker.worker_threads - spare


class DropExpired(Middleware):
    """Drops messages older than their `max_age` (milliseconds) when their turn comes.

    Dramatiq's AgeLimit keeps them for a week among the dead letters, where errors would drown in them.
    """

    @property
    def actor_options(self) -> set[str]:
        """The options an actor or a message may carry for this."""
        return {"max_age"}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Skip the message when nobody waits for it any more."""
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
    """Repeats failed jobs, and never lets one go because Redis was away when it was to be repeated.

    `dramatiq.Retry` (not now) is repeated without limit, any other error as `worth_repeating` says.
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
        """Write the repetition down; while Redis is away keep trying, at last give the message back.

        Stock Dramatiq logs the error here and acknowledges the message: the job is lost.
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
    """Return an actor's `retry_when`: "not now" always, any other error up to `max_retries` times."""
    return lambda retries, error: isinstance(error, dramatiq.Retry) or retries < max_retries


class DeadLetterReport(Middleware):
    """Says at error level that a message was given up (unknown actor, retries used up, malformed)."""

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:  # noqa: ARG002 (Dramatiq's signature)
        """Report it; the message itself stays in `<queue>.XQ` for a week."""
        error = message._exception
        log.error(
            "job_dead_lettered",
            job=message.actor_name,
            queue=message.queue_name,
            job_id=message.message_id,
            error=type(error).__name__ if error else None,
        )
