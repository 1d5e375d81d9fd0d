"""Reads one queue for a Dramatiq worker. It blocks until there is a message and gives orphans back."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import dramatiq
from dramatiq import Broker
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.common import current_millis
from dramatiq.errors import BrokerConnectionError
from dramatiq.message import Message
from dramatiq.middleware import Middleware
from dramatiq.worker import ConsumerThread

from socialboost import logs
from socialboost.queue.messages import GIVE_BACK, Holding, Turns, is_sound

BLOCK_SECONDS: Final = 2.0
"""How long an idle consumer blocks. It notices a stop no later than this."""
LOOK_AGAIN_SECONDS: Final = 2 * BLOCK_SECONDS
"""After a lost connection: by then Redis has ended the wait of a fetch that was sent over it."""
_CHUNK: Final = 500

log = logs.get(__name__)


class Queue(Protocol):
    """The methods of the broker that a consumer uses (socialboost/queue/broker.py describes them)."""

    namespace: str

    def holding(self, queue_name: str) -> Holding:
        """Return the messages of the queue that this process holds."""
        ...

    def run(self, command: str, queue_name: str, *args: object) -> Any:
        """Run a command of dispatch.lua."""
        ...

    def take(
        self,
        queue_name: str,
        room: int,
        *,
        finished: Sequence[str],
        wait_seconds: float | None,
        newest: bool,
    ) -> list[bytes | None]:
        """Acknowledge, wait and fetch in one round trip."""
        ...

    def acknowledge(self, queue_name: str, identifiers: Sequence[str]) -> None:
        """Acknowledge finished messages."""
        ...

    def taken(self, queue_name: str) -> set[str]:
        """Return the ids that this process was given and has not acknowledged."""
        ...

    def stored(self, queue_name: str, identifier: str) -> bytes | None:
        """Return a queued message's bytes."""
        ...


class BlockingConsumer(Consumer):
    """Reads one queue (or its `.DQ` delay queue) for a Dramatiq worker."""

    def __init__(self, broker: Queue, queue_name: str, prefetch: int, timeout_seconds: float) -> None:
        self.broker = broker
        self.queue_name = queue_name
        self.prefetch = prefetch
        self.timeout_seconds = timeout_seconds
        self.holding = broker.holding(queue_name)
        self.fetched: list[Message[Any]] = []
        self.etas: list[float] = []
        self.turns = Turns(queue_name)
        self._is_busy = False
        self._look_again_at: float | None = None

    def __next__(self) -> MessageProxy | None:
        """Return a message, or None if none came for a while. Raises ConnectionClosed if Redis is lost."""
        self.holding.rounds += 1
        self.holding.room.clear()  # before counting: a message finished from here on wakes the wait
        if not self.fetched:
            room = self.prefetch - len(self.holding.ids)
            if room <= 0:
                self.holding.room.wait(self.timeout_seconds)
                return None
            self._fetch(room)
        return self._hand_out() if self.fetched else None

    def ack(self, message: MessageProxy) -> None:
        """Acknowledge a finished message, at once or with the next fetch, unless its retry was not stored."""
        if message.options.get(GIVE_BACK):
            self._settle("requeue", message)
        elif not self.holding.note_finished(message.options["redis_message_id"]):
            self._settle("ack", message)

    def nack(self, message: MessageProxy) -> None:
        """Move a message that failed for good to the dead letters."""
        self._settle("nack", message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back messages that were not worked on."""
        self._give_back([message.options["redis_message_id"] for message in messages])

    def close(self) -> None:
        """Acknowledge what is finished. Give back messages that were fetched and not handed out."""
        self.stop_collecting()
        self._give_back([message.options["redis_message_id"] for message in self.fetched])
        self.fetched = []

    def stop_collecting(self) -> None:
        """Acknowledge the finished messages. From now on each is acknowledged by itself."""
        finished = self.holding.collect(collecting=False)
        if finished:
            self.broker.acknowledge(self.queue_name, finished)
            self.holding.collect(collecting=False, acknowledged=finished)

    def give_back_orphans(self, *, look_again: bool) -> None:
        """Give back messages that Redis lists for this process and that no thread holds.

        With `look_again` it is done once more after LOOK_AGAIN_SECONDS: a fetch sent over a connection that
        broke may still wait in Redis behind its BLMOVE, and take messages that nobody receives.
        """
        orphans = self.holding.orphans(self.broker.taken(self.queue_name))
        if orphans:
            log.warning("messages_given_back", queue=self.queue_name, count=len(orphans))
            self._give_back(orphans)
        self._look_again_at = time.monotonic() + LOOK_AGAIN_SECONDS if look_again else None

    def _settle(self, command: str, message: MessageProxy) -> None:
        self.holding.rounds += 1  # a delayed message is acknowledged by its consumer's own thread
        identifier = message.options["redis_message_id"]
        self.broker.run(command, self.queue_name, identifier)
        self.holding.ids.discard(identifier)
        self.holding.room.set()

    def _give_back(self, identifiers: Sequence[str]) -> None:
        for start in range(0, len(identifiers), _CHUNK):
            self.broker.run("requeue", self.queue_name, *identifiers[start : start + _CHUNK])
        self.holding.ids.difference_update(identifiers)
        self.holding.room.set()

    def _idle_seconds(self) -> float:
        """Return how long to block: until the next delayed message is due, at most the timeout."""
        now = current_millis()
        while self.etas and self.etas[0] <= now:
            heapq.heappop(self.etas)
        until_due = (self.etas[0] - now) / 1000 + 0.001 if self.etas else self.timeout_seconds
        return min(self.timeout_seconds, max(0.002, until_due))

    def _fetch(self, room: int) -> None:
        """Fetch up to `room` messages, after waiting for one unless the last fetch was full."""
        if self._look_again_at is not None and time.monotonic() >= self._look_again_at:
            self.give_back_orphans(look_again=False)
        wait_seconds = None if self._is_busy else self._idle_seconds()
        finished = self.holding.collect(collecting=self._is_busy)
        try:
            answers = self.broker.take(
                self.queue_name,
                room,
                finished=finished,
                wait_seconds=wait_seconds,
                newest=self.turns.is_newest(),
            )
        except BaseException:
            self.holding.collect(collecting=False)  # the next round is seconds away
            raise
        self.holding.collect(collecting=True, acknowledged=finished)
        self._is_busy = len(answers) >= room
        messages = [self._decode(data) for data in answers]
        if None in messages:
            self._quarantine()
        self.fetched = [message for message in messages if message is not None]
        self.turns.learn(self.fetched)

    def _hand_out(self) -> MessageProxy | None:
        message = self.fetched.pop(0)
        identifier = message.options["redis_message_id"]
        if identifier in self.holding.ids or identifier in self.holding.finished:
            return None  # pushed twice by a repeated enqueue; acknowledging the first acknowledges both
        self.holding.ids.add(identifier)
        if "eta" in message.options:
            heapq.heappush(self.etas, message.options["eta"])
        return MessageProxy(message)

    def _decode(self, data: bytes | None) -> Message[Any] | None:
        """Return the message, or None if this queue's worker threads could not process it."""
        if data is None:
            return None
        try:
            message: Message[Any] = Message.decode(data)
        except dramatiq.DecodeError:
            return None
        return message if is_sound(message, self.queue_name) else None

    def _quarantine(self) -> None:
        """Move undecodable messages to the dead letters, and drop ids without a message."""
        for identifier in self.holding.orphans(self.broker.taken(self.queue_name)):
            data = self.broker.stored(self.queue_name, identifier)
            if data is None:
                self.broker.run("ack", self.queue_name, identifier)
            elif self._decode(data) is None:
                log.error("message_undecodable", queue=self.queue_name, redis_message_id=identifier)
                self.broker.run("nack", self.queue_name, identifier)


class LastAcknowledgements(Middleware):
    """Has a consumer whose thread ends acknowledge what it noted: no fetch follows that could do it.

    The worker threads end later, and their messages are acknowledged one by one from then on.
    """

    def before_consumer_thread_shutdown(self, broker: Broker, thread: ConsumerThread) -> None:  # noqa: ARG002
        """Acknowledge them. While Redis is down they are kept for the consumer's `close`."""
        if isinstance(thread.consumer, BlockingConsumer):
            try:
                thread.consumer.stop_collecting()
            except BrokerConnectionError as error:
                log.warning("messages_not_acknowledged", queue=thread.queue_name, error=str(error))
