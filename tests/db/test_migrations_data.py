"""The way back and forward again over what was decided: money and who decided stay."""

from __future__ import annotations

from decimal import Decimal

import pytest

from socialboost.db import administration, migrations
from tests.db.store import Store
from tests.db.test_balance import give
from tests.db.test_decisions import decide, excepted

LAST_BEFORE = "0003_worker_role"


FIRST_OF_IDENTITY = "_post_identity"


def test_stored_posts_get_their_identity_and_repeats_get_none(store: Store) -> None:
    """From a database as the version before left it: there a post was sold under each of its names."""
    names = [migration.name for migration in migrations.load()]
    newer = names[next(n for n, name in enumerate(names) if name.endswith(FIRST_OF_IDENTITY)) :]
    buyer = store.person()
    store.buy(buyer, store.package("plenty", posts_per_day=20))
    assert migrations.down(store.dsn, len(newer)) == newer[::-1]
    tweet = "https://x.com/{}/status/1850000000000000001"
    sold = {
        name: store.call("add_user_post_v2", store.user_id(buyer), link, platform, None)
        for name, platform, link in (
            ("failed", "x", tweet.format("f")), ("first", "x", tweet.format("a")),
            ("i", "x", tweet.format("i")),
            ("b", "x", tweet.format("b")), ("reel", "facebook", "https://www.facebook.com/reel/9"),
            ("watch", "facebook", "https://www.facebook.com/watch/?v=9"),
            ("channel", "telegram", "https://t.me/channel/9"), ("odd", "telegram", "https://t.me/channel/x/9"),
        )
    }  # fmt: skip
    assert all(answer["success"] for answer in sold.values())
    store.call("update_task_status", sold["failed"]["task_id"], "failed", None, None)
    yesterday = (
        "UPDATE posts SET created_at = created_at - interval '1 day', local_day = local_day - 1 WHERE id = %s"
    )
    store.run(yesterday, sold["b"]["post_id"])

    assert migrations.migrate(store.dsn) == newer

    refs = {str(row["id"]): row["post_ref"] for row in store.rows("SELECT id, post_ref FROM posts")}
    assert {name: refs[answer["post_id"]] for name, answer in sold.items()} == {
        "failed": "1850000000000000001", "first": "1850000000000000001", "i": None,
        "b": "1850000000000000001", "reel": "9", "watch": None,
        "channel": "channel/9", "odd": "https://t.me/channel/x/9",
    }  # fmt: skip
    listed = administration.repeats(store.dsn)
    assert {(row["url"], row["repeats"]) for row in listed} == {
        (tweet.format("i"), tweet.format("a")),
        ("https://www.facebook.com/watch/?v=9", "https://www.facebook.com/reel/9"),
    }
    assert {row["telegram_id"] for row in listed} == {buyer}
    again = store.post(buyer, tweet.format("i"), platform="x")
    assert (again["error"], again["post_id"]) == ("duplicate_post", sold["first"]["post_id"])
    store.call("update_task_status", sold["first"]["task_id"], "failed", None, None)
    again = store.post(buyer, tweet.format("c"), platform="x")
    assert (again["error"], again["post_id"]) == ("duplicate_post", sold["i"]["post_id"])
    assert migrations.down(store.dsn, len(newer)) == newer[::-1]
    assert migrations.migrate(store.dsn) == newer
    assert [row["url"] for row in administration.repeats(store.dsn)] == [
        "https://www.facebook.com/watch/?v=9"
    ]


def back_and_forward(dsn: str) -> None:
    """To before what admins decide existed, and to the newest again."""
    newer = [migration.name for migration in migrations.load() if migration.name > LAST_BEFORE]
    assert migrations.down(dsn, len(newer)) == newer[::-1]
    assert migrations.migrate(dsn) == newer


@pytest.mark.breaks(
    *("decision_without_effect", "order_refunded_without_refund", "active_for_other_money"),
    why="the way back drops the table of refunds, whose payments still say what went back, and who activated",
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
