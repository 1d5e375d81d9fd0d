"""How a process that imported `workers` starts and stops: as a Dramatiq worker or as periodiq's scheduler."""

from __future__ import annotations

import ctypes
import signal
import sys
import time
import uuid
from typing import Any, Final

import psycopg
import redis
from dramatiq import Broker, Worker
from dramatiq.broker import MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message
from dramatiq.middleware import Middleware

from socialboost import jobs, logs
from socialboost.errors import SettingsError
from socialboost.queue.broker import QueueBroker
from socialboost.queue.middleware import TIME_LIMIT_MS
from socialboost.settings import SchedulerSettings, refuse_to_start
from workers.engine import resources, shutdown
from workers.engine.loops import Loop
from workers.engine.rescuer import Rescuer
from workers.engine.watchdog import Jobs, Watchdog
from workers.notices.infrastructure import Alarm
from workers.operations.watch import Watch

_PR_SET_PDEATHSIG: Final = 1
_EVICTS: Final = (
    "its maxmemory-policy is {policy}, which drops queued jobs without a word; set noeviction there and give"
    " the cache a server of its own (CACHE_REDIS_URL)"
)

log = logs.get(__name__)


class WorkerBoot(Middleware):
    """Checks the settings before any thread runs; starts and stops the parts that live with the process."""

    def __init__(self) -> None:
        self._loops: list[Loop] = []
        self._watchdog: Watchdog | None = None
        self._ending = shutdown.Ending()
        self._jobs = Jobs()

    def after_process_boot(self, broker: Broker) -> None:  # noqa: ARG002 (Dramatiq's signature)
        """Stop the process if a setting is missing or wrong, and name it."""
        self._ending.install()
        _die_with_parent()
        try:
            settings = resources.settings()
            logs.configure("worker", settings.log_level, settings.log_dir)
        except SettingsError as error:
            refuse_to_start(error)
        for name, reason in settings.without_effect().items():
            log.warning("setting_has_no_effect", setting=name, reason=reason)

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Open the database early. If it is down, the jobs wait for it, and the process does not."""
        resources.expect_threads(worker.worker_threads)
        _check_eviction(broker)
        try:
            resources.db()
        except psycopg.OperationalError as error:
            log.warning("database_away_at_boot", error=type(error).__name__)
        except SettingsError as error:
            refuse_to_start(error)

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Start the rescuer and the watch if this process consumes `maintenance`. Watch all threads."""
        queues = worker.consumer_whitelist or set(jobs.QUEUES)
        if jobs.MAINTENANCE in queues:
            owner = uuid.uuid4().hex
            self._loops = [Rescuer(resources.db, owner, Alarm()), Watch(resources.db, owner)]
        for loop in self._loops:
            loop.start()
        self._watchdog = Watchdog(worker, self._loops, self._jobs, self._ending)
        self._watchdog.start()
        log.info("worker_started", queues=sorted(queues), threads=worker.worker_threads)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Record which job this thread runs."""
        options = broker.get_actor(message.actor_name).options
        limit = message.options.get("time_limit") or options.get("time_limit", TIME_LIMIT_MS)
        self._jobs.begin(message.actor_name, limit / 1000)

    def after_process_message(
        self,
        broker: Broker,  # noqa: ARG002 (Dramatiq's signature)
        message: MessageProxy,  # noqa: ARG002
        *,
        result: Any = None,  # noqa: ARG002
        exception: BaseException | None = None,  # noqa: ARG002
    ) -> None:
        """Record that the job is over. The calls to Redis about it have their own time limits."""
        self._jobs.end()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:  # noqa: ARG002
        """Do the same for a job that was skipped."""
        self._jobs.end()

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Let running jobs end, and record their ends in PostgreSQL, before Redis is told anything."""
        if self._watchdog is not None:
            self._watchdog.stop()
        for loop in self._loops:
            loop.stop()
        self._ending.end_jobs(worker)
        shutdown.within(shutdown.SETTLE_SECONDS, "settle", resources.lease_renewer().stop)
        if isinstance(broker, QueueBroker):
            broker.begin_ending()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Close everything. A step that hangs does not keep the others from running."""
        last = time.monotonic() + shutdown.CLOSE_SECONDS
        for loop in self._loops:
            loop.join(max(last - time.monotonic(), 0.0))
        for name, step in resources.closing():
            shutdown.within(shutdown.CLOSE_SECONDS, name, step)
        log.info("worker_stopped")


class SchedulerBoot(Middleware):
    """Uses the first tick of periodiq as its start, because periodiq has no hooks.

    On that tick the scheduler also enqueues `register_bot`: setWebhook or deleteWebhook, and the commands.
    """

    def __init__(self) -> None:
        self._is_worker = False
        self._configured = False
        self._registered = False

    def after_process_boot(self, broker: Broker) -> None:  # noqa: ARG002 (Dramatiq's signature)
        """Record that this process is a worker and not periodiq."""
        self._is_worker = True

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:  # noqa: ARG002
        """Act only on the scheduler's own ticks. From the first one on, sending waits for Redis."""
        if self._is_worker or "scheduled_at" not in message.options:
            return
        if not self._configured:
            self._configure()
            if isinstance(broker, QueueBroker):
                broker.is_patient = True
        if not self._registered:
            self._register()

    def _configure(self) -> None:
        try:
            settings = SchedulerSettings.load()
            logs.configure("scheduler", settings.log_level, settings.log_dir)
        except SettingsError as error:
            refuse_to_start(error)
        self._configured = True

    def _register(self) -> None:
        self._registered = True
        jobs.send(jobs.RegisterBot(key=f"tick:register_bot:{uuid.uuid4()}"))


def _check_eviction(broker: Broker) -> None:
    """Refuse a Redis that evicts queued jobs when its memory is full, because they would be lost silently.

    `volatile-*` gives only a warning: it keeps the queues, whose keys never expire, but evicts dialogues.
    """
    if not isinstance(broker, QueueBroker):
        return
    try:
        policy = broker.eviction_policy()
    except (ConnectionClosed, redis.RedisError) as error:  # away, or its users may not ask
        log.warning("eviction_policy_unknown", error=type(error).__name__)
        return
    if policy.startswith("allkeys-"):
        refuse_to_start(SettingsError(f"REDIS_URL is wrong: {_EVICTS.format(policy=policy)}"))
    if policy.startswith("volatile-"):
        log.warning("redis_may_evict", policy=policy)


def _die_with_parent() -> None:
    """Let Linux end this process when Dramatiq's master is killed. Otherwise it would go on unsupervised.

    The signal may come twice, once for each of the master's threads that was its parent (engine/shutdown.py).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
