"""Tests of figures kept by triggers: they equal a count of the rows, also under concurrency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once, opened

COUNTED = """
    SELECT json_build_object(
        'total_users', (SELECT count(*) FROM users),
        'active_users', (
            SELECT count(DISTINCT user_id) FROM orders
            WHERE status = 'paid' AND activated_at <= statement_timestamp()
                AND expires_at > statement_timestamp()
        ),
        'total_orders', (SELECT count(*) FROM orders),
        'paid_orders', (SELECT count(*) FROM orders WHERE status IN ('paid', 'completed')),
        'total_revenue', (
            SELECT round(coalesce(sum(amount - refunded_amount), 0), 2) FROM payments
            WHERE state = 'applied' AND asset = 'USDT'
        ),
        'revenue_by_asset', (
            SELECT coalesce(json_object_agg(asset, amount), '{}') FROM (
                SELECT asset, trim_scale(sum(amount - refunded_amount)) AS amount FROM payments
                WHERE state = 'applied' AND asset <> 'USDT' GROUP BY asset
                HAVING sum(amount - refunded_amount) <> 0
            ) AS other
        ),
        'total_posts', (SELECT count(*) FROM posts),
        'active_posts', (SELECT count(*) FROM posts WHERE status IN ('pending', 'processing')),
        'completed_posts', (SELECT count(*) FROM posts WHERE status = 'completed')
    )
"""


def counted(store: Store) -> dict[str, Any]:
    """Return the expected figures of get_admin_stats, counted from the rows."""
    found: dict[str, Any] = store.value(COUNTED)
    return found


def kept(store: Store) -> dict[str, Any]:
    """Return the same figures from get_admin_stats."""
    found = store.call("get_admin_stats")
    return {name: found[name] for name in counted(store)}


def activated_by_hand(store: Store, buyer: int, asset: str) -> None:
    """Somebody pays in another coin, and an admin takes it."""
    invoice = f"{asset}-{buyer}"
    store.pay(invoice, store.order(buyer, invoice=invoice), Decimal("1.5"), asset)
    payment_id = store.value("SELECT id FROM payments WHERE invoice_id = %s", invoice)
    assert store.call("resolve_payment", payment_id, "activate", 1)["success"]


@pytest.mark.breaks(
    *("order_refunded_without_refund", "decision_without_effect"),
    why="it takes days and money back by hand: figures only",
)
def test_the_figures_follow_every_step_of_a_day(store: Store) -> None:
    """Each step changes the figures together with the rows."""
    store.package("pro")
    buyer, other = store.person(), store.person()
    steps = [
        lambda: store.buy(buyer),
        lambda: store.buy(buyer, "pro"),
        lambda: store.buy(buyer),
        lambda: store.buy(other),
        lambda: store.call("update_task_status", store.post(other)["task_id"], "completed", None, None),
        lambda: store.call("update_task_status", store.post(other)["task_id"], "failed", None, None),
        lambda: store.post(buyer),
        lambda: store.order(other, "pro", invoice="wrong"),
        lambda: store.pay("wrong", None, Decimal(1)),
        lambda: store.call(
            "refund_order", store.rows("SELECT id FROM orders WHERE status = 'paid'")[0]["id"]
        ),
        lambda: store.run("UPDATE payments SET refunded_amount = 9.99 WHERE order_id = %s", store.buy(other)),
        lambda: activated_by_hand(store, store.person(), "TON"),
        lambda: activated_by_hand(store, store.person(), "BTC"),
        lambda: store.run("UPDATE payments SET refunded_amount = 0.25 WHERE asset = 'TON'"),
        lambda: store.run("UPDATE payments SET refunded_amount = amount WHERE asset = 'BTC'"),
        lambda: store.later("31 days"),
        lambda: store.call("complete_orders", 1),
        lambda: store.call("complete_orders", 100),
        lambda: store.later("100 days"),
        lambda: store.call("complete_orders", 100),
        lambda: store.call("fold_figures"),
        lambda: store.buy(buyer),
    ]
    for number, step in enumerate(steps):
        step()
        assert kept(store) == counted(store), f"after step {number}"
    assert counted(store)["active_users"] == 1
    assert kept(store)["revenue_by_asset"] == {"TON": Decimal("1.25")}
    store.call("recount_figures")
    assert kept(store) == counted(store)


@pytest.mark.breaks("order_refunded_without_refund", why="it takes days back without money: figures only")
def test_the_figures_are_right_after_many_changes_at_once(store: Store) -> None:
    """Eight connections buy, post, refund and sweep, while the figures are folded again and again."""
    people = [store.person() for _ in range(4)]
    store.package("pro")
    for person in people:
        store.buy(person)
    store.run("UPDATE orders SET activated_at = now() - interval '31 days', expires_at = now()")

    def act(other: Store, number: int) -> None:
        person, slug = people[number % 4], ("starter", "pro")[number // 4]
        for turn in range(10):
            invoice = f"R{number}-{turn}"
            order_id = other.order(person, slug, invoice=invoice)
            other.pay(invoice, order_id)
            other.call("fold_figures")
            if turn % 3 == 0:
                other.call("refund_order", order_id)
            post = other.post(person)
            if post["success"]:
                other.call("update_task_status", post["task_id"], "completed", None, None)
            other.call("complete_orders", 2)

    at_once(store.dsn, 8, act)

    assert kept(store) == counted(store)
    assert counted(store)["total_posts"] >= 4
    store.call("fold_figures")
    assert kept(store) == counted(store)
    assert store.value("SELECT count(*) FROM figures WHERE backend <> 0") == 0


def test_two_sweeps_at_once_do_not_complete_one_person_s_orders(store: Store) -> None:
    """Otherwise each would see the other order as paid, and the person would never be subtracted."""
    buyer = store.person()
    store.package("pro")
    store.buy(buyer)
    store.buy(buyer, "pro")
    store.run("UPDATE orders SET activated_at = now() - interval '31 days', expires_at = now()")

    with opened(store.dsn) as other, other.connection.transaction():
        assert other.call("complete_orders", 1) == 1
        assert store.call("complete_orders", 10) == 0
    assert store.call("complete_orders", 10) == 1

    assert store.value("SELECT sum(amount) FROM figures WHERE name = 'people_paid'") == 0
    assert kept(store) == counted(store)


def test_moving_figures_blocks_no_other_transaction(store: Store) -> None:
    """An open transaction that has changed figures does not block others from changing them."""
    buyer, another = store.person(), store.person()
    order_id = store.order(buyer, invoice="W1")
    with opened(store.dsn) as slow, slow.connection.transaction():
        slow.buy(another)
        store.run("SET lock_timeout = '100ms'")
        assert store.pay("W1", order_id)["outcome"] == "activated"
        assert store.call("fold_figures") > 0
    assert kept(store) == counted(store)


def test_a_rolled_back_change_is_not_counted(store: Store) -> None:
    store.buy(store.person())
    before = kept(store)
    with store.connection.transaction(force_rollback=True):
        store.post(store.rows("SELECT telegram_id FROM users")[0]["telegram_id"])
        assert kept(store) != before
    assert kept(store) == before == counted(store)


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize(("table", "trigger"), [
    ("users", "count_users"), ("orders", "count_inserted"), ("orders", "count_updated"),
    ("payments", "count_payments"), ("posts", "count_posts"),
])  # fmt: skip
def test_without_a_trigger_they_differ_until_they_are_recounted(
    store: Store, table: str, trigger: str
) -> None:
    store.run(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    buyer = store.person()
    store.buy(buyer)
    store.post(buyer)
    assert kept(store) != counted(store)

    store.run(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
    store.call("recount_figures")

    assert kept(store) == counted(store)
    assert counted(store)["total_revenue"] == PRICE


def test_rows_deleted_by_the_owner_are_subtracted(store: Store) -> None:
    buyer = store.person()
    store.buy(buyer)
    store.post(buyer)
    for table in ("tasks", "posts", "activations", "payments", "invoices", "orders", "users"):
        store.run(f"DELETE FROM {table}")  # noqa: S608 (names above)
    assert kept(store) == counted(store)
    assert counted(store)["total_users"] == 0


def test_a_worker_may_not_recount(store: Store) -> None:
    store.run("SET ROLE socialboost_worker")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        store.call("recount_figures")
