"""The bot's connections to Redis. A connection that breaks during a command raises a RedisError."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redis.asyncio import Connection, Redis, SSLConnection
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError


class _Sending(AbstractConnection):
    async def send_packed_command(
        self, command: bytes | str | Iterable[bytes], check_health: bool = True
    ) -> None:
        """Send the command. Raises a RedisError also if uvloop reports a closed transport handler."""
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            raise RedisConnectionError("the connection was closed under a command") from error


class PlainConnection(_Sending, Connection):
    """A connection to a redis:// address."""


class SecureConnection(_Sending, SSLConnection):
    """A connection to a rediss:// address."""


def connect(redis_url: str, **options: Any) -> Redis:
    """Return a client that raises only RedisErrors. It opens its connections at first use."""
    client: Redis = Redis.from_url(redis_url, **options)
    pool = client.connection_pool
    is_secure = issubclass(pool.connection_class, SSLConnection)
    pool.connection_class = SecureConnection if is_secure else PlainConnection
    return client
