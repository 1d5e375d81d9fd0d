"""Tests of replayed webhooks: a genuine one that comes again changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests

from sandbox.world import World, wait_for
from tests.security.conftest import Guarded

pytestmark = pytest.mark.e2e

TABLES = (
    *("users", "orders", "invoices", "payments", "activations", "posts", "tasks"),
    *("balance_entries", "admin_actions", "refunds"),
)
TIMES = 20


def test_500_replays_change_no_row_and_send_no_message(guarded: Guarded) -> None:
    world, corpus = guarded.world, signed_corpus(guarded)
    wait_for(lambda: unverified(world) == 0, 60, "the reconciler's own look at the payment")
    wait_for(lambda: unsettled(world) == 0, 60, "the order's own work done")
    before, told = rows(world), messages(guarded)
    assert before["payments"], "nothing was paid, so nothing could be replayed"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda one: deliver(world, *one), corpus * TIMES))
    assert len(statuses) >= 500
    assert set(statuses) == {200}
    wait_for(lambda: queued(world) == 0, 60, "every replay worked on")
    wait_for(lambda: unsettled(world) == 0, 60, "nothing left to do")
    assert rows(world) == before
    assert messages(guarded) == told


def signed_corpus(guarded: Guarded) -> list[tuple[bytes, str]]:
    """The order's event as it came, and as it may come again: other numbers, ages, order and spelling."""
    url = f"{guarded.world.crypto_pay_url}/sim/invoices"
    (invoice,) = requests.get(url, params={"payload": guarded.walk.order_id}, timeout=10).json()["items"]
    dates = [f"2026-{month:02d}-01T00:00:00.000Z" for month in range(1, 13)]
    events: list[dict[str, Any]] = [
        {"update_id": number, "update_type": "invoice_paid", "request_date": date, "payload": invoice}
        for number, date in enumerate(dates)
    ]
    events += [event | {"payload": invoice | {"paid_at": event["request_date"]}} for event in events]
    bodies = [json.dumps(event).encode() for event in events]
    bodies += [json.dumps(events[0], sort_keys=True, indent=1, ensure_ascii=False).encode()]
    bodies += [json.dumps(events[0] | {"payload": invoice | {"status": "paid", "new_field": 1}}).encode()]
    key = hashlib.sha256(guarded.world.secrets["CRYPTOBOT_TOKEN"].encode()).digest()
    return [(body, hmac.new(key, body, hashlib.sha256).hexdigest()) for body in bodies]


def deliver(world: World, body: bytes, signature: str) -> int:
    headers = {"crypto-pay-api-signature": signature, "Content-Type": "application/json"}
    return requests.post(
        f"{world.web_url}/webhook/cryptobot", data=body, headers=headers, timeout=20
    ).status_code


def rows(world: World) -> dict[str, list[str]]:
    """Every row of the tables that hold money and work, as text."""
    with psycopg.connect(world.database_url) as connection:
        return {
            table: sorted(row[0] for row in connection.execute(f"SELECT t::text FROM {table} AS t"))  # type: ignore[call-overload] # noqa: S608
            for table in TABLES
        }


def unverified(world: World) -> int:
    """Payments the reconciler has not seen at Crypto Pay yet: it writes that down once, by itself."""
    return count(world, "SELECT count(*) FROM payments WHERE verified_at IS NULL")


def unsettled(world: World) -> int:
    return count(world, "SELECT count(*) FROM job_ledger WHERE state IN ('queued', 'running')")


def count(world: World, query: str) -> int:
    with psycopg.connect(world.database_url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
    return int(row[0]) if row else 0


def queued(world: World) -> int:
    import redis

    with redis.Redis.from_url(world.redis_url) as operator:
        return int(operator.hlen("dramatiq:payments.msgs"))


def messages(guarded: Guarded) -> list[tuple[int, str]]:
    url = f"{guarded.world.telegram_url}/sim/people/{guarded.walk.person.id}/messages"
    found = requests.get(url, timeout=10).json()["messages"]
    return [(message["message_id"], message["text"]) for message in found]
