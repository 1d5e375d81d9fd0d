"""Tests of failed logins: no library's message brings a part of a password into a log.

The log does not know these passwords, so its redaction does not mask them: this is a second protection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis.asyncio
from dramatiq.errors import BrokerConnectionError
from dramatiq.message import Message

from sandbox.servers import PostgresServer, ValkeyServer
from socialboost import logs
from socialboost.__main__ import _reason
from socialboost.db import Database, migrations
from socialboost.logs import redaction
from socialboost.queue import broker

WORDS = ("Kanarek", "Zapovit", "Vyshnia")
PASSWORD = "{}%40{}%2F{}%23".format(*WORDS)
"""In three parts, as a library would see it that cuts at @, / or #."""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The log of a worker at its most talkative."""
    monkeypatch.setattr(redaction, "_known", ())
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure("worker", "DEBUG", tmp_path)
    yield tmp_path / "bot.log"
    root.handlers = handlers
    root.setLevel(level)
    logs._output = None


def database_urls(server: str) -> list[str]:
    """Addresses at which every login fails, each for a different reason."""
    real = urlsplit(server)
    here = f"{real.hostname}:{real.port}"
    return [
        f"postgresql://{real.username}:{PASSWORD}@{here}/postgres",  # the server refuses it
        f"postgresql://stranger:{PASSWORD}@{here}/postgres",
        f"postgresql://worker:{PASSWORD}@127.0.0.1:1/socialboost",
        f"postgresql://worker:{PASSWORD}@no-such-host.invalid/socialboost",
        f"postgresql://worker:{PASSWORD}@{here}/postgres?sslmode=require",
        f"postgresql://worker:{PASSWORD}@{here}/postgres?sslmode=nonsense",
        f"postgresql://worker:{PASSWORD}@{here}/postgres?nonsense=1",
        f"postgresql:///postgres?host=127.0.0.1&port=1&user=worker&password={PASSWORD}",
    ]


def open_database(url: str) -> str:
    """As a worker does, and as the owner's commands do; what the operator is shown."""
    with suppress(psycopg.Error), Database(url, pool_size=1):
        pytest.fail("that login was not to work")
    try:
        migrations.status(url)
    except psycopg.Error as error:
        return _reason(error)
    return pytest.fail("that login was not to work")


def test_no_part_of_a_database_password_is_logged(log: Path, postgres_server: PostgresServer) -> None:
    urls = database_urls(postgres_server.dsn)
    with ThreadPoolExecutor(len(urls)) as pool:
        shown = list(pool.map(open_database, urls))
    written = log.read_text("utf-8")
    assert written.count("error connecting in") >= len(urls)
    assert leaked(written + "".join(shown)) == []


def leaked(text: str) -> list[str]:
    return [word for word in WORDS if word in text]


def redis_urls(server: str) -> list[str]:
    real = urlsplit(server)
    here = f"{real.hostname}:{real.port}"
    return [
        f"redis://stranger:{PASSWORD}@{here}/0",
        f"redis://:{PASSWORD}@{here}/0",
        f"redis://:{PASSWORD}@127.0.0.1:1/0",
        f"redis://:{PASSWORD}@no-such-host.invalid/0",
        f"rediss://:{PASSWORD}@{here}/0",
        f"unix:///no/such.sock?db=0&password={PASSWORD}",
    ]


def use_redis(url: str) -> None:
    """As the queue, the cache and the bot's dialogues do."""
    queue = broker.build(url, consuming=False)
    message: Message[object] = Message(
        queue_name="interactive", actor_name="x", args=(), kwargs={}, options={}
    )
    try:
        queue.enqueue(message)
        pytest.fail("that login was not to work")
    except BrokerConnectionError as error:
        logging.getLogger("anything").warning("not queued: %s", error, exc_info=error)
    with broker.connect(url, timeout_seconds=2, retries=0) as client:
        try:
            client.get("x")
        except redis.RedisError as error:
            logging.getLogger("anything").warning("not read: %s", error, exc_info=error)
    asyncio.run(use_redis_as_the_bot(url))


async def use_redis_as_the_bot(url: str) -> None:
    async with redis.asyncio.Redis.from_url(url, socket_connect_timeout=2) as client:
        try:
            await client.get("x")
        except redis.RedisError as error:
            logging.getLogger("anything").warning("not read: %s", error, exc_info=error)


def test_no_part_of_a_redis_password_is_logged(log: Path, valkey_server: ValkeyServer) -> None:
    urls = redis_urls(valkey_server.url_for(0))
    with ThreadPoolExecutor(len(urls)) as pool:
        list(pool.map(use_redis, urls))
    written = log.read_text("utf-8")
    assert written.count('"not ') == 3 * len(urls)
    assert leaked(written) == []


def test_the_search_finds_what_is_there(log: Path) -> None:
    """The control: an address that a library cut in two, as some do with raw signs."""
    try:
        _ = urlsplit(f"redis://worker:{WORDS[0]}/{WORDS[1]}@127.0.0.1/0").port
    except ValueError:
        logs.get("anything").exception("broken")
    assert leaked(log.read_text("utf-8")) == [WORDS[0]]
    assert "***" not in log.read_text("utf-8")
