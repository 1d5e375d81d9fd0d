"""Objects shared by all actors of a worker process: settings, database, Redis, clients.

Each is made at its first use and closed at shutdown. They are configured by the environment
only. A client's module is imported when the client is made, because the scheduler imports the actors too and
needs no client.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from socialboost.settings import WorkerSettings

if TYPE_CHECKING:
    import redis as redis_py

    from socialboost.clients.crypto_pay import CryptoPayClient
    from socialboost.clients.guard import CallGuard
    from socialboost.clients.main_bot import MainBotClient
    from socialboost.clients.telegram import TelegramClient
    from socialboost.clients.telegram_bulk import BulkSender
    from socialboost.db import Database
    from socialboost.security.sealing import Courier, Sealer
    from workers.engine.finisher import Finisher
    from workers.engine.lease_renewer import LeaseRenewer
    from workers.telegram.rate_limit import RateLimiter

T = TypeVar("T")

REDIS_SECONDS: Final = 2.0
_SPARE_CONNECTIONS: Final = 2
"""Database connections for the lease renewer and the rescuer, besides one per worker thread."""
_MOST_CONNECTIONS: Final = 16
_OPEN_AGAIN_SECONDS: Final = 1.0
"""Between two tries to open a database that was down at the first use."""
_FEWEST_SENDERS: Final = 25
_MOST_SENDERS: Final = 250
"""Limits of a broadcast's concurrent calls: what the send rate allows in a fifth of a second."""


class _Shared(Generic[T]):
    """A value made once per process, by the first thread that asks."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], object] = lambda _: None) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._value: T | None = None

    def __call__(self) -> T:
        if self._value is None:
            with self._lock:
                if self._value is None:
                    self._value = self._make()
        return self._value

    def close(self) -> None:
        with self._lock:
            if self._value is not None:
                self._close(self._value)
            self._value = None


_threads = 8
_database_next_try = 0.0


def expect_threads(count: int) -> None:
    """Size the pools for this many worker threads. Called at boot, before the first use."""
    global _threads  # noqa: PLW0603 (one worker per process)
    _threads = count


def _make_db() -> Database:
    """Open the database. While it is down one thread tries and the others fail at once."""
    import psycopg  # noqa: PLC0415

    from socialboost.db import Database, DatabaseAwayError, checks  # noqa: PLC0415

    global _database_next_try  # noqa: PLW0603 (guarded by the lock of `db`)
    if time.monotonic() < _database_next_try:
        raise DatabaseAwayError("the database was away a moment ago")
    size = min(_threads + _SPARE_CONNECTIONS, _MOST_CONNECTIONS)
    dsn = settings().database_url.get_secret_value()
    try:
        database = Database(dsn, pool_size=size, application_name="socialboost-worker").open()
    except psycopg.Error:
        _database_next_try = time.monotonic() + _OPEN_AGAIN_SECONDS
        raise
    checks.warn_about_timezone(database, settings().timezone)
    return database


def _make_redis() -> redis_py.Redis:
    from socialboost.queue import broker  # noqa: PLC0415

    url = settings().redis_url.get_secret_value()
    return broker.connect(url, timeout_seconds=REDIS_SECONDS, retries=1, decode=True)


def _make_cache() -> redis_py.Redis:
    from socialboost.queue import broker  # noqa: PLC0415

    url = settings().cache_redis_url.get_secret_value()
    return broker.connect(url, timeout_seconds=REDIS_SECONDS, retries=1, decode=True)


def _make_telegram() -> TelegramClient:
    from socialboost.clients.telegram import TelegramClient  # noqa: PLC0415

    token = settings().telegram_bot_token.get_secret_value()
    # Two threads stay free for jobs that need no Telegram, such as activations and Main Bot's reports.
    guard = _guard(
        "telegram", most_calls=max(_threads - 2, 1), wait_seconds=1.0, failures=5, pause_seconds=1.0
    )
    return TelegramClient(settings().telegram_api_url, token, guard)


def _make_bulk() -> BulkSender:
    from socialboost.clients.telegram_bulk import BulkSender  # noqa: PLC0415

    token = settings().telegram_bot_token.get_secret_value()
    connections = max(_FEWEST_SENDERS, min(settings().telegram_send_rate // 5, _MOST_SENDERS))
    return BulkSender(settings().telegram_api_url, token, connections=connections)


def _guard(service: str, **limits: Any) -> CallGuard:
    from socialboost.clients.guard import CallGuard  # noqa: PLC0415

    return CallGuard(service, **limits)


def _make_crypto_pay() -> CryptoPayClient:
    from socialboost.clients.crypto_pay import CryptoPayClient  # noqa: PLC0415

    token = settings().cryptobot_token.get_secret_value()
    guard = _guard(
        "crypto_pay", most_calls=max(_threads // 2, 1), wait_seconds=0.05, failures=3, pause_seconds=2.0
    )
    return CryptoPayClient(settings().cryptobot_api_url, token, guard)


def _make_main_bot() -> MainBotClient:
    from socialboost.clients.main_bot import MainBotClient  # noqa: PLC0415

    return MainBotClient(
        settings().main_bot_api_url,
        settings().main_bot_api_key.get_secret_value(),
        tasks_path=settings().main_bot_tasks_path,
        health_path=settings().main_bot_health_path,
        redis_client=redis(),
    )


def _make_sealer() -> Sealer:
    from socialboost.security.sealing import Sealer  # noqa: PLC0415

    return Sealer(settings().payment_data_key)


def _make_courier() -> Courier:
    from socialboost.security.sealing import Courier  # noqa: PLC0415

    return Courier(settings().cryptobot_token)


def _make_rate_limiter() -> RateLimiter:
    from workers.telegram.rate_limit import RateLimiter  # noqa: PLC0415

    return RateLimiter(
        redis(),
        db,
        rate=settings().telegram_send_rate,
        reserved=settings().telegram_reserved_rate,
        burst=settings().telegram_chat_burst,
        processes=settings().worker_processes,
    )


def _make_lease_renewer() -> LeaseRenewer:
    from workers.engine.lease_renewer import LeaseRenewer  # noqa: PLC0415

    renewer = LeaseRenewer(db)
    renewer.start()
    return renewer


def _make_finisher() -> Finisher:
    from workers.engine.finisher import Finisher  # noqa: PLC0415

    made = Finisher(db, lease_renewer())
    made.start()
    return made


def _close_lease_renewer(made: LeaseRenewer) -> None:
    made.stop()
    made.let_go()


settings: Final = _Shared(WorkerSettings.load)
"""The worker's settings. Raises SettingsError, which names what is missing."""
db: Final = _Shared(_make_db, lambda database: database.close())
"""PostgreSQL. Raises psycopg.OperationalError if it is down at the first use."""
redis: Final = _Shared(_make_redis, lambda client: client.close())
"""Redis for everything but the queue; answers are decoded to str."""
cache: Final = _Shared(_make_cache, lambda client: client.close())
"""The Redis of the cache, which may evict keys (workers/engine/cache.py)."""
telegram: Final = _Shared(_make_telegram, lambda client: client.close())
bulk: Final = _Shared(_make_bulk, lambda sender: sender.close())
"""Telegram for broadcasts."""
crypto_pay: Final = _Shared(_make_crypto_pay, lambda client: client.close())
main_bot: Final = _Shared(_make_main_bot, lambda client: client.close())
rate_limiter: Final = _Shared(_make_rate_limiter)
"""The rate limiter of all messages to Telegram (workers/telegram/rate_limit.py)."""
sealer: Final = _Shared(_make_sealer)
"""Encrypts raw payment events."""
courier: Final = _Shared(_make_courier)
"""Decrypts payment events that web sealed before it put them into Redis."""
lease_renewer: Final = _Shared(_make_lease_renewer, _close_lease_renewer)
"""Renews the leases of this process's claims (workers/engine/lease_renewer.py)."""

finisher: Final = _Shared(_make_finisher, lambda made: made.stop())
"""Records the ends of jobs that may be recorded together (workers/engine/finisher.py)."""


def closing() -> list[tuple[str, Callable[[], object]]]:
    """Return the steps of `close`, in order. Settlements need the database until the end.

    The finisher records the last ends. The lease renewer records what was deferred, and frees the claims
    left, so no job may run here by then.
    """
    return [
        ("rate_limiter", rate_limiter.close),
        ("sealer", sealer.close),
        ("courier", courier.close),
        ("main_bot", main_bot.close),
        ("crypto_pay", crypto_pay.close),
        ("bulk", bulk.close),
        ("telegram", telegram.close),
        ("cache", cache.close),
        ("redis", redis.close),
        ("finisher", finisher.close),
        ("lease_renewer", lease_renewer.close),
        ("database", db.close),
        ("settings", settings.close),
    ]


def close() -> None:
    """Close everything that was opened."""
    for _, step in closing():
        step()
    global _database_next_try  # noqa: PLW0603 (what is opened next may be another database)
    _database_next_try = 0.0
