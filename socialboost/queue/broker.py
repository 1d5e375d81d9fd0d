"""Dramatiq's Redis broker with a consumer that blocks instead of polling, and with fixes for lost messages.

The stock consumer sleeps up to a second when its queue is empty. Ours (socialboost/queue/consumer.py) blocks
on the queue's own list: `BLMOVE list list LEFT LEFT t` puts the head back where it was, so it only peeks,
and returns as soon as a producer has pushed. dispatch.lua's fetch follows in the same round trip, and what
was finished meanwhile is acknowledged in it (`take`). The queues are written as dispatch.lua writes them, so
any stock producer works.

Other differences (each has a test in tests/flows/engine, a refusal in flows/shop/test_alarms.py):
- a Redis error in a consumer becomes ConnectionClosed, so its thread restarts instead of dying;
- a restarted consumer gives back the messages that this process fetched and no thread holds any more
  (a delay queue's messages in memory, a fetch whose reply was lost);
- an undecodable message goes to the dead letters and affects no other message;
- the same message pushed twice by a repeated enqueue is handed out once;
- the messages of a killed process are back within HEARTBEAT_MS, not at a random time;
- in a long queue of taps every second fetch takes the newest, so old taps do not delay new ones.

It uses private parts of dramatiq 2.2.1: tests/rules/test_dramatiq_pin.py lists them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Final, cast

import dramatiq
import redis
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import current_millis
from dramatiq.encoder import JSONEncoder
from dramatiq.errors import BrokerConnectionError, ConnectionClosed
from dramatiq.message import Message
from dramatiq.middleware import Middleware
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend
from redis.backoff import ExponentialBackoff
from redis.client import Pipeline
from redis.retry import Retry

from socialboost import logs
from socialboost.queue.consumer import BLOCK_SECONDS, BlockingConsumer, LastAcknowledgements
from socialboost.queue.latch import Latch
from socialboost.queue.messages import DeadLetter, Holding

HEARTBEAT_MS: Final = 20_000
"""A process silent for this long counts as dead and loses its messages. Above any expected clock skew."""
RESULT_TTL_MS: Final = 30_000
_PRODUCER_SECONDS: Final = 2.0
"""Short, so that an entry point can answer 503 in time when Redis hangs."""
_PATIENT_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 0.3
"""Between two checks of a Redis that is down. A separate thread checks; enqueueing fails at once."""
_CONSUMER_SECONDS: Final = BLOCK_SECONDS + 8.0
_REDIS_LOST: Final = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError)
"""ResponseError is included: a Redis that is full, cannot save or was demoted answers and does nothing."""
_NO_WAIT_SECONDS: Final = 0.01
_ACKNOWLEDGE: Final = "acknowledge"
_ACKNOWLEDGE_SCRIPT: Final = """
for i = 1, #ARGV do
  if redis.call('SREM', KEYS[1], ARGV[i]) > 0 then redis.call('HDEL', KEYS[2], ARGV[i]) end
end
"""
"""Does the same as dispatch.lua's `ack` for several messages. KEYS: this process's ids, the messages."""

log = logs.get(__name__)


def connect(url: str, *, timeout_seconds: float, retries: int, decode: bool = False) -> redis.Redis:
    """Return a client with every timeout explicit (redis-py's default of 5 s kills longer blocking commands).

    `retries` repeats a command whose connection was lost, never one that timed out: a Redis that hangs is
    reported after one timeout.
    """
    over_the_network = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=_PRODUCER_SECONDS,
        **over_the_network,
        health_check_interval=15,
        decode_responses=decode,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries, (redis.ConnectionError,)),
    )


class QueueBroker(RedisBroker):
    """Dramatiq's Redis broker with `BlockingConsumer` and clients that time out.

    The client that `take` uses never repeats a command (a repeated fetch would strand the messages of the
    first reply). The other one does, because enqueueing and acknowledging are safe to repeat.
    """

    def __init__(self, url: str, *, middleware: Sequence[Middleware], maintenance: bool) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            client=connect(url, timeout_seconds=_PRODUCER_SECONDS, retries=2),
            middleware=list(middleware),
            heartbeat_timeout=HEARTBEAT_MS,
            maintenance_chance=1_000_000 if maintenance else 0,
        )
        self.scripts[_ACKNOWLEDGE] = self.client.register_script(_ACKNOWLEDGE_SCRIPT)
        self.url = url
        self.blocking_client = connect(url, timeout_seconds=_CONSUMER_SECONDS, retries=0)
        self._holdings: dict[str, Holding] = {}
        self.latch = Latch(_is_lost, _refusal, pause_seconds=_RETRY_SECONDS, probe=self.client.ping)
        self._ending: Latch | None = None
        self.is_patient = False  # the scheduler waits for Redis: it has no caller to report to

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Put the message on its queue. Raises ConnectionClosed if Redis is lost or refuses, unless patient.

        It fails at once when Redis was down a moment ago.
        """
        while True:
            try:
                with self.latch.passing():
                    return super().enqueue(message, delay=delay)
            except ConnectionClosed as error:
                if not self.is_patient:
                    raise
                log.warning("queue_waits_for_redis", job=message.actor_name, error=str(error))
            time.sleep(_PATIENT_SECONDS)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Return a consumer of the queue. `timeout` is ignored: blocking costs nothing."""
        del timeout
        holding = self.holding(queue_name)
        if queue_name.endswith(".DQ"):  # Dramatiq has just dropped its list of delayed messages
            holding = self._holdings[queue_name] = holding.without_held()
        is_restart, holding.rounds = holding.rounds > 0, holding.rounds + 1
        self._guard(self._load_scripts)
        consumer = BlockingConsumer(self, queue_name, prefetch, BLOCK_SECONDS)
        consumer.give_back_orphans(look_again=is_restart)
        return consumer

    def holding(self, queue_name: str) -> Holding:
        """Return the messages of the queue that this process holds."""
        return self._holdings.setdefault(queue_name, Holding())

    def run(self, command: str, queue_name: str, *args: object) -> Any:
        """Run a command of dispatch.lua. Raises ConnectionClosed when Redis is lost or refuses."""
        with nullcontext() if self._ending is None else self._ending.passing():
            return self._dispatch(command)(queue_name, *args)

    def begin_ending(self) -> None:
        """Give messages back with one try in all, instead of one per queue, if Redis is down."""
        self._ending = Latch(_is_lost, _refusal, pause_seconds=_CONSUMER_SECONDS)

    def take(
        self,
        queue_name: str,
        room: int,
        *,
        finished: Sequence[str],
        wait_seconds: float | None,
        newest: bool,
    ) -> list[bytes | None]:
        """Acknowledge the finished messages, wait for one, and fetch up to `room`, all in one round trip.

        Without `wait_seconds` it does not wait. With `newest` it fetches from the newest end. After
        ConnectionClosed it is unknown what was done; messages that were fetched are then found by `taken`.
        """
        full_name = f"{self.namespace}:{queue_name}"
        pipeline = self.blocking_client.pipeline(transaction=False)
        if finished:
            self._acknowledge_in(pipeline, queue_name, finished)
        if wait_seconds is not None:
            _wait_in(pipeline, full_name, wait_seconds)
        for _ in range(room if newest else 0):
            _wait_in(pipeline, full_name, _NO_WAIT_SECONDS, end="RIGHT")
        arguments = self._arguments("fetch", queue_name, room)
        pipeline.evalsha(self.scripts["dispatch"].sha, 1, self.namespace, *arguments)
        return cast("list[bytes | None]", self._guard(pipeline.execute)[-1])

    def acknowledge(self, queue_name: str, identifiers: Sequence[str]) -> None:
        """Acknowledge finished messages. Raises ConnectionClosed when Redis is lost or refuses."""
        pipeline = self.client.pipeline(transaction=False)
        self._acknowledge_in(pipeline, queue_name, identifiers)
        with nullcontext() if self._ending is None else self._ending.passing():
            self._guard(pipeline.execute)

    def taken(self, queue_name: str) -> set[str]:
        """Return the ids that Redis has handed to this process and that are not acknowledged."""
        members = self._guard(lambda: self.client.smembers(self._taken_key(queue_name)))
        return {member.decode(errors="replace") for member in members}

    def stored(self, queue_name: str, identifier: str) -> bytes | None:
        """Return a queued message's bytes, None when there are none."""
        data = self._guard(lambda: self.client.hget(f"{self.namespace}:{queue_name}.msgs", identifier))
        return cast("bytes | None", data)

    def wait_for_result(self, message: Message[Any], seconds: float) -> Any:
        """Return the result that the message's actor stored, or None if there is none in time.

        Raises ResultFailure if the actor failed for good. Dramatiq's own wait takes whole seconds only and
        may outlast its client's timeout.
        """
        backend = cast("RedisBackend", self.get_results_backend())
        key = backend.build_message_key(message)
        data = self._blmove(key, seconds)
        return None if data is None else backend.unwrap_result(backend.encoder.decode(data))

    def depth(self, queue_names: Sequence[str]) -> dict[str, int]:
        """Return how many messages wait in each queue, in one round trip."""
        pipeline = self.client.pipeline(transaction=False)
        for name in queue_names:
            pipeline.llen(f"{self.namespace}:{name}")
        return dict(zip(queue_names, self._guard(pipeline.execute), strict=True))

    def dead_letters(self, queue_name: str, since_ms: int, limit: int) -> list[DeadLetter]:
        """Return the queue's dead letters since then, oldest first. Those without a body are left out."""
        key = f"{self.namespace}:{queue_name}.XQ"
        found = self._guard(
            lambda: self.client.zrangebyscore(key, since_ms, "+inf", start=0, num=limit, withscores=True)
        )
        if not found:
            return []
        bodies = self._guard(
            lambda: self.client.hmget(f"{key}.msgs", [identifier for identifier, _ in found])
        )
        return [
            DeadLetter(identifier.decode(errors="replace"), int(died_ms), body)
            for (identifier, died_ms), body in zip(found, bodies, strict=True)
            if body is not None
        ]

    def processes(self) -> int:
        """Return how many processes used the queue within a heartbeat: the workers and recent senders."""
        since = current_millis() - HEARTBEAT_MS
        key = f"{self.namespace}:__heartbeats__"
        return int(self._guard(lambda: self.client.zcount(key, since, "+inf")))

    def eviction_policy(self) -> str:
        """Return Redis' maxmemory-policy; empty when the server does not say."""
        return str(self._guard(lambda: self.client.info("memory")).get("maxmemory_policy", ""))

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        self.blocking_client.close()

    def _blmove(self, list_name: str, seconds: float) -> Any:
        """Wait for the list's head, and leave it there. Returns None if none came in time."""
        return self._guard(lambda: _wait_in(self.blocking_client, list_name, seconds))

    def _dispatch(self, command: str) -> Callable[..., Any]:
        """Return a command of dispatch.lua for Dramatiq: errors of Redis become ConnectionClosed."""
        script = self.scripts["dispatch"]

        def run(queue_name: str, *args: Any) -> Any:
            return script(keys=[self.namespace], args=self._arguments(command, queue_name, *args))

        return lambda queue_name, *args: self._guard(lambda: run(queue_name, *args))

    def _arguments(self, command: str, queue_name: str, *args: Any) -> list[Any]:
        """Return the arguments of dispatch.lua."""
        return [
            command,
            current_millis(),
            queue_name,
            self.broker_id,
            self.heartbeat_timeout,
            self.dead_message_ttl,
            self._should_do_maintenance(command),
            self._max_unpack_size(),  # type: ignore[no-untyped-call]
            *args,
        ]

    def _taken_key(self, queue_name: str) -> str:
        return f"{self.namespace}:__acks__.{self.broker_id}.{queue_name}"

    def _acknowledge_in(self, pipeline: Pipeline, queue_name: str, identifiers: Sequence[str]) -> None:
        keys = (self._taken_key(queue_name), f"{self.namespace}:{queue_name}.msgs")
        pipeline.evalsha(self.scripts[_ACKNOWLEDGE].sha, 2, *keys, *identifiers)

    def _load_scripts(self) -> None:
        """Load the scripts that a pipeline runs: it cannot load one that is missing."""
        for name in ("dispatch", _ACKNOWLEDGE):
            self.client.script_load(self.scripts[name].script)

    @staticmethod
    def _guard(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except _REDIS_LOST as error:
            raise ConnectionClosed(error) from None


def _wait_in(client: redis.Redis, list_name: str, seconds: float, *, end: str = "LEFT") -> Any:
    """Wait for the list's head, or its tail (`end` RIGHT), and leave it at the head."""
    command = ("BLMOVE", list_name, list_name, end, "LEFT", seconds)
    return client.execute_command(*command)  # type: ignore[no-untyped-call]


def _is_lost(error: BaseException) -> bool:
    return isinstance(error, BrokerConnectionError | redis.ConnectionError | redis.TimeoutError)


def _refusal() -> Exception:
    return ConnectionClosed(redis.ConnectionError("Redis was away a moment ago"))


def build(redis_url: str, *, consuming: bool) -> QueueBroker:
    """Return a broker. With `consuming` it has what a worker needs; else it only enqueues and reads results.

    It opens no connection. Messages are JSON: another encoder, such as pickle, could run code it reads.
    """
    if not isinstance(dramatiq.get_encoder(), JSONEncoder):
        raise TypeError("dramatiq's encoder must be JSONEncoder")
    client = connect(redis_url, timeout_seconds=_PRODUCER_SECONDS, retries=2)
    # Redis' access list can name keys with a prefix; it cannot name bare hashes.
    backend = RedisBackend(client=client, use_namespace_prefix_keys=True)
    results = Results(backend=backend, result_ttl=RESULT_TTL_MS)
    middleware: list[Middleware] = [results]
    if consuming:
        from socialboost.queue import middleware as worker_side  # noqa: PLC0415 (a worker's weight, not a bot's)

        middleware = [*worker_side.for_workers(results), LastAcknowledgements()]
    return QueueBroker(redis_url, middleware=middleware, maintenance=consuming)


def install(redis_url: str, *, consuming: bool = False) -> QueueBroker:
    """Make a broker the one of this process, for `jobs.send` and Dramatiq. A second call replaces it."""
    broker = build(redis_url, consuming=consuming)
    dramatiq.set_broker(broker)
    return broker


def current() -> QueueBroker:
    """Return the installed broker. Raises RuntimeError if there is none."""
    broker = dramatiq.broker.global_broker
    if not isinstance(broker, QueueBroker):
        raise RuntimeError("socialboost.queue.broker.install was not called in this process")
    return broker
