"""Tests of outages of PostgreSQL and Redis: no job is lost, and the admins are notified within a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
import redis

from sandbox.servers import PostgresServer
from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Buyer, Shop, payment, wait_until

Trouble = Callable[[], AbstractContextManager[None]]

WITHIN_SECONDS = 60
"""The admins hear of an outage within a minute (docs/operating.md)."""
AWAY, BACK = "PostgreSQL недоступний", "PostgreSQL знову"
FULL = """
CREATE FUNCTION refuse_for_space() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_for_space();
"""
"""The error of PostgreSQL when it has no space for a row."""
TABLES = ("job_ledger", "leases", "heartbeats", "payments", "orders")


def told(shop: Shop, chat_id: int, words: str) -> int:
    return sum(words in message["text"] for message in shop.messages(chat_id))


@contextmanager
def stopped(shop: Shop, server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()
        shop.reconnect()


@contextmanager
def full(shop: Shop) -> Iterator[None]:
    with psycopg.connect(shop.database_url, autocommit=True) as owner:
        for number, table in enumerate(TABLES):
            statement = FULL.format(table=table)
            owner.execute(statement if number == 0 else statement.split("$$;")[1])  # type: ignore[call-overload]
        try:
            yield
        finally:
            owner.execute("DROP FUNCTION refuse_for_space CASCADE")


@contextmanager
def read_only(shop: Shop) -> Iterator[None]:
    """Make the database read-only as after a failover. Old sessions stay so when it is over."""
    with psycopg.connect(shop.database_url, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        shop.reconnect()
        try:
            yield
        finally:
            owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    shop.reconnect()


@pytest.fixture(params=["stopped", "full", "read_only"])
def trouble(request: pytest.FixtureRequest, shop: Shop, postgres_server: PostgresServer) -> Trouble:
    """Return a context manager that breaks PostgreSQL in one of three ways."""
    sound = "SELECT until > now() FROM leases WHERE name = 'sweeper'"
    wait_until(lambda: shop.value(sound), "the last trouble to be over")
    with redis.Redis.from_url(shop.redis_url) as client:
        client.delete("alarm:database_away")  # the admins heard of it less than an hour ago
    return {
        "stopped": lambda: stopped(shop, postgres_server),
        "full": lambda: full(shop),
        "read_only": lambda: read_only(shop),
    }[request.param]


def test_a_read_only_database_uses_no_attempt_and_is_reported_once(
    shop: Shop, newcomer: Callable[[], Buyer], trouble: Trouble
) -> None:
    payer, waiter = newcomer(), newcomer()
    paid = payer.open_order("mini")
    activation = payment(payer.invoice(paid))
    before = {chat_id: told(shop, chat_id, AWAY) for chat_id in (ADMIN_ID, CHANNEL_ID)}
    with trouble():
        jobs.send(activation)
        order = waiter.do(jobs.OpenOrder, slug="mini")
        wait_until(
            lambda: all(told(shop, chat_id, AWAY) > count for chat_id, count in before.items()),
            "the admins to be told",
            WITHIN_SECONDS,
        )
    for key in (activation.key, order.key, f"receipt:{paid}"):
        assert shop.wait_for_job(key)["attempts"] == 1
    assert payer.count("✅ Оплата успішна") == 1
    ended = {chat_id: count + 1 for chat_id, count in before.items()}
    assert {chat_id: told(shop, chat_id, AWAY) for chat_id in before} == ended
    wait_until(
        lambda: {chat_id: told(shop, chat_id, BACK) for chat_id in before} == ended,
        "its end to be told, once",
    )


def test_a_redis_that_refuses_writes_is_reported_to_the_admins(shop: Shop) -> None:
    with redis.Redis.from_url(shop.redis_url) as client:
        client.config_set("maxmemory", "1")
        try:
            wait_until(
                lambda: told(shop, ADMIN_ID, "Redis недоступний"), "an admin to be told", WITHIN_SECONDS
            )
        finally:
            client.config_set("maxmemory", "0")
    assert told(shop, ADMIN_ID, "Redis недоступний") == 1
    wait_until(lambda: told(shop, ADMIN_ID, "Redis знову") == 1, "its end to be told")
