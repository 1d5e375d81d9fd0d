"""Tests of the balance: a sum of entries that are never changed, and no money is spent twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once
from tests.db.test_decisions import ADMIN, balance, decide


@pytest.fixture
def buyer(store: Store) -> int:
    return store.person()


def give(store: Store, telegram_id: int, amount: object) -> None:
    """Money that was added directly, without a payment."""
    store.run(
        "INSERT INTO balance_entries (user_id, amount, kind, reference)"
        " VALUES (%s, %s, 'gift', gen_random_uuid())",
        store.user_id(telegram_id), amount,
    )  # fmt: skip


def pay(store: Store, telegram_id: int, order_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = store.call("pay_from_balance", telegram_id, order_id)
    return answer


def test_a_package_is_paid_from_the_balance(store: Store, buyer: int) -> None:
    give(store, buyer, 150)
    order_id = store.order(buyer)

    answer = pay(store, buyer, order_id)

    assert (answer["outcome"], answer["order_id"], answer["status"]) == ("activated", order_id, "paid")
    assert (answer["amount"], answer["balance"]) == (PRICE, 150 - PRICE)
    assert store.order_row(order_id)["payment_method"] == "balance"
    (paid,) = store.rows("SELECT * FROM payments")
    assert (paid["provider"], paid["state"], paid["amount"]) == ("balance", "applied", PRICE)
    assert paid["verified_at"] is not None
    assert store.stats(buyer)["total_spent"] == PRICE


def test_exactly_the_balance_can_be_spent(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    give(store, buyer, PRICE - Decimal("0.01"))
    short = pay(store, buyer, order_id)
    assert (short["outcome"], short["status"], short["balance"]) == (
        "insufficient", "pending", PRICE - Decimal("0.01"),
    )  # fmt: skip
    assert store.value("SELECT count(*) FROM payments") == 0

    give(store, buyer, Decimal("0.01"))
    assert pay(store, buyer, order_id)["outcome"] == "activated"
    assert balance(store, buyer) == 0


@pytest.mark.parametrize("event", ["cancelled", "failed", "paid", "past its deadline"])
def test_only_a_pending_order_is_paid_from_the_balance(store: Store, buyer: int, event: str) -> None:
    give(store, buyer, 500)
    order_id = store.order(buyer)
    if event == "paid":
        pay(store, buyer, order_id)
    elif event == "past its deadline":
        store.later("61 minutes")
    else:
        store.run("UPDATE orders SET status = %s WHERE id = %s", event, order_id)
    before = balance(store, buyer)

    assert pay(store, buyer, order_id)["outcome"] == "not_pending"
    assert balance(store, buyer) == before


def test_another_person_s_order_is_treated_as_unknown(store: Store, buyer: int) -> None:
    stranger = store.person()
    give(store, stranger, 500)
    answer = pay(store, stranger, store.order(buyer))
    assert answer == {
        "outcome": "not_found",
        "order_id": None,
        "amount": None,
        "balance": None,
        "status": None,
    }
    assert balance(store, stranger) == 500


def test_an_invoice_paid_after_the_balance_is_the_second_payment(store: Store, buyer: int) -> None:
    give(store, buyer, PRICE)
    order_id = store.order(buyer, invoice="I1")
    pay(store, buyer, order_id)

    assert store.pay("I1", order_id)["reason"] == "second_payment"
    decide(store, "I1", "credit")
    assert balance(store, buyer) == PRICE


def test_a_refund_to_the_balance_happens_at_once_and_once(store: Store, buyer: int) -> None:
    give(store, buyer, PRICE)
    order_id = store.order(buyer)
    pay(store, buyer, order_id)

    answer = decide(store, order_id, "refund")

    assert (answer["success"], answer["refunded"], answer["refund_id"]) == (True, True, None)
    assert (store.order_row(order_id)["status"], balance(store, buyer)) == ("refunded", PRICE)
    assert decide(store, order_id, "refund")["error"] == "already_resolved"
    assert store.stats(buyer)["total_spent"] == 0


def test_of_twenty_payments_at_once_with_money_for_one_one_succeeds(store: Store, buyer: int) -> None:
    give(store, buyer, PRICE)
    orders = [store.order(buyer, store.package(f"p{number}")) for number in range(20)]

    answers = at_once(store.dsn, 20, lambda other, n: pay(other, buyer, orders[n]), behind="payments")

    outcomes = [answer["outcome"] for answer in answers]
    assert (outcomes.count("activated"), outcomes.count("insufficient")) == (1, 19)
    assert balance(store, buyer) == 0
    assert store.value("SELECT count(*) FROM activations") == 1


def test_one_order_paid_twenty_times_at_once_is_paid_once(store: Store, buyer: int) -> None:
    give(store, buyer, 5000)
    order_id = store.order(buyer)
    answers = at_once(store.dsn, 20, lambda other, _: pay(other, buyer, order_id), behind="payments")
    assert [answer["outcome"] for answer in answers].count("activated") == 1
    assert balance(store, buyer) == 5000 - PRICE


def test_a_refund_from_the_balance_by_ten_admins_at_once_comes_once(store: Store, buyer: int) -> None:
    give(store, buyer, PRICE)
    order_id = store.order(buyer)
    pay(store, buyer, order_id)
    payment_id = store.value("SELECT id FROM payments")
    at_once(store.dsn, 10, lambda other, n: other.call("resolve_payment", payment_id, "refund", ADMIN + n))
    assert balance(store, buyer) == PRICE


@pytest.mark.parametrize("statement", [
    "UPDATE users SET balance = 1000000",
    "INSERT INTO users (telegram_id, language, balance) VALUES (1, 'uk', 5)",
    "UPDATE balance_entries SET amount = 1000",
    "DELETE FROM balance_entries",
    "TRUNCATE balance_entries",
    "UPDATE admin_actions SET admin_telegram_id = 1",
    "DELETE FROM admin_actions",
    "TRUNCATE admin_actions",
])  # fmt: skip
def test_balance_entries_cannot_be_changed_even_by_their_owner(
    store: Store, buyer: int, statement: str
) -> None:
    give(store, buyer, 5)
    store.run("INSERT INTO admin_actions (admin_telegram_id, action) VALUES (1, 'x')")
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        store.run(statement)


def test_the_balance_cannot_become_negative(store: Store, buyer: int) -> None:
    give(store, buyer, 5)
    with pytest.raises(psycopg.errors.CheckViolation):
        give(store, buyer, -6)
