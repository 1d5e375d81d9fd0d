"""Tests of PostgreSQL's outage while people tap: cached screens are shown, and receipts stay."""

from __future__ import annotations

import redis

from sandbox.servers import PostgresServer
from socialboost import jobs
from tests.flows.shop.world import Buyer, Shop, wait_until


def test_a_receipt_forgotten_by_redis_is_not_edited_while_postgresql_is_down(
    shop: Shop, buyer: Buyer, postgres_server: PostgresServer
) -> None:
    order_id = buyer.buy("mini")
    receipt = buyer.read("✅ Оплата успішна")
    with redis.Redis.from_url(shop.redis_url) as client:
        client.delete(f"user_stats:{buyer.id}")  # marked as changed a moment ago: not kept again until then
        jobs.send(jobs.ShowPage(**buyer.fields(), page="support"))
        buyer.read("Підтримка")
        assert client.exists(f"user_stats:{buyer.id}"), "without it nothing can be shown"
        assert client.delete(*client.scan_iter("screens:rendered:*")) > 0
    before = len(buyer.messages())
    postgres_server.stop()
    try:
        jobs.send(jobs.ShowPage(**buyer.fields(tapped=receipt["message_id"]), page="support"))
        wait_until(lambda: len(buyer.messages()) > before, "the page in a new message")
    finally:
        postgres_server.start()
        shop.reconnect()
    kept = next(m for m in buyer.messages() if m["message_id"] == receipt["message_id"])
    assert order_id in kept["text"]
