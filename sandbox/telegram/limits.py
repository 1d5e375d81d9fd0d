"""Telegram's send limits: about 30 messages a second per bot, 1 a second per chat, 20 a minute per group.

Each limit is a token bucket. The bucket's size is the burst Telegram tolerates; the per-chat one is wide
enough for a person who taps through menus quickly, since every screen is one send or one edit. Like
Telegram, a limit that was hit stays shut until its `retry_after` has passed.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from sandbox.telegram.errors import too_many_requests

BOT_RATE, BOT_BURST = 30.0, 30.0
PAID_RATE, PAID_BURST = 1000.0, 1000.0
CHAT_RATE, CHAT_BURST = 1.0, 20.0
GROUP_RATE, GROUP_BURST = 20.0 / 60.0, 20.0
CHATS_REMEMBERED = 50_000


@dataclass
class Bucket:
    """Tokens that come back at `rate` a second, up to `burst`."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    stamp: float = 0.0
    shut_until: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def wait(self, now: float, count: int) -> float:
        """Seconds until `count` tokens are there; 0 means now."""
        if now < self.shut_until:
            return self.shut_until - now
        self.tokens = min(self.burst, self.tokens + (now - self.stamp) * self.rate)
        self.stamp = now
        return max(0.0, (min(count, self.burst) - self.tokens) / self.rate)

    def full(self, now: float) -> bool:
        """True when forgetting the bucket would change nothing."""
        return now >= self.shut_until and self.tokens + (now - self.stamp) * self.rate >= self.burst


class RateLimits:
    """The three limits together. `enabled=False` admits everything."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self.reset()

    def reset(self) -> None:
        """Forget what was sent so far."""
        self._bot = Bucket(BOT_RATE, BOT_BURST)
        self._paid = Bucket(PAID_RATE, PAID_BURST)
        self._chats: dict[int, Bucket] = {}

    def admit(self, chat_id: int, *, group: bool, paid: bool = False, count: int = 1) -> None:
        """Take `count` messages from every limit that binds. Raises ApiError 429 without taking any."""
        if not self.enabled:
            return
        now = time.monotonic()
        buckets = (self._paid if paid else self._bot, self._chat(chat_id, group=group, now=now))
        for bucket in buckets:
            if (wait := bucket.wait(now, count)) > 0:
                retry_after = max(1, math.ceil(wait))
                bucket.shut_until = max(bucket.shut_until, now + wait)
                raise too_many_requests(retry_after)
        for bucket in buckets:
            bucket.tokens -= count

    def _chat(self, chat_id: int, *, group: bool, now: float) -> Bucket:
        if chat_id not in self._chats:
            if len(self._chats) >= CHATS_REMEMBERED:
                self._chats = {chat: bucket for chat, bucket in self._chats.items() if not bucket.full(now)}
            self._chats[chat_id] = Bucket(GROUP_RATE, GROUP_BURST) if group else Bucket(CHAT_RATE, CHAT_BURST)
        return self._chats[chat_id]
