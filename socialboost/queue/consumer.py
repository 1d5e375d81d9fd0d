"""Reads one queue for a Dramatiq worker. It blocks until there is a message and gives orphans back."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import dramatiq
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.common import current_millis
from dramatiq.message import Message

from socialboost import logs
from socialboost.queue.messages import GIVE_BACK, Holding, Turns, is_sound

BLOCK_SECONDS: Final = 2.0
"""How long an idle consumer blocks. It notices a stop no later than this."""
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

    def peek(self, list_name: str, seconds: float) -> bool:
        """Block until the list has an element."""
        ...

    def bring_newest_forward(self, list_name: str) -> None:
        """Move the list's last element to its head."""
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
        self._list = f"{broker.namespace}:{queue_name}"

    def __next__(self) -> MessageProxy | None:
        """Return a message, or None if none came for a while. Raises ConnectionClosed if Redis is lost."""
        self.holding.rounds += 1
        self.holding.room.clear()  # before counting: a message acknowledged from here on wakes the wait
        room = self.prefetch - len(self.holding.ids)
        if room <= 0:
            self.holding.room.wait(self.timeout_seconds)
            return None
        if not self.fetched:
            self._fetch(room)
        if not self.fetched and self.broker.peek(self._list, self._idle_seconds()):
            self._fetch(room)
        return self._hand_out() if self.fetched else None

    def ack(self, message: MessageProxy) -> None:
        """Acknowledge a finished message, unless its retry could not be stored."""
        self._settle("requeue" if message.options.get(GIVE_BACK) else "ack", message)

    def nack(self, message: MessageProxy) -> None:
        """Move a message that failed for good to the dead letters."""
        self._settle("nack", message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back messages that were not worked on."""
        self._give_back([message.options["redis_message_id"] for message in messages])

    def close(self) -> None:
        """Give back messages that were fetched and not handed out."""
        self._give_back([message.options["redis_message_id"] for message in self.fetched])
        self.fetched = []

    def give_back_orphans(self) -> None:
        """Give back messages that Redis lists for this process and that no thread holds."""
        taken = self.broker.taken(self.queue_name)
        orphans = sorted(taken - self.holding.ids)
        if orphans:
            log.warning("messages_given_back", queue=self.queue_name, count=len(orphans))
            self._give_back(orphans)

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
        for _ in range(room if self.turns.is_newest() else 0):
            self.broker.bring_newest_forward(self._list)
        answers = self.broker.run("fetch", self.queue_name, room)
        messages = [self._decode(data) for data in answers]
        if None in messages:
            self._quarantine()
        self.fetched = [message for message in messages if message is not None]
        self.turns.learn(self.fetched)

    def _hand_out(self) -> MessageProxy | None:
        message = self.fetched.pop(0)
        identifier = message.options["redis_message_id"]
        if identifier in self.holding.ids:
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
        for identifier in sorted(self.broker.taken(self.queue_name) - self.holding.ids):
            data = self.broker.stored(self.queue_name, identifier)
            if data is None:
                self.broker.run("ack", self.queue_name, identifier)
            elif self._decode(data) is None:
                log.error("message_undecodable", queue=self.queue_name, redis_message_id=identifier)
                self.broker.run("nack", self.queue_name, identifier)
