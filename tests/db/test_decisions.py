"""Tests of resolve_payment: each decision about a payment is taken once and recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once

ADMIN, COLLEAGUE = 900_001, 900_002


@pytest.fixture
def buyer(store: Store) -> int:
    return store.person()


def payment(store: Store, invoice: str) -> dict[str, Any]:
    return store.rows("SELECT * FROM payments WHERE invoice_id = %s", invoice)[0]


def decide(store: Store, invoice: str, action: str, admin: int = ADMIN) -> dict[str, Any]:
    answer: dict[str, Any] = store.call("resolve_payment", payment(store, invoice)["id"], action, admin)
    return answer


def balance(store: Store, telegram_id: int) -> Decimal:
    return Decimal(store.value("SELECT balance FROM users WHERE telegram_id = %s", telegram_id))


def excepted(
    store: Store, buyer: int, invoice: str, amount: object = Decimal(50), asset: str = "USDT"
) -> str:
    """An order whose payment waits for a decision; the order's id."""
    order_id = store.order(buyer, invoice=invoice)
    assert store.pay(invoice, order_id, amount, asset)["outcome"] == "exception"
    return order_id


# --- activate ---


def test_activating_gives_the_order_its_days(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1")

    answer = decide(store, "I1", "activate")

    assert (answer["success"], answer["action"], answer["reason"]) == (True, "activate", "wrong_amount")
    assert (answer["order_id"], answer["telegram_id"], answer["refund_id"]) == (order_id, buyer, None)
    order, paid = store.order_row(order_id), payment(store, "I1")
    assert (order["status"], order["payment_method"], order["is_late"]) == ("paid", "crypto_pay", False)
    assert (order["expires_at"] - order["activated_at"]).total_seconds() == 720 * 3600
    assert (paid["state"], paid["resolution"]) == ("applied", "activated")
    assert store.stats(buyer)["total_spent"] == 50


def test_money_that_came_too_late_is_activated_as_late(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    store.later("26 hours")
    assert store.pay("I1", order_id)["reason"] == "too_late"

    assert decide(store, "I1", "activate")["success"]

    order = store.order_row(order_id)
    assert (order["status"], order["is_late"]) == ("paid", True)


def test_a_decision_after_the_deadline_does_not_make_money_late(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1")
    store.later("3 days")
    decide(store, "I1", "activate")
    assert store.order_row(order_id)["is_late"] is False


def test_a_second_payment_buys_the_same_terms_again(store: Store, buyer: int) -> None:
    first = store.order(buyer, invoice="I1")
    store.pay("I1", first)
    store.pay("I2", first)
    store.run("UPDATE packages SET price = 500, posts_per_day = 9, name = 'Dearer'")

    second = decide(store, "I2", "activate")["order_id"]

    assert second != first
    old, new = store.order_row(first), store.order_row(second)
    terms = ("amount", "posts_per_day", "package_name", "package_id", "features", "duration_days", "user_id")
    assert {term: old[term] for term in terms} == {term: new[term] for term in terms}
    assert (new["status"], new["is_late"], new["payment_method"]) == ("paid", False, "crypto_pay")
    assert new["payment_data"]["invoice_id"] == "I2"
    assert new["activated_at"] == old["expires_at"], "thirty days more, behind the first thirty"
    assert str(payment(store, "I2")["order_id"]) == second
    assert store.stats(buyer)["total_spent"] == PRICE * 2


def test_a_second_payment_of_a_refunded_order_is_an_order_of_its_own(store: Store, buyer: int) -> None:
    first = store.order(buyer, invoice="I1")
    store.pay("I1", first)
    store.pay("I2", first)
    refund = decide(store, "I1", "refund")["refund_id"]
    assert store.call("settle_refund", refund, "sent", "T1", None)["changed"]

    second = decide(store, "I2", "activate")["order_id"]

    assert [store.order_row(order)["status"] for order in (first, second)] == ["refunded", "paid"]


# --- credit ---


@pytest.mark.parametrize(
    ("amount", "credited"),
    [("50", "50.00"), ("50.001", "50.01"), ("99.99000001", "100.00"), ("0.00000001", "0.01")],
)
def test_a_credit_is_rounded_up_to_the_cent(store: Store, buyer: int, amount: str, credited: str) -> None:
    order_id = excepted(store, buyer, "I1", Decimal(amount))

    assert decide(store, "I1", "credit")["success"]

    assert balance(store, buyer) == Decimal(credited)
    assert store.order_row(order_id)["status"] == "cancelled"
    assert (payment(store, "I1")["state"], payment(store, "I1")["resolution"]) == ("resolved", "credited")
    assert store.stats(buyer)["total_spent"] == 0


def test_a_credit_of_another_asset_is_refused(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1", PRICE, "TON")

    answer = decide(store, "I1", "credit")

    assert (answer["success"], answer["error"], answer["state"]) == (False, "wrong_asset", "exception")
    assert store.order_row(order_id)["status"] == "processing"
    assert decide(store, "I1", "activate")["success"]


def test_spent_money_is_counted_by_asset(store: Store, buyer: int) -> None:
    store.buy(buyer)
    assert store.stats(buyer)["spent_by_asset"] == {}
    excepted(store, buyer, "T1", Decimal("12.5"), "TON")
    excepted(store, buyer, "T2", Decimal("0.25"), "TON")
    for invoice in ("T1", "T2"):
        assert decide(store, invoice, "activate")["success"]

    stats = store.stats(buyer)
    assert (stats["total_spent"], stats["spent_by_asset"]) == (PRICE, {"TON": Decimal("12.75")})

    refund = decide(store, "T1", "refund")["refund_id"]
    assert store.call("settle_refund", refund, "sent", "X1", None)["changed"]
    assert store.stats(buyer)["spent_by_asset"] == {"TON": Decimal("0.25")}


# --- dismiss ---


def test_dismissing_closes_the_order_and_gives_nothing(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1")

    assert decide(store, "I1", "dismiss")["success"]

    assert store.order_row(order_id)["status"] == "cancelled"
    assert store.order_row(order_id)["ended_at"] is not None
    assert payment(store, "I1")["resolution"] == "dismissed"
    assert balance(store, buyer) == 0


@pytest.mark.parametrize("amount", [None, Decimal("NaN"), Decimal(-1), Decimal(0)])
def test_a_payment_without_an_amount_can_only_be_dismissed(
    store: Store, buyer: int, amount: Decimal | None
) -> None:
    excepted(store, buyer, "I1", amount)
    for action in ("activate", "credit", "refund"):
        assert decide(store, "I1", action)["error"] == "no_amount"
    assert decide(store, "I1", "dismiss")["success"]


# --- money without an order ---


def test_a_payment_without_an_owner_needs_one_before_a_decision(store: Store, buyer: int) -> None:
    store.pay("I9", None, Decimal("12.345"))
    for action, error in (("activate", "no_order"), ("credit", "no_owner"), ("refund", "no_owner")):
        assert decide(store, "I9", action)["error"] == error

    named = store.call("name_payment_owner", payment(store, "I9")["id"], buyer, ADMIN)

    assert named == {"success": True, "telegram_id": buyer}
    assert decide(store, "I9", "activate")["error"] == "no_order"
    assert decide(store, "I9", "credit")["telegram_id"] == buyer
    assert balance(store, buyer) == Decimal("12.35")


def test_an_owner_can_be_named_only_for_an_open_payment_without_an_order(store: Store, buyer: int) -> None:
    def name(invoice: str, telegram_id: int) -> str:
        answer = store.call("name_payment_owner", payment(store, invoice)["id"], telegram_id, ADMIN)
        return str(answer["error"])

    excepted(store, buyer, "I1")
    store.pay("I9", None)
    assert store.call("name_payment_owner", uuid4(), buyer, ADMIN)["error"] == "not_found"
    assert (name("I1", buyer), name("I9", 7)) == ("has_order", "no_such_person")

    store.call("name_payment_owner", payment(store, "I9")["id"], buyer, ADMIN)
    refund = decide(store, "I9", "refund")["refund_id"]
    assert name("I9", store.person()) == "refund_under_way"
    store.call("settle_refund", refund, "sent", "T1", None)
    assert name("I9", store.person()) == "already_resolved"


def test_money_goes_to_the_owner_named_last(store: Store, buyer: int) -> None:
    """The owner is read under the payment's lock, so a decision that waited for the naming sees it."""
    other = store.person()
    store.pay("I9", None)
    payment_id = payment(store, "I9")["id"]
    store.call("name_payment_owner", payment_id, buyer, ADMIN)

    def act(connected: Store, number: int) -> Any:
        if number == 0:
            return connected.call("name_payment_owner", payment_id, other, ADMIN)
        return connected.call("resolve_payment", payment_id, "credit", COLLEAGUE)

    named, credited = sorted(at_once(store.dsn, 2, act), key=lambda answer: "action" in answer)

    assert credited["success"]
    right = other if named["success"] else buyer
    assert credited["telegram_id"] == right
    assert balance(store, right) == PRICE


# --- two exceptions of one order ---


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [
        ("credit", "dismiss", "cancelled"),
        ("dismiss", "refund", "refunded"),
        ("refund", "credit", "cancelled"),
    ],
)
def test_an_order_closes_with_its_last_decision(
    store: Store, buyer: int, first: str, second: str, end: str
) -> None:
    order_id = excepted(store, buyer, "I1")
    assert store.pay("I2", order_id)["reason"] == "second_payment"

    for invoice, action, status in (("I1", first, "processing"), ("I2", second, end)):
        answer = decide(store, invoice, action)
        if action == "refund":
            store.call("settle_refund", answer["refund_id"], "sent", "T", None)
        assert store.order_row(order_id)["status"] == status


def test_two_exceptions_can_both_be_activated(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1")
    store.pay("I2", order_id)

    assert decide(store, "I2", "activate")["order_id"] == order_id
    assert decide(store, "I1", "activate")["order_id"] != order_id

    assert store.value("SELECT count(*) FROM activations") == 2
    assert store.value("SELECT count(*) FROM orders WHERE status = 'paid'") == 2


# --- only what was seen ---


def seen(store: Store, invoice: str) -> str:
    return str(store.call("payment_seen", payment(store, invoice)["id"]))


def test_a_decision_is_taken_only_on_the_state_that_was_seen(store: Store, buyer: int) -> None:
    """Whoever changed the state in between, the decision is refused. After a new question it is possible."""
    order_id = excepted(store, buyer, "I1")
    payment_id, other = payment(store, "I1")["id"], store.person()
    stray = store.pay("I9", None) and payment(store, "I9")["id"]
    refund = decide(store, "I1", "refund")["refund_id"]
    movements = [
        (payment_id, "settle_refund", (refund, "refused", None, "USER_NOT_FOUND")),
        (payment_id, "resolve_payment", (payment_id, "refund", ADMIN)),
        (stray, "name_payment_owner", (stray, buyer, ADMIN)),
        (stray, "name_payment_owner", (stray, other, ADMIN)),
    ]
    for subject, function, arguments in movements:
        before = store.call("payment_seen", subject)
        store.call(function, *arguments)
        answer = store.call("resolve_payment", subject, "dismiss", COLLEAGUE, before)
        assert (answer["success"], answer["error"]) == (False, "changed_meanwhile"), function
    store.call("settle_refund", refund, "refused", None, "USER_NOT_FOUND")

    before = seen(store, "I1")
    assert store.pay("I2", order_id)["reason"] == "second_payment"
    assert seen(store, "I1") == before, "what changes nothing about this payment is no change"
    assert store.call("resolve_payment", payment_id, "activate", ADMIN, before)["success"]
    assert store.value("SELECT count(*) FROM admin_actions WHERE admin_telegram_id = %s", COLLEAGUE) == 0


def test_control_without_the_comparison_a_refund_follows_an_activation(store: Store, buyer: int) -> None:
    """Without the state that was seen both decisions are taken, and the buyer gets two messages."""
    for invoice, carries, taken in (("I1", False, 2), ("I2", True, 1)):
        excepted(store, buyer, invoice)
        payment_id = payment(store, invoice)["id"]
        card = seen(store, invoice) if carries else None
        answers = [
            store.call("resolve_payment", payment_id, action, ADMIN, card)
            for action in ("activate", "refund")
        ]
        assert sum(answer["success"] for answer in answers) == taken


def test_an_order_paid_meanwhile_changes_what_activating_means(store: Store, buyer: int) -> None:
    """The admin saw an unpaid order. Paid meanwhile, an activation would buy a second package."""
    order_id = excepted(store, buyer, "I1")
    store.pay("I2", order_id)
    before = seen(store, "I1")
    decide(store, "I2", "activate")
    answer = store.call("resolve_payment", payment(store, "I1")["id"], "activate", ADMIN, before)
    assert answer["error"] == "changed_meanwhile"
    assert store.value("SELECT count(*) FROM orders") == 1


@pytest.mark.parametrize("actions", [("activate", "refund"), ("refund", "activate"), ("credit", "refund")])
def test_of_decisions_on_the_same_state_one_is_taken(
    store: Store, buyer: int, actions: tuple[str, str]
) -> None:
    """Eight admins decide at once on the same card. Each waits for the first and then sees its decision."""
    excepted(store, buyer, "I1")
    payment_id, card = payment(store, "I1")["id"], seen(store, "I1")

    answers = at_once(
        store.dsn,
        8,
        lambda other, n: other.call("resolve_payment", payment_id, actions[n % 2], ADMIN + n, card),
        behind="admin_actions",
    )

    taken = [answer for answer in answers if answer["success"]]
    assert len(taken) == 1
    assert {answer["error"] for answer in answers if not answer["success"]} == {"changed_meanwhile"}
    assert store.value("SELECT count(*) FROM admin_actions") == 1
    gone = store.value("SELECT count(*) FROM refunds")
    given = store.value("SELECT count(*) FROM activations") + (balance(store, buyer) > 0)
    assert gone + given == 1


# --- once, and with a trace ---


def test_an_unknown_payment_or_action_is_refused(store: Store) -> None:
    assert store.call("resolve_payment", uuid4(), "credit", ADMIN)["error"] == "not_found"
    for action in ("approve", "", None):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            store.call("resolve_payment", uuid4(), action, ADMIN)


@pytest.mark.parametrize("first", ["activate", "credit", "dismiss"])
def test_a_decision_cannot_be_taken_again(store: Store, buyer: int, first: str) -> None:
    order_id = excepted(store, buyer, "I1")
    decide(store, "I1", first)
    before = (store.order_row(order_id), payment(store, "I1"), balance(store, buyer))

    for action in ("activate", "credit", "dismiss"):
        answer = decide(store, "I1", action, COLLEAGUE)
        assert (answer["success"], answer["error"]) == (False, "already_resolved")
        assert answer["resolution"] == payment(store, "I1")["resolution"]

    assert (store.order_row(order_id), payment(store, "I1"), balance(store, buyer)) == before
    assert store.value("SELECT count(*) FROM admin_actions") == 1


def test_every_decision_is_recorded_with_who_and_why(store: Store, buyer: int) -> None:
    order_id = excepted(store, buyer, "I1")
    decide(store, "I1", "credit", COLLEAGUE)

    (trace,) = store.rows("SELECT * FROM admin_actions")

    assert (trace["admin_telegram_id"], trace["action"]) == (COLLEAGUE, "payment_credit")
    assert trace["subject"] == str(payment(store, "I1")["id"])
    assert trace["data"] == {
        "reason": "wrong_amount", "amount": "50.00000000", "asset": "USDT", "order_id": order_id,
        "invoice_id": "I1", "origin": "bot",
    }  # fmt: skip


def test_many_admins_at_once_decide_once(store: Store, buyer: int) -> None:
    excepted(store, buyer, "I1")
    payment_id = payment(store, "I1")["id"]
    actions = ("activate", "credit", "dismiss", "credit", "activate", "dismiss", "credit", "activate")

    answers = at_once(
        store.dsn,
        len(actions),
        lambda other, n: other.call("resolve_payment", payment_id, actions[n], ADMIN + n),
        behind="payments",
    )

    assert sorted(answer["success"] for answer in answers) == [False] * 7 + [True]
    assert store.value("SELECT count(*) FROM admin_actions") == 1
    assert store.value("SELECT count(*) FROM activations") + (balance(store, buyer) > 0) <= 1


def test_of_a_refund_and_an_activation_at_once_one_happens(store: Store, buyer: int) -> None:
    for number in range(8):
        slug = store.package(f"race-{number}", price=PRICE)
        order_id = store.order(buyer, slug, invoice=f"R{number}")
        store.pay(f"R{number}", order_id, Decimal(1))
        payment_id = payment(store, f"R{number}")["id"]

        def act(other: Store, thread: int, payment_id: object = payment_id) -> Any:
            return other.call("resolve_payment", payment_id, ("refund", "activate")[thread], ADMIN)

        answers = at_once(store.dsn, 2, act)

        # Refunding what was activated first is a decision, too; activating what is being refunded is not.
        wanted = store.value("SELECT count(*) FROM refunds WHERE payment_id = %s", payment_id)
        state = payment(store, f"R{number}")["state"]
        outcomes = {answer.get("action", answer.get("error")) for answer in answers}
        assert (outcomes, wanted, state) in (
            ({"refund", "refund_under_way"}, 1, "exception"),
            ({"refund", "activate"}, 1, "applied"),
        )


def test_a_decision_at_the_same_time_as_the_right_money_loses_nothing(store: Store, buyer: int) -> None:
    """An admin dismisses a wrong payment while the right one comes: none is lost or counted twice."""
    for number in range(8):
        slug = store.package(f"race-{number}", price=PRICE)
        order_id = store.order(buyer, slug, invoice=f"W{number}")
        store.pay(f"W{number}", order_id, Decimal(1))
        payment_id = payment(store, f"W{number}")["id"]

        def act(
            other: Store, thread: int, payment_id: object = payment_id, number: int = number,
            order_id: str = order_id,
        ) -> Any:  # fmt: skip
            if thread == 0:
                return other.call("resolve_payment", payment_id, "dismiss", ADMIN)
            return other.pay(f"R{number}", order_id)

        at_once(store.dsn, 2, act)

        found = (store.order_row(order_id)["status"], payment(store, f"R{number}")["state"])
        # Dismissed first, the order was cancelled, and right money revives it; else it is a second one.
        assert found in (("paid", "applied"), ("processing", "exception"))
