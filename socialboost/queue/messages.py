"""What a queue holds, what a process has taken of it, what nobody could settle, and whose turn it is."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Any, Final

from dramatiq.common import current_millis
from dramatiq.message import Message

GIVE_BACK: Final = "give_back"
"""Message option, set in this process only: settle by putting the message back on its list."""
LATE_MS: Final = 2_000
"""A tap that waits longer says that the queue is long."""
_PEOPLE: Final = "interactive"
"""The queue whose jobs somebody looks at a screen for."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that Dramatiq gave up: `died_ms` is when, in Unix milliseconds."""

    message_id: str
    died_ms: int
    body: bytes


def is_sound(message: Message[Any], queue_name: str) -> bool:
    """Whether Dramatiq's threads can carry this message to its end: a wrong type would kill one of them."""
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
    """What this process has taken from one queue and not yet settled, shared by restarts of its consumer."""

    ids: set[str] = field(default_factory=set)
    room: threading.Event = field(default_factory=threading.Event)
    rounds: int = 0  # grows while the consumer gets on (workers/engine/watchdog.py)


class Turns:
    """Whose turn it is: behind a long queue of taps every second fetch takes the newest.

    Half of the work then goes to people who still look at their screens, and what is old is reached as well.
    """

    def __init__(self, queue_name: str) -> None:
        self._has_people = queue_name == _PEOPLE
        self._is_behind = False
        self._newest = False

    def is_newest(self) -> bool:
        """Whether the next fetch takes the newest."""
        self._newest = self._is_behind and not self._newest
        return self._newest

    def learn(self, fetched: list[Message[Any]]) -> None:
        """See from what the oldest end gave how long the queue is."""
        if self._has_people and not self._newest:
            self._is_behind = any(map(is_late, fetched))


def is_late(message: Message[Any]) -> bool:
    """Whether it waited too long for its turn; one that was put off was to wait."""
    return "retries" not in message.options and current_millis() - message.message_timestamp >= LATE_MS
