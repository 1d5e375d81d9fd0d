"""Caches what every tap reads and what seldom changes, in Redis (the specification's 10.1).

    user_stats:{telegram_id}   a person's record and figures   CACHE_TTL, 300 s
    packages                   the packages on sale            600 s

The bot works without the cache, and no decision uses it: quotas and payments are read from the database. Code
that changes cached data calls `forget_user` or `forget_packages`, which act after the commit. They leave a
mark for some seconds, so that a reader who read before the commit cannot write the old value back. Each mark
has a token of its own: a reader who saw it before reading the database read after that commit, and may write
the value as long as no later mark has come.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Final

import redis

from socialboost import logs
from socialboost.db import Transaction
from workers.engine import resources

PACKAGES: Final = "packages"
PACKAGES_SECONDS: Final = 600
MARK: Final = ""
MARK_SECONDS: Final = 10
"""Longer than a statement may take: after that no reader holds an older value."""
_KEEP: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('GET', KEYS[1]) ~= '' then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
"""Replaces the mark by the value if it is still the mark with this token."""

_unforgotten: Final[set[str]] = set()
"""Keys that could not be marked because Redis was down. The cache is not used until they are."""
_lock: Final = threading.Lock()
log = logs.get(__name__)


def user_key(telegram_id: int) -> str:
    """Return the key of a person's figures."""
    return f"user_stats:{telegram_id}"


def read_through(key: str, load: Callable[[], str | None], seconds: Callable[[str], int]) -> str | None:
    """Return the cached text, or what `load` returns, kept for `seconds(text)` unless it is None or 0."""
    try:
        _forget_rest()
        cached, token = resources.cache().mget(key, _token_key(key))
    except redis.RedisError as error:
        log.warning("cache_away", error=type(error).__name__)
        return load()
    if cached:
        return str(cached)
    text = load()
    lifetime = seconds(text) if text is not None else 0
    if text is not None and lifetime > 0 and (cached is None or token):
        _keep(key, text, lifetime, None if cached is None else str(token))
    return text


def forget_user(tx: Transaction, telegram_id: int | str | None) -> None:
    """Forget a person's figures once `tx` is committed. None is ignored."""
    if telegram_id is not None:
        tx.after_commit(partial(forget, user_key(int(telegram_id))))


def forget_packages(tx: Transaction) -> None:
    """Forget the packages on sale once `tx` is committed."""
    tx.after_commit(partial(forget, PACKAGES))


def forget(*keys: str) -> None:
    """Forget keys now, after the change was committed. While Redis is down they are kept for a later try."""
    with _lock:
        _unforgotten.update(keys)
    try:
        _forget_rest()
    except redis.RedisError as error:
        log.warning("cache_not_forgotten", keys=len(keys), error=type(error).__name__)


def _forget_rest() -> None:
    if not _unforgotten:
        return
    with _lock:
        keys = list(_unforgotten)
    pipeline = resources.cache().pipeline(transaction=True)  # no reader sees a mark with another's token
    for key in keys:
        pipeline.set(key, MARK, ex=MARK_SECONDS)
        pipeline.set(_token_key(key), uuid.uuid4().hex, ex=MARK_SECONDS)
    pipeline.execute()
    with _lock:
        _unforgotten.difference_update(keys)


def _keep(key: str, text: str, seconds: int, token: str | None) -> None:
    """Write the value where nothing is, or, with the token that was read there, in place of the mark."""
    client = resources.cache()
    try:
        if token is None:
            client.set(key, text, ex=seconds, nx=True)
        else:
            client.eval(_KEEP, 2, key, _token_key(key), token, text, seconds)
    except redis.RedisError as error:
        log.warning("cache_away", error=type(error).__name__)


def _token_key(key: str) -> str:
    return f"{key}:token"
