"""The rate limiter's fallback while Redis is down: each process limits itself to its share of the rate."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from workers.telegram.rate_limit_scripts import (
    CHAT_SECONDS,
    GROUP_MESSAGES,
    GROUP_SECONDS,
    PERSON_SECONDS,
    PERSON_SHARE,
)

CHATS_REMEMBERED: Final = 10_000


class LocalRateLimiter:
    """Limits one process in its own memory: rate_limit_scripts.py's limits divided by the processes.

    It starts with one message instead of a burst, because it does not know what was just sent.
    """

    def __init__(self, rate: float, kept: float, processes: int, burst: int) -> None:
        self._rate = rate / processes
        self._kept = kept / processes
        self._full = max(self._rate, self._kept + 1.0)
        self._chat_seconds = CHAT_SECONDS * processes
        self._group_messages = max(1, GROUP_MESSAGES // processes)
        self._lock = threading.Lock()
        self._level = 1.0
        self._stamp = time.monotonic()
        self._chats: dict[int, deque[float]] = {}
        self._used: dict[int, float] = {}
        self._person_seconds = PERSON_SECONDS * processes
        self._burst = max(1, burst // processes)
        self._filled: dict[int, float] = {}

    def person(self, chat_id: int | None = None) -> float:
        """Take one token for an answer to a person. Returns 0, or the seconds to wait for a token."""
        with self._lock:
            now = self._refill()
            wait, floor = 0.0, 0.0
            if chat_id is not None:
                wait, floor = self._ahead(chat_id, now), self._kept / PERSON_SHARE
            if wait <= 0 and self._level < 1.0 + floor:
                wait = (1.0 + floor - self._level) / self._rate
            if wait > 0:
                return wait
            self._level -= 1.0
            if chat_id is not None:
                self._used[chat_id] = max(self._used.get(chat_id, 0.0), now) + PERSON_SHARE / self._rate
                self._filled[chat_id] = max(self._filled.get(chat_id, 0.0), now) + self._person_seconds
            return 0.0

    def _ahead(self, chat_id: int, now: float) -> float:
        """Return how long this person must wait for their chat's limit or their share of the rate.

        The share applies only while less than half of the bucket is left.
        """
        if len(self._filled) > CHATS_REMEMBERED:
            self._used = {chat: used for chat, used in self._used.items() if used > now}
            self._filled = {chat: filled for chat, filled in self._filled.items() if filled > now}
        filled = max(self._filled.get(chat_id, 0.0), now) + self._person_seconds
        chat_wait = filled - self._burst * self._person_seconds - now
        if self._level >= self._full / 2:
            return max(chat_wait, 0.0)
        step = PERSON_SHARE / self._rate
        return max(chat_wait, max(self._used.get(chat_id, 0.0), now) + step - max(step, 1.0) - now)

    def reserve(self, chat_ids: Sequence[int]) -> tuple[list[int], float]:
        """Take tokens for paced messages. Returns the granted chats and the seconds to wait for the rest."""
        granted = list[int]()
        chat_wait = 0.0
        with self._lock:
            now = self._refill()
            for chat_id in chat_ids:
                missing = 1.0 + self._kept - self._level
                if missing > 0:
                    return granted, missing / self._rate
                if wait := self._chat_wait(chat_id, now):
                    chat_wait = min(wait, chat_wait or wait)
                    continue
                self._level -= 1.0
                self._chats.setdefault(chat_id, deque(maxlen=self._group_messages)).append(now)
                granted.append(chat_id)
        return granted, chat_wait

    def _refill(self) -> float:
        now = time.monotonic()
        self._level = min(self._full, self._level + (now - self._stamp) * self._rate)
        self._stamp = now
        return now

    def _chat_wait(self, chat_id: int, now: float) -> float:
        if len(self._chats) > CHATS_REMEMBERED:
            self._chats = {k: v for k, v in self._chats.items() if now - v[-1] < GROUP_SECONDS}
        sent = self._chats.get(chat_id)
        if sent is None:
            return 0.0
        wait = sent[-1] + self._chat_seconds - now
        if chat_id < 0 and len(sent) == self._group_messages:
            wait = max(wait, sent[0] + GROUP_SECONDS - now)
        return max(wait, 0.0)
