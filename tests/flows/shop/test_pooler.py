"""Tests of DATABASE_URL with an undeclared transaction pooler: everybody can still buy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.flows.shop.world import Buyer, Shop
from tests.pooler import pgbouncer


def test_twelve_buyers_buy_through_a_transaction_pooler(stage: Shop, tmp_path: Path) -> None:
    with pgbouncer(stage.database_url, tmp_path) as url:
        stage.environment["DATABASE_URL"] = url
        stage.start_workers()
        buyers = [Buyer(stage) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(Buyer.start, buyers))
            orders = list(pool.map(lambda buyer: buyer.buy("mini"), buyers))
        assert stage.value("SELECT count(*) FROM orders WHERE status = 'paid'") == 12
        assert len(set(orders)) == 12
        log = stage.log_text()
        stage.close_workers()
    assert log.count('"transaction_pooler_found"') == 1
    assert "PreparedStatement" not in log
    assert "InvalidSqlStatementName" not in log
