"""Messages of a queue: those a process holds, dead letters, and the order in which taps are fetched."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from dramatiq.common import current_millis
from dramatiq.message import Message

GIVE_BACK: Final = "give_back"
"""Message option, set in this process only: put the message back on its list instead of acknowledging it."""
LATE_MS: Final = 2_000
"""A tap that waited longer than this means that the queue is long."""
_PEOPLE: Final = "interactive"
"""The queue of jobs that show a screen to a waiting person."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that Dramatiq gave up: `died_ms` is when, in Unix milliseconds."""

    message_id: str
    died_ms: int
    body: bytes


def is_sound(message: Message[Any], queue_name: str) -> bool:
    """Return True if Dramatiq's threads can process the message. A wrong type would kill a thread."""
    options: object = message.options
    kwargs: object = message.kwargs
    if not isinstance(options, dict) or not isinstance(kwargs, dict):
        return False
    eta = options.get("eta", 0)
    return (
        message.queue_name == queue_name
        and isinstance(message.actor_name, str)
        and isinstance(message.message_id, str)
        and isinstance(message.message_timestamp, int)
        and isinstance(options.get("redis_message_id"), str)
        and isinstance(eta, int | float)
        and math.isfinite(eta)
    )


@dataclass
class Holding:
    """The messages this process took from a queue and has not acknowledged. Restarted consumers share it.

    While the consumer is about to call Redis, a finished message is only noted here, and the consumer
    acknowledges it in the call that fetches. At any other time the thread that finished it calls Redis. If
    the process dies with noted messages they are delivered again, as is any message whose process dies
    before its acknowledgement. For a ledger job the claim makes that harmless.
    """

    ids: set[str] = field(default_factory=set)
    """Handed out and not finished."""
    room: threading.Event = field(default_factory=threading.Event)
    rounds: int = 0  # grows with every round of the consumer (workers/engine/watchdog.py)
    finished: list[str] = field(default_factory=list)
    """Noted, and not yet acknowledged as far as Redis has said."""
    _is_collecting: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_finished(self, identifier: str) -> bool:
        """Note a finished message. Returns False if the caller must acknowledge it itself."""
        with self._lock:
            if not self._is_collecting:
                return False
            self.finished.append(identifier)
        self.ids.discard(identifier)
        self.room.set()
        return True

    def collect(self, *, collecting: bool, acknowledged: Collection[str] = ()) -> list[str]:
        """Begin or stop to note finished messages. Returns those noted, without the `acknowledged` ones."""
        with self._lock:
            self._is_collecting = collecting
            self.finished = [one for one in self.finished if one not in acknowledged]
            return self.finished.copy()

    def orphans(self, taken: set[str]) -> list[str]:
        """Return those of the `taken` messages that no thread of this process holds and none has finished."""
        with self._lock:
            return sorted(taken - self.ids - set(self.finished))

    def without_held(self) -> Holding:
        """Return a holding of the finished messages only: the others were dropped."""
        return Holding(rounds=self.rounds, finished=self.collect(collecting=False))


class Turns:
    """Decides which end to fetch from: in a long queue of taps every second fetch takes the newest.

    So half of the work goes to people who still look at their screens, and old taps are reached as well.
    """

    def __init__(self, queue_name: str) -> None:
        self._has_people = queue_name == _PEOPLE
        self._is_behind = False
        self._newest = False

    def is_newest(self) -> bool:
        """Return True if the next fetch takes the newest message."""
        self._newest = self._is_behind and not self._newest
        return self._newest

    def learn(self, fetched: list[Message[Any]]) -> None:
        """Learn from a message of the oldest end whether the queue is long."""
        if self._has_people and not self._newest:
            self._is_behind = any(map(is_late, fetched))


def is_late(message: Message[Any]) -> bool:
    """Return True if the message waited too long. A postponed message was meant to wait."""
    return "retries" not in message.options and current_millis() - message.message_timestamp >= LATE_MS
