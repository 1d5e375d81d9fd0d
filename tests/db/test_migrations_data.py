"""The way back and forward again over what was decided: money and who decided stay."""

from __future__ import annotations

from decimal import Decimal

import pytest

from socialboost.db import migrations
from tests.db.store import Store
from tests.db.test_balance import give
from tests.db.test_decisions import decide, excepted

LAST_BEFORE = "0003_worker_role"


def back_and_forward(dsn: str) -> None:
    """To before what admins decide existed, and to the newest again."""
    newer = [migration.name for migration in migrations.load() if migration.name > LAST_BEFORE]
    assert migrations.down(dsn, len(newer)) == newer[::-1]
    assert migrations.migrate(dsn) == newer


@pytest.mark.breaks(
    *("decision_without_effect", "order_refunded_without_refund"),
    why="the way back drops the table of refunds; their payments still say what went back",
)
def test_what_was_decided_outlives_a_step_back(store: Store) -> None:
    buyer = store.person()
    for number, action in enumerate(("activate", "credit", "refund", "dismiss")):
        excepted_slug = store.package(f"p{number}")
        order_id = store.order(buyer, excepted_slug, invoice=f"E{number}")
        store.pay(f"E{number}", order_id, Decimal(5))
        refund = decide(store, f"E{number}", action)["refund_id"]
        if refund:
            store.call("settle_refund", refund, "sent", "T1", None)
    give(store, buyer, 100)
    store.call("pay_from_balance", buyer, store.order(buyer))
    store.run("INSERT INTO dead_letters (queue, message_id, body) VALUES ('payments', 'm', '\\x00')")
    task = store.post(buyer)["task_id"]
    store.call("begin_dispatch", task, "pusher", 60)
    store.call("record_dispatch", task, "pusher", "accepted", None, None)
    store.call("reissue_task", task)
    before = facts(store)

    back_and_forward(store.dsn)

    assert facts(store) == before
    resolved = "SELECT invoice_id, resolution FROM payments WHERE state = 'resolved' ORDER BY invoice_id"
    assert [(row["invoice_id"], row["resolution"]) for row in store.rows(resolved)] == [
        ("E1", "credited"), ("E2", "refunded"), ("E3", "dismissed"),
    ]  # fmt: skip
    again = excepted(store, store.person(), "I9")
    assert decide(store, "I9", "activate")["order_id"] == again
    assert store.call("begin_dispatch", task, "pusher", 60)["outcome"] == "push"


def facts(store: Store) -> dict[str, object]:
    """What both schemas know of orders, money and tasks."""
    return {
        "orders": store.rows("SELECT id, status, activated_at, expires_at FROM orders ORDER BY id"),
        "payments": store.rows(
            "SELECT id, order_id, state, reason, amount, refunded_amount FROM payments ORDER BY id"
        ),
        "balances": store.rows("SELECT id, balance FROM users ORDER BY id"),
        "entries": store.rows("SELECT * FROM balance_entries ORDER BY id"),
        "tasks": store.rows("SELECT id, status, attempts, due_at FROM tasks ORDER BY id"),
        "actions": store.rows("SELECT * FROM admin_actions ORDER BY created_at"),
    }
