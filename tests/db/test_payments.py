"""Tests of apply_payment: a paid invoice ends as one activation or one listed exception."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once


def payment(store: Store, invoice: str) -> dict[str, Any]:
    """The recorded payment."""
    return store.rows("SELECT * FROM payments WHERE invoice_id = %s", invoice)[0]


@pytest.fixture
def buyer(store: Store) -> int:
    return store.person()


def test_the_exact_amount_activates_the_order(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")

    answer = store.pay("I1", order_id)

    assert (answer["outcome"], answer["reason"], answer["is_late"]) == ("activated", None, False)
    assert (answer["order_id"], answer["telegram_id"], answer["package_name"]) == (order_id, buyer, "Starter")
    assert (answer["amount"], answer["asset"]) == (PRICE, "USDT")
    order = store.order_row(order_id)
    assert (order["status"], order["payment_method"]) == ("paid", "crypto_pay")
    assert (order["expires_at"] - order["activated_at"]).total_seconds() == 720 * 3600
    recorded = payment(store, "I1")
    assert (recorded["state"], recorded["reason"], recorded["raw_event"]) == ("applied", None, b"sealed")
    assert store.value("SELECT status FROM invoices") == "paid"


def test_a_repeated_event_changes_nothing(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    first = store.pay("I1", order_id)
    before = store.order_row(order_id)

    for amount in (PRICE, Decimal(1)):
        again = store.pay("I1", order_id, amount)
        assert (again["outcome"], again["payment_id"]) == ("duplicate", first["payment_id"])

    assert store.order_row(order_id) == before
    assert store.value("SELECT count(*) FROM payments") == 1


@pytest.mark.parametrize(
    ("amount", "asset", "reason"),
    [
        (Decimal("99.98"), "USDT", "wrong_amount"),
        (Decimal("100.00"), "USDT", "wrong_amount"),
        (Decimal("99.9900000001"), "USDT", "wrong_amount"),
        (Decimal(0), "USDT", "wrong_amount"),
        (Decimal("-99.99"), "USDT", "wrong_amount"),
        (Decimal("NaN"), "USDT", "wrong_amount"),
        (Decimal("Infinity"), "USDT", "wrong_amount"),
        (Decimal("1e400"), "USDT", "wrong_amount"),
        (None, "USDT", "wrong_amount"),
        (PRICE, "TON", "wrong_asset"),
        (PRICE, "usdt", "wrong_asset"),
        (PRICE, "", "wrong_asset"),
        (PRICE, None, "wrong_asset"),
    ],
)
def test_money_that_differs_from_the_quote_waits_for_a_decision(
    store: Store, buyer: int, amount: Decimal | None, asset: str | None, reason: str
) -> None:
    order_id = store.order(buyer, invoice="I1")

    answer = store.pay("I1", order_id, amount, asset)

    assert (answer["outcome"], answer["reason"], answer["telegram_id"]) == ("exception", reason, buyer)
    assert payment(store, "I1")["state"] == "exception"
    assert store.order_row(order_id)["status"] == "processing"
    assert store.value("SELECT count(*) FROM activations") == 0
    assert store.stats(buyer)["total_spent"] == 0


def test_a_trailing_zero_does_not_change_the_amount(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    assert store.pay("I1", order_id, Decimal("99.9900"))["outcome"] == "activated"


@pytest.mark.parametrize(
    ("status", "after", "outcome", "is_late"),
    [
        ("pending", "0", "activated", False),
        ("pending", "2 hours", "activated", True),
        ("cancelled", "0", "activated", True),
        ("cancelled", "24 hours 59 minutes", "activated", True),
        ("failed", "24 hours 59 minutes", "activated", True),
        ("cancelled", "25 hours 1 minute", "exception", False),
        ("failed", "25 hours 1 minute", "exception", False),
        ("pending", "25 hours 1 minute", "exception", False),
    ],
)
def test_late_money_counts_for_a_day_after_the_deadline(
    store: Store, buyer: int, status: str, after: str, outcome: str, *, is_late: bool
) -> None:
    order_id = store.order(buyer, invoice="I1")
    store.run("UPDATE orders SET status = %s, deadline_at = now() + interval '1 hour'", status)
    store.later(after)

    answer = store.pay("I1", order_id)

    assert (answer["outcome"], answer["is_late"]) == (outcome, is_late)
    expected = ("paid", "late" if is_late else None) if outcome == "activated" else ("processing", "too_late")
    assert (store.order_row(order_id)["status"], payment(store, "I1")["reason"]) == expected


@pytest.mark.parametrize(
    ("ended", "after_cancel"), [("by its buyer", True), ("by the sweep", False), ("by a decision", False)]
)
def test_money_after_a_cancellation_is_flagged(
    store: Store, buyer: int, ended: str, *, after_cancel: bool
) -> None:
    """Late money is late in any case. The cancellation is named only if there was one."""
    order_id = store.order(buyer, invoice="I1")
    if ended == "by its buyer":
        store.call("cancel_order", buyer, order_id)
    elif ended == "by the sweep":
        store.later("61 minutes")
        store.call("expire_orders", 10)
    else:
        store.pay("I0", order_id, Decimal(1))
        store.call("resolve_payment", payment(store, "I0")["id"], "dismiss", 900)
    assert store.order_row(order_id)["status"] == "cancelled"

    answer = store.pay("I1", order_id)

    assert (answer["outcome"], answer["is_late"]) == ("activated", True)
    assert answer["after_cancel"] is payment(store, "I1")["after_cancel"] is after_cancel


def test_a_second_payment_never_touches_a_paid_order(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    store.pay("I1", order_id)
    before = store.order_row(order_id)

    answer = store.pay("I2", order_id)

    assert (answer["outcome"], answer["reason"], answer["order_id"]) == (
        "exception",
        "second_payment",
        order_id,
    )
    assert store.order_row(order_id) == before
    assert store.value("SELECT count(*) FROM activations") == 1
    assert store.stats(buyer)["total_spent"] == PRICE


def test_the_right_amount_after_a_wrong_one_waits_too(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    store.pay("I1", order_id, Decimal(1))
    assert store.pay("I2", order_id)["reason"] == "second_payment"
    assert store.order_row(order_id)["status"] == "processing"


@pytest.mark.parametrize("carried", [None, "", "42", "not-an-id", "00000000-0000-4000-8000-000000000000"])
def test_money_for_an_order_we_do_not_know_is_listed(store: Store, carried: str | None) -> None:
    answer = store.pay("I9", carried)

    assert (answer["outcome"], answer["reason"], answer["order_id"]) == ("exception", "unknown_order", None)
    assert store.pay("I9", carried)["outcome"] == "duplicate"
    assert payment(store, "I9")["amount"] == PRICE


def test_an_invoice_that_carries_another_order_pays_for_neither(store: Store, buyer: int) -> None:
    store.package("other")
    mine, foreign = store.order(buyer, invoice="I1"), store.order(store.person(), "other", invoice="I2")

    assert store.pay("I1", foreign)["reason"] == "unknown_order"

    assert {store.order_row(order)["status"] for order in (mine, foreign)} == {"pending"}


def test_a_payment_that_overtook_its_invoice_is_adopted(store: Store, buyer: int) -> None:
    """The webhook came before createInvoice's answer was recorded."""
    order_id = store.order(buyer)

    assert store.pay("I1", order_id)["outcome"] == "activated"

    invoice = store.rows("SELECT * FROM invoices")[0]
    assert (invoice["invoice_id"], invoice["adopted"], invoice["status"]) == ("I1", True, "paid")
    attached = store.call("attach_invoice", order_id, "I1", "USDT", PRICE, "https://pay.example/1", None)
    assert (attached["success"], attached["error"], attached["status"]) == (False, "not_pending", "paid")


def test_an_adopted_payment_is_compared_with_the_order(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    assert store.pay("I1", order_id, Decimal(1))["reason"] == "wrong_amount"


def test_one_payment_reported_many_times_at_once_activates_once(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")

    answers = at_once(store.dsn, 20, lambda other, _: other.pay("I1", order_id), behind="payments")

    outcomes = [answer["outcome"] for answer in answers]
    assert (outcomes.count("activated"), outcomes.count("duplicate")) == (1, 19)
    assert store.value("SELECT count(*) FROM activations") == 1


def test_many_invoices_of_one_order_paid_at_once_activate_once(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)

    answers = at_once(store.dsn, 20, lambda other, n: other.pay(f"I{n}", order_id), behind="payments")

    assert [answer["outcome"] for answer in answers].count("activated") == 1
    assert store.value("SELECT count(*) FROM payments") == 20
    assert store.value("SELECT count(*) FROM payments WHERE reason = 'second_payment'") == 19


def test_unknown_money_reported_many_times_at_once_is_listed_once(store: Store) -> None:
    answers = at_once(store.dsn, 20, lambda other, _: other.pay("I9", None), behind="payments")
    assert [answer["outcome"] for answer in answers].count("exception") == 1


def test_a_payment_wins_over_a_cancellation_at_the_same_time(store: Store, buyer: int) -> None:
    for number in range(5):
        slug = store.package(f"race-{number}")
        order_id = store.order(buyer, slug, invoice=f"R{number}")

        def act(other: Store, thread: int, order_id: str = order_id, number: int = number) -> Any:
            if thread == 0:
                return other.pay(f"R{number}", order_id)
            return other.call("cancel_order", buyer, order_id)

        at_once(store.dsn, 2, act)
        assert store.order_row(order_id)["status"] == "paid"


def test_figures_count_money_less_refunds(store: Store, buyer: int) -> None:
    first = store.buy(buyer)
    store.buy(store.person())
    store.later("721 hours")
    store.call("complete_orders", 10)
    store.run("UPDATE payments SET refunded_amount = 9.99 WHERE order_id = %s", first)

    assert store.stats(buyer)["total_spent"] == PRICE - Decimal("9.99")
    admin = store.call("get_admin_stats")
    assert (admin["paid_orders"], admin["active_users"]) == (2, 0)
    assert admin["total_revenue"] == PRICE * 2 - Decimal("9.99")


def test_the_database_refuses_a_refund_above_the_payment(store: Store, buyer: int) -> None:
    store.buy(buyer)
    with pytest.raises(psycopg.errors.CheckViolation):
        store.run("UPDATE payments SET refunded_amount = amount + 1")
