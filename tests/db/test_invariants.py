"""Tests of find_breaches: it finds each kind of breach made by hand, and none in a busy history."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from socialboost.db.queries import get
from tests.db.store import Store
from tests.db.test_balance import give
from tests.db.test_decisions import ADMIN, decide, excepted, payment
from tests.db.test_parked import park
from tests.invariants import OWED, breaches

ANY = "on purpose, to see that it is found"


def by_hand(store: Store, *statements: str) -> None:
    """Somebody with the owner's rights and every guard switched off."""
    store.run("SET session_replication_role = replica")
    for statement in statements:
        assert store.run(statement) > 0, statement
    store.run("SET session_replication_role = origin")


def bought(store: Store) -> None:
    store.buy(store.person())


def posted(store: Store) -> None:
    buyer = store.person()
    store.buy(buyer)
    store.post(buyer)


def waiting(store: Store) -> None:
    excepted(store, store.person(), "I1")


def credited(store: Store) -> None:
    waiting(store)
    decide(store, "I1", "credit")


def refunded(store: Store) -> None:
    waiting(store)
    store.call("settle_refund", decide(store, "I1", "refund")["refund_id"], "sent", "T1", None)


def bought_from_balance(store: Store) -> None:
    buyer = store.person()
    give(store, buyer, 100)
    store.call("pay_from_balance", buyer, store.order(buyer))


ENTRY = "INSERT INTO balance_entries (user_id, amount, kind, reference)"
TRACE = "INSERT INTO admin_actions (admin_telegram_id, action, subject)"
POST = "INSERT INTO posts (user_id, order_id, url, post_ref, local_day, quota_used)"
BROADCAST = "INSERT INTO broadcasts (admin_telegram_id, body, status, started_at, ended_at, recipients, sent)"
JOB = "INSERT INTO job_ledger (key, actor, queue, state, attempts, max_attempts, run_at, lease_until) VALUES "

CAUSES: list[tuple[str, Callable[[Store], None], list[str]]] = [
    ("payment_without_activation", bought, [
        "DELETE FROM activations", "UPDATE orders SET status = 'cancelled'",
    ]),
    ("active_for_other_money", bought, ["UPDATE payments SET asset = 'TON'"]),
    ("active_for_other_money", bought, ["UPDATE payments SET amount = amount - 1"]),
    ("refund_not_accounted", refunded, ["UPDATE refunds SET asset = 'TON'"]),
    ("decision_without_effect", credited, ["UPDATE payments SET asset = 'TON'"]),
    ("activation_without_payment", bought, [
        "DELETE FROM payments", "UPDATE invoices SET status = 'expired'",
    ]),
    ("invoice_paid_without_payment", bought, ["UPDATE payments SET invoice_id = 'another'"]),
    ("order_active_without_activation", bought, ["UPDATE activations SET revoked_at = now()"]),
    ("order_waits_for_no_decision", bought, ["UPDATE orders SET status = 'processing'"]),
    ("order_refunded_without_refund", bought, [
        "UPDATE orders SET status = 'refunded'", "UPDATE activations SET revoked_at = now()",
    ]),
    ("order_refunded_without_refund", bought, [
        "UPDATE orders SET status = 'refunded'", "UPDATE payments SET refunded_amount = amount",
    ]),
    ("refund_not_accounted", refunded, ["UPDATE refunds SET state = 'wanted'",
        "UPDATE payments SET state = 'exception', resolution = NULL, resolved_at = NULL",
        "UPDATE orders SET status = 'processing'"]),
    ("decision_without_effect", credited, ["DELETE FROM balance_entries", "UPDATE users SET balance = 0"]),
    ("decision_without_effect", waiting, [
        "UPDATE payments SET state = 'resolved', resolution = 'dismissed', resolved_at = now()",
        "UPDATE orders SET status = 'cancelled'",
        f"{ENTRY} SELECT u.id, 5, 'gift', 'payment:' || p.id FROM users u, payments p",  # noqa: S608 (a name above)
        "UPDATE users SET balance = 5",
        f"{TRACE} SELECT 1, 'payment_dismiss', id FROM payments",  # noqa: S608 (a name above)
    ]),
    ("decision_nobody_took", credited, ["DELETE FROM admin_actions"]),
    ("entry_without_cause", bought_from_balance, [
        f"{ENTRY} SELECT id, 7, 'credit', 'payment:' || gen_random_uuid() FROM users",  # noqa: S608 (a name above)
        "UPDATE users SET balance = balance + 7",
    ]),
    ("entry_without_cause", bought_from_balance, [
        f"{ENTRY} SELECT u.id, 5, 'refund', 'refund:' || p.id FROM users AS u, payments AS p",  # noqa: S608 (a name above)
        "UPDATE users SET balance = (SELECT sum(amount) FROM balance_entries)",
    ]),
    ("balance_is_not_its_entries", bought_from_balance, ["UPDATE users SET balance = balance + 1"]),
    ("balance_is_not_its_entries", bought, ["UPDATE users SET balance = 1"]),
    ("buyer_not_told", bought, []),  # no worker runs here: nobody owed the buyer a word
    ("attempted_too_often", bought, [f"{JOB} ('j', 'a', 'q', 'done', 4, 4, now(), NULL)"]),
    ("job_left_behind", bought, [f"{JOB} ('j', 'a', 'q', 'queued', 0, 3, now() - interval '11 min', NULL)"]),
    ("job_left_behind", bought, [
        f"{JOB} ('j', 'a', 'q', 'running', 1, 3, now(), now() - interval '11 min')",
    ]),
    ("task_not_handed_over", posted, ["UPDATE tasks SET created_at = now() - interval '11 min'"]),
    ("task_silent", posted, ["UPDATE tasks SET status = 'sent', sent_at = now() - interval '31 min'"]),
    ("post_is_not_as_its_task", posted, ["UPDATE posts SET status = 'completed'"]),
    ("more_posts_than_the_limit", posted, [
        f"{POST} SELECT user_id, order_id, url || n, post_ref || n, local_day, 1"  # noqa: S608, ISC004 (a name above)
        " FROM posts, generate_series(1, 2) AS n",
    ]),
    ("broadcast_counts_do_not_add_up", bought, [
        f"{BROADCAST} VALUES (1, 'x', 'completed', now(), now() - interval '2 min', 5, 4)",
    ]),
    ("guard_is_off", bought, ["ALTER TABLE orders DISABLE TRIGGER refuse_transition"]),
]  # fmt: skip


def kinds() -> set[bytes]:
    """Every kind the query knows, read from its text."""
    return set(re.findall(rb"SELECT '(\w+)'", get("find_breaches", "many").text))


@pytest.mark.breaks(*(kind for kind, _, _ in CAUSES), why=ANY)
@pytest.mark.parametrize(("kind", "history", "causes"), CAUSES)
def test_each_breach_is_found(
    request: pytest.FixtureRequest, kind: str, history: Callable[[Store], None], causes: list[str]
) -> None:
    if kind == "guard_is_off":
        request.getfixturevalue("database_url")
    store: Store = request.getfixturevalue("store")
    history(store)
    assert breaches(store.dsn, besides=OWED) == []

    if kind == "guard_is_off":
        store.run(causes[0])
    else:
        by_hand(store, *causes)

    expected = {kind} | ({"buyer_not_told"} if kind in OWED else set())
    besides = frozenset() if kind in OWED else OWED
    assert {found for found, _ in breaches(store.dsn, besides=besides)} == expected


def test_every_kind_of_breach_has_a_control() -> None:
    assert {kind.encode() for kind, _, _ in CAUSES} == kinds()


def told(store: Store) -> None:
    """Add the ledger rows that workers write in the same transaction as each payment."""
    store.run(
        "INSERT INTO job_ledger (key, actor, queue, state, done_at)"
        " SELECT CASE state WHEN 'applied' THEN 'receipt:' || order_id"
        " ELSE 'notice:' || reason || ':' || order_id || ':' || invoice_id END, 'a', 'q', 'done', now()"
        " FROM payments WHERE order_id IS NOT NULL ON CONFLICT DO NOTHING"
    )


def test_a_busy_month_breaks_nothing(store: Store) -> None:
    """It has everything legal but unusual: late and second payments, decisions, refunds, retries, silence."""
    store.package("pro", posts_per_day=3)
    buyer, other = store.person(), store.person()
    first = store.order(buyer, invoice="I1")
    store.pay("I1", first)
    store.pay("I2", first)
    told(store)
    decide(store, "I2", "activate")
    give(store, buyer, 300)
    store.call("pay_from_balance", buyer, store.order(buyer, "pro"))
    tasks = [store.post(buyer)["task_id"] for _ in range(3)]
    for task, status in zip(tasks, ("failed", "processing", "sent"), strict=True):
        store.call("update_task_status", task, status, None, None)
    again = store.post(buyer)["task_id"]
    store.call("update_task_status", tasks[0], "completed", None, None)  # late success: four of three
    store.call("begin_dispatch", again, "pusher", 60)
    store.run("UPDATE tasks SET asked_at = now()")
    for number, action in enumerate(("activate", "credit", "refund", "dismiss")):
        slug = store.package(f"p{number}")
        excepted_order = store.order(other, slug, invoice=f"E{number}")
        store.pay(f"E{number}", excepted_order, Decimal("5.555"))
        told(store)
        refund = decide(store, f"E{number}", action)["refund_id"]
        if refund:
            store.call("settle_refund", refund, "refused", None, "NO")
            decide(store, f"E{number}", "refund")
            store.call("settle_refund", refund, "sent", "T", None)
    store.pay("U1", None)
    store.call("name_payment_owner", payment(store, "U1")["id"], other, ADMIN)
    decide(store, "U1", "credit")
    store.order(other, "pro", invoice="I9")
    store.later("26 hours")
    assert len(store.rows("SELECT * FROM expire_orders(100)")) == 1
    store.pay("I9", None)
    park(store, "cp:9")
    store.run(f"{JOB} ('task:{again}', 'a', 'q', 'parked', 3, 3, now() - interval '3 days', NULL)")
    told(store)
    store.run("UPDATE tasks SET sent_at = now() WHERE sent_at IS NOT NULL")
    assert breaches(store.dsn) == []

    refund = decide(store, "I1", "refund")["refund_id"]
    store.call("settle_refund", refund, "sent", "T", None)
    store.later("40 days")
    store.call("complete_orders", 100)
    told(store)
    assert breaches(store.dsn, besides={"task_silent"}) == []
