"""Tests of a Redis connection that breaks during a command, on the bot's event loop."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from redis.asyncio import Connection, Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from socialboost.bot import connections


async def broken(client: Redis) -> AbstractConnection:
    """An open connection whose transport is closed, before anybody has noticed."""
    made = client.connection_pool.make_connection()
    await made.connect()
    made._writer.transport.abort()
    await asyncio.sleep(0.05)  # the loop closes the handler in a turn of its own
    return made


async def send_on_broken(client: Redis) -> None:
    made = await broken(client)
    try:
        await made.send_command("PING", check_health=False)
    finally:
        await made.disconnect()
        await client.aclose()


def run(client: Redis) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send_on_broken(client))


def test_a_connection_that_breaks_during_a_command_counts_as_a_redis_outage(redis_url: str) -> None:
    """Otherwise it would count as a handler's error, and the tap would get no answer."""
    with pytest.raises(RedisError):
        run(connections.connect(redis_url, socket_timeout=3.0))


def test_redis_py_alone_raises_the_event_loop_s_own_error(redis_url: str) -> None:
    """Negative control."""
    with pytest.raises(RuntimeError, match="handler is closed"):
        run(Redis.from_url(redis_url, socket_timeout=3.0))


@pytest.mark.parametrize(("scheme", "secure"), [("redis", False), ("rediss", True)])
def test_the_address_still_says_whether_it_is_encrypted(scheme: str, secure: bool) -> None:
    kind = connections.connect(f"{scheme}://host:1/0").connection_pool.connection_class
    assert issubclass(kind, connections.SecureConnection if secure else connections.PlainConnection)
    assert issubclass(kind, Connection)
