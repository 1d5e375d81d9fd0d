"""Limits how many updates of one person become jobs, so that a flood delays nobody else.

One round trip to Redis numbers the update, checks its marks, uses the person's share and reads the state of
the dialogue. /start and updates about money have their own share, which a flood of messages cannot use up.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from aiogram.types import CallbackQuery, Message, TelegramObject
from redis.asyncio import Redis

from socialboost.chat import callbacks, dialogues

BURST: Final = 40
"""Updates allowed at once. People forward an album or tap through a list; a script sends hundreds."""
REFILL_SECONDS: Final = 0.2
"""Time until one more is allowed. It is shorter than between taps, so only programs stay above the limit."""
TOLD_SECONDS: Final = 60
"""Time between two messages that tell the person about the limit."""
TOO_FAST: Final = "too_fast"
"""The page that tells the person (jobs.ShowPage)."""

KNOWN_SECONDS: Final = 0.25
"""How long a process reuses a refusal of Redis."""
_REMEMBERED: Final = 1_000
"""The largest number of people whose refusal a process remembers."""

_URGENT_COMMANDS: Final = ("/start", "/paysupport")
_URGENT_TAPS: Final = (
    *(callbacks.PAY_PREFIX, callbacks.CANCEL_PREFIX, callbacks.BALANCE_PREFIX),
    *(callbacks.PAYMENT_PREFIX, callbacks.JOB_PREFIX, callbacks.WITHHELD_PREFIX),
)


class Standing(IntEnum):
    """The fate of an update."""

    WITHIN = 0
    REPEATED = 1
    """It was seen before."""
    ABOVE = 2
    """It is above the share, and the person knows already."""
    TO_TELL = 3
    """It is above the share, and the person must be told."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A received update."""

    number: int
    """Its number in the order of all updates."""
    standing: Standing
    state: str | None
    """The state of the person's dialogue."""


_ENTER: Final = """
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local number = redis.call('INCR', KEYS[1])
local state = redis.call('GET', KEYS[4]) or ''
for i = 5, #ARGV do
  if redis.call('GET', ARGV[i]) then return {number, 1, state, 0} end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval = tonumber(ARGV[2])
local used = math.max(tonumber(redis.call('GET', KEYS[2]) or '') or 0, now) + interval
if used - now <= interval * tonumber(ARGV[3]) then
  redis.call('SET', KEYS[2], string.format('%.0f', used), 'PX', string.format('%.0f', used - now))
  return {number, 0, state, 0}
end
local wait = math.ceil(used - now - interval * tonumber(ARGV[3]))
if redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[4]) then return {number, 3, state, wait} end
return {number, 2, state, wait}
"""
"""KEYS: the sequence, the share, the mark of the sentence, the dialogue's state. ARGV: the sequence's first
number, milliseconds for one update, updates at once, seconds between two messages about it, the update's
marks. The share is stored as one time: when all that was taken is refilled. The key expires then."""


class Shares:
    """The shares of all people, measured on Redis's clock."""

    def __init__(self, redis: Redis) -> None:
        self._enter = redis.register_script(_ENTER)
        self._above = dict[int, float]()

    async def enter(self, telegram_id: int, chat_id: int, marks: Sequence[str], *, urgent: bool) -> Entry:
        """Number an update, use the person's share and read the state of their dialogue.

        A repeated update uses no share.

        The number is above every earlier one, also after Redis was wiped. A sequence that started again at 1
        would be older than what was rendered just before the wipe, and every later screen of that message
        would be dropped as stale. Raises redis.RedisError; then the update must be fed again.
        """
        share = f"shares:{telegram_id}"
        keys = [dialogues.SEQUENCE_KEY, f"{share}:urgent" if urgent else share, f"{share}:told"]
        keys.append(dialogues.state_key(chat_id, telegram_id))
        limits = (time.time_ns() // 1_000_000, round(REFILL_SECONDS * 1000), BURST, TOLD_SECONDS)
        said: Any = await self._enter(keys=keys, args=[*limits, *marks])
        number, standing, state, wait_ms = said
        if wait_ms and not urgent:
            self._remember(telegram_id, wait_ms / 1000)
        return Entry(number, Standing(standing), state.decode() or None)

    def is_known_above(self, event: TelegramObject | None) -> bool:
        """Return True if Redis refused this person a moment ago.

        So a flood costs no round trips, and the updates behind it are processed sooner.
        """
        if not isinstance(event, Message | CallbackQuery) or event.from_user is None:
            return False
        until = self._above.get(event.from_user.id)
        return until is not None and time.monotonic() < until and not is_urgent(event)

    def _remember(self, telegram_id: int, seconds: float) -> None:
        now = time.monotonic()
        if len(self._above) >= _REMEMBERED:
            self._above = {one: until for one, until in self._above.items() if until > now}
        self._above[telegram_id] = now + min(seconds, KNOWN_SECONDS)


def is_urgent(event: TelegramObject) -> bool:
    """Return True for /start and for updates about money: paying, cancelling, an admin's decision."""
    if isinstance(event, CallbackQuery):
        return (event.data or "").startswith(_URGENT_TAPS)
    words = (event.text or "").split(maxsplit=1) if isinstance(event, Message) else []
    return bool(words) and words[0].partition("@")[0] in _URGENT_COMMANDS
