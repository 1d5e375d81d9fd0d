"""Limits the rate of messages to Telegram: one rate for all processes, people first (docs/adr/0007).

    resources.rate_limiter().person()                              # before a message about money
    resources.rate_limiter().person(chat_id)                       # before an answer to what a person did
    resources.rate_limiter().notice(chat_id)                       # before a notice
    granted = resources.rate_limiter().reserve(broadcast_id, ids)  # before a page of a broadcast
    with resources.rate_limiter().watching(): ...                  # around every call, for a 429

No call blocks. A caller without a token gets PostponeError with the seconds to wait, and the job is retried
then. The state is kept in Redis. While Redis is down each process limits itself to its share of the rate.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import redis

from socialboost import logs
from socialboost.db import Database
from socialboost.errors import PostponeError, SettingsError, ThrottledError
from workers.telegram import rate_limit_scripts as scripts
from workers.telegram.rate_limit_local import LocalRateLimiter

MARGIN_SECONDS: Final = 0.5
"""Added to the pause that Telegram asks for."""
KNOWN_SECONDS: Final = 0.05
"""Redis is asked for a pause again when the last answer is older than this."""
AWAY_SECONDS: Final = 1.0
"""Time until a Redis that was down is tried again. Meanwhile PostgreSQL is asked for a pause."""
_NOTICES: Final = ""
_LOST_SECONDS: Final = 0.25
"""If the pause in Redis is shorter than ours by this much, Redis was wiped."""
_REFILLED: Final = 3
"""How often a missing state is created before the call fails."""

log = logs.get(__name__)


@dataclass(frozen=True)
class Granted:
    """The answer to `reserve`: which chats may be sent to now, and when to ask for the rest."""

    chat_ids: list[int]
    wait_seconds: float
    """0 when everything was granted."""


class RateLimiter:
    """The process's rate limiter. Every method may be called from any thread."""

    def __init__(
        self,
        client: redis.Redis,
        db: Callable[[], Database],
        *,
        rate: int,
        reserved: int,
        burst: int,
        processes: int,
    ) -> None:
        self._redis = client
        self._db = db
        self._limits = (rate, max(reserved, 1))  # one at least, or people would not come first
        self._burst = burst
        self._processes = processes
        self._scripts: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._local: LocalRateLimiter | None = None
        self._next_try = 0.0
        self._paused_until = 0.0
        self._known_at = 0.0
        self._held: dict[int, float] = {}

    def person(self, chat_id: int | None = None) -> None:
        """Take a token for an answer to a person. Raises PostponeError if there is none or sending is paused.

        With `chat_id` the token counts against that person's share (rate_limit_scripts.PERSON_SHARE) and
        against the limit of their chat, so one person's taps do not delay others. Without it the message is
        about money and comes first.
        """
        said = self._shared(scripts.PERSON, [scripts.STATE], "" if chat_id is None else chat_id, self._burst)
        if said is None:
            self._let(self._on_its_own().person(chat_id))
        else:
            self._let(said[1] / 1000)

    def notice(self, chat_id: int) -> None:
        """Take a token for a notice to this chat, or raise PostponeError."""
        granted = self._reserve(_NOTICES, [chat_id])
        if not granted.chat_ids:
            raise PostponeError(granted.wait_seconds, "the rate limit leaves no room for now")

    def reserve(self, broadcast_id: str, chat_ids: Sequence[int]) -> Granted:
        """Take tokens for a page of a broadcast, in the order of `chat_ids`, in one round trip.

        A token that is not used is lost. Ask for more chats than can be granted: otherwise the broadcasts do
        not get equal shares. Ask again before the last granted message is sent: otherwise part of the rate is
        unused.
        """
        return self._reserve(f"broadcast:{broadcast_id}", chat_ids)

    def claim(
        self,
        keys: list[str],
        seq: int,
        content: str,
        seconds: tuple[int, int],
        *,
        chat_id: int,
        editable: bool = False,
    ) -> int:
        """Claim a message for an edit and take its token: GRANTED, STALE, LASTING or, unless it is known
        to be `editable`, UNKNOWN (rate_limit_scripts.CLAIM). The token counts against the person's share.

        Raises PostponeError without a claim when there is no token, and redis.RedisError while Redis is
        away: without it nobody knows which render is the latest.
        """
        said = self._ask(
            scripts.CLAIM,
            [scripts.STATE, *keys],
            *(seq, content, *seconds, int(editable), chat_id, self._burst),
        )
        if said[0] in {scripts.STALE, scripts.LASTING, scripts.UNKNOWN}:
            return said[0]
        self._let(said[1] / 1000)
        return scripts.GRANTED

    def check(self) -> None:
        """Raise PostponeError while sending is paused. For calls without a token, or with an older one."""
        self._let(0.0 if time.monotonic() - self._known_at < KNOWN_SECONDS else self._peek())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Turn a 429 of the call to Telegram in this block into a pause and a PostponeError.

        A 429 for a group pauses that group. Any other, or one for a second group, pauses everything.
        """
        try:
            yield
        except ThrottledError as error:
            if error.chat_id is not None and error.chat_id < 0:
                self.hold(error.chat_id, error.retry_after)
                wait = max(self._held_left(error.chat_id), self._pause_left())
            else:
                self.pause(error.retry_after)
                wait = self._pause_left()
            raise PostponeError(wait, f"Telegram: {error}") from error

    def hold(self, chat_id: int, seconds: float) -> None:
        """Pause sending to one group, or to everybody when another group is paused already."""
        self._held_until(chat_id, time.monotonic() + seconds + MARGIN_SECONDS)
        log.warning("chat_paused", chat_id=chat_id, seconds=seconds)
        self._tell_redis_of(chat_id)
        count = sum(self._held_left(other) > 0 for other in list(self._held))
        try:
            kept = self._db().value("pause_chat", chat_id=chat_id, seconds=self._held_left(chat_id))
            count = max(count, kept)
        except (psycopg.Error, SettingsError) as error:
            log.warning("pause_not_kept", error=type(error).__name__)
        self._tell_redis_of(chat_id)
        if count > 1:
            self.pause(seconds)

    def pause(self, seconds: float) -> None:
        """Pause all sending: in this process's memory, in Redis, and in PostgreSQL, where no wipe reaches."""
        self._pause_until(time.monotonic() + seconds + MARGIN_SECONDS)
        log.warning("sending_paused", seconds=seconds)
        self._tell_redis()
        try:
            self._db().run("pause_sending", seconds=self._pause_left())
        except (psycopg.Error, SettingsError) as error:
            log.warning("pause_not_kept", error=type(error).__name__)
        self._tell_redis()  # it may have been wiped and filled again before PostgreSQL knew

    def _reserve(self, flow: str, chat_ids: Sequence[int]) -> Granted:
        chat_limits = (
            round(scripts.CHAT_SECONDS * 1000),
            scripts.GROUP_MESSAGES,
            round(scripts.GROUP_SECONDS * 1000),
        )
        keys = [scripts.STATE, scripts.FLOWS, scripts.SHARES]
        held = [left for chat_id in chat_ids if (left := self._held_left(chat_id)) > 0]
        if held:
            chat_ids = [chat_id for chat_id in chat_ids if self._held_left(chat_id) <= 0]
            if not chat_ids:
                return Granted([], min(held))
        said = self._shared(scripts.RESERVE, keys, flow, *chat_limits, *chat_ids)
        if said is None:
            left = self._pause_left()
            chats, wait = ([], left) if left > 0 else self._on_its_own().reserve(chat_ids)
        else:
            chats, wait = [chat_ids[position - 1] for position in said[3:]], said[1] / 1000
            if self._pause_left() > 0:
                chats, wait = [], max(wait, self._pause_left())
        return Granted(chats, wait or min(held, default=0.0))

    def _let(self, wait: float) -> None:
        wait = max(wait, self._pause_left())
        if wait > 0:
            raise PostponeError(wait, "the rate limit leaves no room for now")

    def _pause_left(self) -> float:
        return max(self._paused_until - time.monotonic(), 0.0)

    def _pause_until(self, moment: float) -> None:
        with self._lock:
            self._paused_until = max(self._paused_until, moment)

    def _held_left(self, chat_id: int) -> float:
        """Return for how long, as far as this process knows, a group is paused."""
        return self._held.get(chat_id, 0.0) - time.monotonic()

    def _held_until(self, chat_id: int, moment: float) -> None:
        with self._lock:
            now = time.monotonic()
            held = {other: until for other, until in self._held.items() if until > now}
            self._held = held | {chat_id: max(moment, held.get(chat_id, 0.0))}

    def _peek(self) -> float:
        said = self._shared(scripts.PEEK, [scripts.STATE])
        return 0.0 if said is None else said[2] / 1000

    # --- Redis ---

    def _shared(self, script: str, keys: list[str], *arguments: str | int) -> list[int] | None:
        """Return the script's answer, or None while Redis is down. Only one thread a second tries then."""
        if self._local is not None:
            with self._lock:
                if time.monotonic() < self._next_try:
                    return None
                self._next_try = time.monotonic() + AWAY_SECONDS
        try:
            said = self._ask(script, keys, *arguments)
        except redis.RedisError as error:
            self._begin_alone(error)
            return None
        if self._local is not None:
            self._local = None
            log.info("send_gate_shared_again")
        return said

    def _ask(self, script: str, keys: list[str], *arguments: str | int) -> list[int]:
        """Run a script. A missing state is created first, with the pause that may be in force."""
        for _ in range(_REFILLED):
            asked_at = time.monotonic()
            said = self._run(script, keys, *arguments)
            if said[0] != scripts.FRESH:
                self._learn(asked_at, said[2] / 1000)
                return said
            self._ask_database_for_pause()
            self._tell_redis()
            for chat_id in self._held:
                self._tell_redis_of(chat_id)
        raise redis.RedisError("the rate limiter's state is wiped as fast as it is made")

    def _run(self, script: str, keys: list[str], *arguments: str | int) -> list[int]:
        registered = self._scripts.get(script)
        if registered is None:
            registered = self._scripts[script] = self._redis.register_script(script)
        answer: list[int] = registered(keys=keys, args=[*self._limits, *arguments])
        return answer

    def _learn(self, asked_at: float, pause: float) -> None:
        """Adopt the pause in Redis, or write ours to Redis if it was lost there.

        The end is computed from the time before the request, so it is never later than the end in Redis.
        Otherwise each side would extend the other's pause.
        """
        self._known_at = asked_at
        ends = asked_at + pause
        if self._paused_until > ends + _LOST_SECONDS:
            self._tell_redis()
        elif pause > 0:
            self._pause_until(ends)

    def _tell_redis(self) -> None:
        milliseconds = round(self._pause_left() * 1000)
        try:
            self._run(scripts.PAUSE, [scripts.STATE], milliseconds)
        except redis.RedisError as error:
            log.warning("pause_not_shared", error=type(error).__name__)

    def _tell_redis_of(self, chat_id: int) -> None:
        milliseconds = round(self._held_left(chat_id) * 1000)
        try:
            if milliseconds > 0:
                self._redis.set(f"{scripts.HELD_PREFIX}{chat_id}", 1, px=milliseconds)
        except redis.RedisError as error:
            log.warning("pause_not_shared", error=type(error).__name__)

    # --- without Redis ---

    def _begin_alone(self, error: redis.RedisError) -> None:
        with self._lock:
            self._next_try = time.monotonic() + AWAY_SECONDS
            begun = self._local is None
            if begun:
                self._local = LocalRateLimiter(*self._limits, self._processes, self._burst)
        if begun:
            log.warning("send_gate_on_its_own", error=type(error).__name__)
        self._ask_database_for_pause()

    def _on_its_own(self) -> LocalRateLimiter:
        with self._lock:
            if self._local is None:  # another thread found Redis back just now
                self._local = LocalRateLimiter(*self._limits, self._processes, self._burst)
            return self._local

    def _ask_database_for_pause(self) -> None:
        """Adopt the pauses in PostgreSQL, which another process or an earlier run may have stored."""
        asked_at = time.monotonic()
        try:
            seconds = self._db().value("get_sending_pause") or 0.0
            held = self._db().many("get_chat_pauses")
        except (psycopg.Error, SettingsError) as error:
            log.warning("pause_not_known", error=type(error).__name__)
            return
        self._pause_until(asked_at + seconds)
        for row in held:
            self._held_until(row["chat_id"], asked_at + row["seconds"])
