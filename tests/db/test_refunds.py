"""Tests of refunds: one spend_id for a payment, sent or refused once, with its effect on the order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once
from tests.db.test_decisions import ADMIN, COLLEAGUE, decide, excepted, payment


@pytest.fixture
def buyer(store: Store) -> int:
    return store.person()


def settle(
    store: Store, refund_id: object, state: str | None, *, refusal: str | None = None
) -> dict[str, Any]:
    transfer = "T1" if state == "sent" else None
    answer: dict[str, Any] = store.call("settle_refund", refund_id, state, transfer, refusal)
    return answer


def refund_row(store: Store, refund_id: object) -> dict[str, Any]:
    return store.rows("SELECT * FROM refunds WHERE id = %s", refund_id)[0]


def test_the_money_of_an_exception_is_refunded(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1", Decimal("7.5"), "TON")

    wanted = decide(store, "I1", "refund")

    assert (wanted["refunded"], wanted["refund_round"]) == (False, 1)
    row = refund_row(store, wanted["refund_id"])
    assert (row["asset"], row["amount"], row["spend_id"]) == ("TON", Decimal("7.5"), f"refund-{row['id']}")
    assert (row["user_id"], row["admin_telegram_id"]) == (store.user_id(buyer), ADMIN)
    assert (store.order_row(order_id)["status"], payment(store, "I1")["state"]) == ("processing", "exception")

    sent = settle(store, wanted["refund_id"], "sent")

    assert (sent["changed"], sent["state"], sent["telegram_id"]) == (True, "sent", buyer)
    assert (sent["order_id"], sent["amount"], sent["asset"]) == (order_id, Decimal("7.5"), "TON")
    assert store.order_row(order_id)["status"] == "refunded"
    back = payment(store, "I1")
    assert (back["state"], back["resolution"], back["refunded_amount"]) == (
        "resolved",
        "refunded",
        Decimal("7.5"),
    )


def test_refunding_an_active_order_takes_back_its_days(store: Store, buyer: int) -> None:
    first, second = store.buy(buyer), store.buy(buyer)
    invoice = store.value("SELECT invoice_id FROM payments WHERE order_id = %s", first)

    wanted = decide(store, invoice, "refund")
    assert store.order_row(first)["status"] == "paid", "until Crypto Pay has sent it"
    settle(store, wanted["refund_id"], "sent")

    assert store.order_row(first)["status"] == "refunded"
    behind = store.order_row(second)
    assert (behind["expires_at"] - store.now()).days == 29, "what stood behind it comes forward"
    back = payment(store, invoice)
    assert (back["state"], back["resolution"]) == ("applied", "refunded")
    assert store.stats(buyer)["total_spent"] == PRICE


def test_a_completed_order_can_be_refunded(store: Store, buyer: int) -> None:
    order_id = store.buy(buyer)
    store.later("31 days")
    store.call("complete_orders", 10)
    invoice = store.value("SELECT invoice_id FROM payments")

    settle(store, decide(store, invoice, "refund")["refund_id"], "sent")

    assert store.order_row(order_id)["status"] == "refunded"


def test_while_a_refund_is_under_way_nothing_else_is_decided(store: Store, buyer: int) -> None:
    excepted(store, buyer, "I1")
    decide(store, "I1", "refund")
    for action in ("activate", "credit", "refund", "dismiss"):
        assert decide(store, "I1", action, COLLEAGUE)["error"] == "refund_under_way"
    assert store.value("SELECT count(*) FROM refunds") == 1


def test_a_refused_refund_changes_nothing_and_is_repeated_with_the_same_spend_id(
    store: Store, buyer: int
) -> None:
    order_id = excepted(store, buyer, "I1")
    wanted = decide(store, "I1", "refund")
    before = (store.order_row(order_id), payment(store, "I1"))

    refused = settle(store, wanted["refund_id"], "refused", refusal="USER_NOT_FOUND")

    assert (refused["changed"], refused["refusal"]) == (True, "USER_NOT_FOUND")
    assert (store.order_row(order_id), payment(store, "I1")) == before
    spend_id = refund_row(store, wanted["refund_id"])["spend_id"]

    again = decide(store, "I1", "refund", COLLEAGUE)

    assert (again["refund_id"], again["refund_round"]) == (wanted["refund_id"], 2)
    row = refund_row(store, again["refund_id"])
    assert (row["spend_id"], row["state"], row["refusal"]) == (spend_id, "wanted", None)
    assert row["admin_telegram_id"] == COLLEAGUE


@pytest.mark.parametrize("action", ["activate", "credit", "dismiss"])
def test_after_a_refused_refund_every_other_decision_is_possible(
    store: Store, buyer: int, action: str
) -> None:
    excepted(store, buyer, "I1")
    refund_id = decide(store, "I1", "refund")["refund_id"]
    settle(store, refund_id, "refused")
    assert refund_row(store, refund_id)["refusal"] == "unknown"

    assert decide(store, "I1", action)["success"]
    assert settle(store, refund_id, "sent")["changed"] is False


def test_a_finished_refund_cannot_be_changed(store: Store, buyer: int) -> None:
    excepted(store, buyer, "I1")
    refund_id = decide(store, "I1", "refund")["refund_id"]
    settle(store, refund_id, "sent")
    before = (refund_row(store, refund_id), payment(store, "I1"))

    for state in ("sent", "refused"):
        again = settle(store, refund_id, state)
        assert (again["changed"], again["state"]) == (False, "sent")
    assert decide(store, "I1", "refund")["error"] == "already_resolved"

    assert (refund_row(store, refund_id), payment(store, "I1")) == before


def test_an_unknown_refund_or_state_is_refused(store: Store) -> None:
    assert settle(store, uuid4(), "sent")["changed"] is False
    for state in ("wanted", "", None):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            settle(store, uuid4(), state)


def test_money_without_an_order_goes_back_to_its_owner(store: Store, buyer: int) -> None:
    store.pay("I9", None)
    store.call("name_payment_owner", payment(store, "I9")["id"], buyer, ADMIN)

    sent = settle(store, decide(store, "I9", "refund")["refund_id"], "sent")

    assert (sent["order_id"], sent["telegram_id"]) == (None, buyer)
    assert (payment(store, "I9")["state"], payment(store, "I9")["resolution"]) == ("resolved", "refunded")


def test_twenty_refunds_at_once_make_one_refund(store: Store, buyer: int) -> None:
    excepted(store, buyer, "I1")
    payment_id = payment(store, "I1")["id"]

    answers = at_once(
        store.dsn, 20, lambda other, n: other.call("resolve_payment", payment_id, "refund", ADMIN + n)
    )

    assert [answer["success"] for answer in answers].count(True) == 1
    assert store.value("SELECT count(*) FROM refunds") == 1


def test_a_refund_settled_twice_at_once_gives_its_days_back_once(store: Store, buyer: int) -> None:
    first, second = store.buy(buyer), store.buy(buyer)
    invoice = store.value("SELECT invoice_id FROM payments WHERE order_id = %s", first)
    refund_id = decide(store, invoice, "refund")["refund_id"]

    answers = at_once(store.dsn, 10, lambda other, _: settle(other, refund_id, "sent"), behind="refunds")

    assert [answer["changed"] for answer in answers].count(True) == 1
    assert (store.order_row(second)["expires_at"] - store.now()).days == 29


def test_the_database_keeps_one_refund_a_payment(store: Store, buyer: int) -> None:
    excepted(store, buyer, "I1")
    decide(store, "I1", "refund")
    with pytest.raises(psycopg.errors.UniqueViolation):
        store.run(
            "INSERT INTO refunds (payment_id, user_id, asset, amount, admin_telegram_id)"
            " SELECT payment_id, user_id, asset, amount, admin_telegram_id FROM refunds"
        )
    with pytest.raises(psycopg.errors.GeneratedAlways):
        store.run("UPDATE refunds SET spend_id = 'another'")
