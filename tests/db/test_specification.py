"""Tests of the defects in the specification's SQL: each is shown there and is absent in ours.

Every test runs on both: `specification` must show the defect, `ours` must not. A test that passed on both
would prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once, opened

SPECIFICATION = Path(__file__).with_name("specification.sql")
LIMIT = 2


class Shop:
    """The few steps the tests take, in the words of either schema."""

    def __init__(self, store: Store, version: str) -> None:
        self.store = store
        self.flawed = version == "specification"
        self.telegram_id: Any = "4242" if self.flawed else 4242

    def open(self) -> None:
        """One package, one person."""
        self.store.run(
            "INSERT INTO packages (slug, name, price, posts_per_day) VALUES ('starter', 'Starter', %s, %s)",
            PRICE, LIMIT,
        )  # fmt: skip
        if self.flawed:
            self.store.run("INSERT INTO users (telegram_id, username) VALUES (%s, 'buyer')", self.telegram_id)
        else:
            self.store.call("register_user", self.telegram_id, "buyer", None, None, "uk", None)

    def user_id(self) -> Any:
        return self.store.value("SELECT id FROM users")

    def order(self) -> str:
        answer = self.store.call("create_order", self.telegram_id, "starter")
        assert answer["success"], answer
        return str(answer["order_id"])

    def pay(self, order_id: str) -> None:
        """The money comes, as each version knows how to take it."""
        if self.flawed:
            assert self.store.call("activate_order", order_id)
        else:
            assert self.store.pay(f"I-{order_id}", order_id)["outcome"] == "activated"

    def status(self, order_id: str) -> str:
        return str(self.store.value("SELECT status FROM orders WHERE id = %s", order_id))


@pytest.fixture(params=["specification", "ours"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop on the specification's SQL, then one on ours."""
    flawed = request.param == "specification"
    dsn = request.getfixturevalue("empty_database_url" if flawed else "database_url")
    with opened(dsn) as store:
        if flawed:
            store.connection.execute(SPECIFICATION.read_bytes())
        shop = Shop(store, request.param)
        shop.open()
        yield shop


@pytest.mark.parametrize("function", ["get_available_packages", "get_pending_tasks"])
def test_the_specified_history_function_fails_and_ours_runs(shop: Shop, function: str) -> None:
    """ORDER BY and LIMIT around an aggregate make the specification's function fail at its first call."""
    if shop.flawed:
        with pytest.raises(psycopg.errors.GroupingError):
            shop.store.call(function)
    else:
        assert isinstance(shop.store.call(function), list)


def test_the_specified_join_multiplies_sums_and_ours_does_not(shop: Shop) -> None:
    """With two orders and three posts a join counts each order three times and each post twice."""
    for _ in range(2):
        shop.pay(shop.order())
    for number in range(3):
        if number == LIMIT:  # the first two were yesterday's
            shop.store.run("UPDATE posts SET created_at = created_at - interval '1 day'")
            if not shop.flawed:
                shop.store.run("UPDATE posts SET local_day = local_day - 1")
        answer = shop.store.call("add_user_post_v2", shop.user_id(), f"https://t.me/c/{number}", "telegram")
        assert answer["success"], answer

    stats = shop.store.call("get_user_stats", shop.telegram_id)

    found = (stats["total_spent"], stats["orders_count"], stats["posts_count"])
    right = (PRICE * 2, 2, 3)
    assert found == ((PRICE * 6, 6, 6) if shop.flawed else right)


def test_many_posts_at_once_keep_the_daily_limit(shop: Shop) -> None:
    """40 posts at once with a limit of 2: counted without a lock, far more are accepted."""
    shop.pay(shop.order())
    user_id = shop.user_id()

    def add(store: Store, number: int) -> bool:
        answer = store.call("add_user_post_v2", user_id, f"https://t.me/c/{number}", "telegram")
        return bool(answer["success"])

    accepted = sum(at_once(shop.store.dsn, 40, add, behind="posts"))

    assert accepted == (40 if shop.flawed else LIMIT)
    assert shop.store.value("SELECT count(*) FROM posts") == accepted


def test_money_after_a_cancellation_is_not_lost(shop: Shop) -> None:
    """An order is cancelled while its invoice can still be paid. The specification loses that money."""
    order_id = shop.order()
    shop.store.run("UPDATE orders SET status = 'cancelled' WHERE id = %s", order_id)

    activated = shop.store.call("activate_order", order_id)

    if shop.flawed:
        assert not activated
        assert shop.status(order_id) == "cancelled"
    else:
        assert activated
        assert shop.status(order_id) == "paid"
        assert shop.store.value("SELECT is_late FROM orders WHERE id = %s", order_id)


def test_a_double_tap_on_buy_opens_one_order(shop: Shop) -> None:
    """In the specification it opens two payable orders of one package."""
    orders = {shop.order(), shop.order()}
    assert len(orders) == (2 if shop.flawed else 1)


def test_many_activations_at_once_activate_once(shop: Shop) -> None:
    """The specification's only guard (WHERE status = 'pending') is kept: 50 callers, one activation."""
    order_id = shop.order()
    results = at_once(
        shop.store.dsn, 50, lambda store, _: store.call("activate_order", order_id), behind="orders"
    )
    assert sum(results) == 1


def test_money_is_numeric_and_never_a_float(shop: Shop) -> None:
    shop.pay(shop.order())
    assert isinstance(shop.store.call("get_user_stats", shop.telegram_id)["total_spent"], Decimal)
