"""Sends the jobs of a Telegram update once: one call to Redis enqueues them and marks the update as seen.

The same call stores what the update changed in the person's dialogue.

Telegram delivers an update again if it missed our answer. The ledger recognises a repeated job that has an
effect. A screen's job has no ledger row, so without the mark a /help delivered three times would get three
answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from dramatiq.common import current_millis
from dramatiq.message import Message

from socialboost.queue.broker import QueueBroker

SEEN_SECONDS: Final = 24 * 3600
"""Telegram keeps an update that it could not deliver for this long."""
_PREFIX: Final = "updates:"
WANTED_PREFIX: Final = "screens:wanted:"
"""Prefix of a place's key. It holds the number of the newest screen asked for there (freshness.py)."""

_SEND_ONCE: Final = """
local checked, marks, wanted = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kept = 8 + marks + 2 * wanted
local first = kept + 3 * tonumber(ARGV[7])
for i = 8, 7 + checked do
  if redis.call('GET', ARGV[i]) then return 0 end
end
redis.call('ZADD', KEYS[1] .. ':__heartbeats__', ARGV[2], ARGV[3])
for i = first, #ARGV, 3 do
  local queue = KEYS[1] .. ':' .. ARGV[i]
  redis.call('HSET', queue .. '.msgs', ARGV[i + 1], ARGV[i + 2])
  redis.call('RPUSH', queue, ARGV[i + 1])
end
for i = 8 + marks, kept - 1, 2 do
  redis.call('SET', ARGV[i], ARGV[i + 1], 'EX', 600)
end
for i = kept, first - 1, 3 do
  if ARGV[i + 1] == '' then
    redis.call('DEL', ARGV[i])
  else
    redis.call('SET', ARGV[i], ARGV[i + 1], 'EX', ARGV[i + 2])
  end
end
for i = 8, 7 + marks do
  redis.call('SET', ARGV[i], '1', 'EX', ARGV[1])
end
return 1
"""
"""What dispatch.lua's `enqueue` does, for each message. The marks come last: should Redis refuse a command
in the middle, the repetition sends the same keys again, which the ledger knows."""


@dataclass
class Delivery:
    """The delivery of one update: its jobs and its marks."""

    mark: str
    """The update's mark, from `mark_of`."""
    messages: list[Message[Any]] = field(default_factory=list)
    wanted: dict[str, int] = field(default_factory=dict)
    """The screens it asks for: each place's key and the update's number."""
    kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What it changed in the dialogue: the new text of each key, "" to delete it, and its seconds."""
    _looked_at: list[str] = field(default_factory=list)
    _left: list[str] = field(default_factory=list)

    def wants(self, place: str, number: int) -> None:
        """Record that the update asks for a screen in this place."""
        self.wanted[WANTED_PREFIX + place] = number

    def keep(self, key: str, text: str, seconds: int) -> None:
        """Record a new text of the dialogue, to be stored for so long. An empty one deletes the key."""
        self.kept[key] = (text, seconds)

    def one_of(self, act: str, *, is_answered: bool) -> None:
        """Record that the update is a part of an album.

        It is dropped if another part was seen, unless it must be answered on its own.
        """
        mark = _PREFIX + act
        self._left.append(mark)
        if not is_answered:
            self._looked_at.append(mark)

    @property
    def looked_at(self) -> list[str]:
        """The marks of which any one means that the update needs no work."""
        return [self.mark, *self._looked_at]

    @property
    def left(self) -> list[str]:
        """The marks to set, those that are checked first."""
        return [*self.looked_at, *(mark for mark in self._left if mark not in self._looked_at)]


def mark_of(update_id: int, moment: int | str) -> str:
    """Return the mark of an update. `moment` is its message's date or its callback's id.

    update_id alone is not unique: Telegram starts at a random number after a week without updates.
    """
    return f"{_PREFIX}{update_id}:{moment}"


def send_once(broker: QueueBroker, delivery: Delivery) -> bool:
    """Put the messages on their queues and set the marks. Returns False if a mark was there already.

    It is one call to Redis, all or nothing. After a redis.RedisError it may have happened all the same.
    """
    marks = delivery.left
    counts = (len(delivery.looked_at), len(marks), len(delivery.wanted), len(delivery.kept))
    noted: list[Any] = [*marks]
    for place, number in delivery.wanted.items():
        noted += [place, number]
    for key, (text, seconds) in delivery.kept.items():
        noted += [key, text, seconds]
    return _send(broker, counts, noted, delivery.messages)


def send_all(broker: QueueBroker, messages: Sequence[Message[Any]]) -> None:
    """Put the messages on their queues in one call to Redis, all or nothing. Errors as `send_once`'s."""
    _send(broker, (0, 0, 0, 0), [], messages)


def _send(
    broker: QueueBroker, counts: tuple[int, int, int, int], noted: list[Any], messages: Sequence[Message[Any]]
) -> bool:
    arguments = [SEEN_SECONDS, current_millis(), broker.broker_id, *counts, *noted]
    for message in messages:
        identifier = str(uuid4())
        stored = message.copy(options={"redis_message_id": identifier})
        arguments += [message.queue_name, identifier, stored.encode()]
    script = broker.client.register_script(_SEND_ONCE)
    return bool(script(keys=[broker.namespace], args=arguments))
