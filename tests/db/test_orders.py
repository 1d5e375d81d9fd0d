"""Tests of orders before payment: opened once, with fixed terms, ended by owner or deadline."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.db.store import PRICE, Store, at_once


@pytest.fixture
def buyer(store: Store) -> int:
    return store.person()


def test_many_taps_at_once_open_one_order(store: Store, buyer: int) -> None:
    answers = at_once(
        store.dsn, 50, lambda other, _: other.call("create_order", buyer, "starter"), behind="orders"
    )

    assert len({answer["order_id"] for answer in answers}) == 1
    assert [answer["is_new"] for answer in answers].count(True) == 1


def test_a_pending_order_keeps_the_terms_it_was_opened_with(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    store.run("UPDATE packages SET price = 500, posts_per_day = 9, name = 'Renamed', is_active = false")

    again = store.call("create_order", buyer, "starter")

    assert (again["order_id"], again["amount"], again["is_new"]) == (order_id, PRICE, False)
    assert store.pay("I1", order_id)["outcome"] == "activated"
    current = store.stats(buyer)["current_package"]
    assert (current["name"], current["posts_per_day"]) == ("Starter", 2)


def test_an_order_past_its_deadline_is_not_found_again(store: Store, buyer: int) -> None:
    first = store.order(buyer)
    assert store.call("create_order", buyer, "starter")["ended_order_id"] is None
    store.later("61 minutes")

    answer = store.call("create_order", buyer, "starter")

    second = answer["order_id"]
    assert second != first
    assert answer["ended_order_id"] == first, "what follows from its end is the caller's to owe"
    assert (store.order_row(first)["status"], store.order_row(second)["status"]) == ("cancelled", "pending")


@pytest.mark.parametrize(("known", "slug", "error"), [
    (False, "starter", "user_not_found"),
    (True, "nothing", "package_not_found"),
    (True, "hidden", "package_not_found"),
])  # fmt: skip
def test_packages_off_sale_and_unknown_people_cannot_order(
    store: Store, buyer: int, slug: str, error: str, *, known: bool
) -> None:
    store.run("INSERT INTO packages (slug, name, price, is_active) VALUES ('hidden', 'Hidden', 1, false)")
    assert store.call("create_order", buyer if known else 1, slug) == {"success": False, "error": error}


def test_only_the_owner_cancels_and_only_a_pending_order(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    stranger = store.person()

    assert store.call("cancel_order", stranger, order_id)["error"] == "not_found"
    assert store.order_row(order_id)["status"] == "pending"
    assert store.call("cancel_order", buyer, order_id)["success"]
    assert store.call("cancel_order", buyer, order_id)["error"] == "not_pending"


def test_the_first_invoice_wins(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")

    second = store.call("attach_invoice", order_id, "I2", "USDT", PRICE, "https://pay.example/I2", None)

    assert (second["success"], second["invoice_id"], second["pay_url"]) == (
        True, "I1", "https://pay.example/I1",
    )  # fmt: skip
    assert store.value("SELECT count(*) FROM invoices") == 1


def attach(store: Store, order_id: str, invoice: str) -> Any:
    link = f"https://pay.example/{invoice}"
    return store.call("attach_invoice", order_id, invoice, "USDT", PRICE, link, None)


def test_an_order_has_one_invoice_that_can_be_paid(store: Store, buyer: int) -> None:
    order_id = store.order(buyer, invoice="I1")
    with pytest.raises(psycopg.errors.UniqueViolation, match="idx_invoices_one_open"):
        store.run(
            "INSERT INTO invoices (order_id, invoice_id, asset, amount) VALUES (%s, 'I2', 'USDT', 1)",
            order_id,
        )
    assert [store.call("note_withdrawal", "I1") for _ in range(2)] == [True, False]
    assert attach(store, order_id, "I1")["error"] == "withdrawn"
    assert attach(store, order_id, "I2")["invoice_id"] == "I2"
    assert attach(store, order_id, "I3")["invoice_id"] == "I2"
    assert store.pay("I1", order_id)["outcome"] == "activated", "whatever was said of it: its money came"
    assert store.call("note_withdrawal", "I1") is False


def attach_unlocked(store: Store, order_id: str) -> list[str]:
    """Return the answers of two concurrent callers when attach_invoice takes no lock."""
    text = store.value("SELECT pg_get_functiondef('attach_invoice'::regproc)")
    assert text.count("FOR UPDATE") == 1
    store.connection.execute(text.replace("FOR UPDATE", ""))

    def one(other: Store, number: int) -> str:
        try:
            return str(attach(other, order_id, f"I{number}")["invoice_id"])
        except psycopg.errors.UniqueViolation as error:
            return str(error.diag.constraint_name)

    return sorted(at_once(store.dsn, 2, one, behind="invoices"))


@pytest.mark.usefixtures("database_url")
def test_an_order_keeps_one_payable_invoice_also_without_its_lock(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    answers = attach_unlocked(store, order_id)
    assert answers in (["I0", "idx_invoices_one_open"], ["I1", "idx_invoices_one_open"])
    assert store.value("SELECT count(*) FROM invoices WHERE status = 'active'") == 1


@pytest.mark.usefixtures("database_url")
def test_without_the_index_an_order_has_two_payable_invoices(store: Store, buyer: int) -> None:
    """Negative control of the test above."""
    store.run("DROP INDEX idx_invoices_one_open")
    order_id = store.order(buyer)
    assert attach_unlocked(store, order_id) == ["I0", "I1"]
    assert store.value("SELECT count(*) FROM invoices WHERE status = 'active'") == 2


def test_many_who_attach_at_once_get_one_invoice(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    answers = at_once(store.dsn, 8, lambda other, number: attach(other, order_id, f"I{number}"))
    assert len({answer["invoice_id"] for answer in answers}) == 1
    assert store.value("SELECT count(*) FROM invoices") == 1


def test_an_invoice_of_another_order_is_not_attached(store: Store, buyer: int) -> None:
    store.order(buyer, invoice="I1")
    other = store.order(store.person())
    assert attach(store, other, "I1")["error"] == "foreign_invoice"


def test_an_invoice_over_another_amount_is_not_attached(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    answer = store.call("attach_invoice", order_id, "I1", "USDT", Decimal(1), "https://pay.example/I1", None)
    assert (answer["success"], answer["error"]) == (False, "wrong_amount")


def test_an_order_fails_only_without_an_invoice(store: Store, buyer: int) -> None:
    store.package("other")
    with_invoice, without = store.order(buyer, invoice="I1"), store.order(buyer, "other")

    assert [store.call("fail_order", order) for order in (with_invoice, without, without)] == [
        False, True, False,
    ]  # fmt: skip


def test_the_sweep_cancels_orders_at_their_deadline_and_names_their_owners(store: Store, buyer: int) -> None:
    order_id = store.order(buyer)
    assert store.rows("SELECT * FROM expire_orders(10)") == []
    store.later("61 minutes")

    assert store.rows("SELECT * FROM expire_orders(10)") == [
        {"order_id": order_id, "telegram_id": buyer, "package_name": "Starter"}
    ]
    assert store.rows("SELECT * FROM expire_orders(10)") == []


def test_sweeps_at_once_take_different_orders(store: Store) -> None:
    for _ in range(30):
        store.order(store.person())
    store.later("61 minutes")

    taken = at_once(
        store.dsn,
        6,
        lambda other, _: [row["order_id"] for row in other.rows("SELECT * FROM expire_orders(10)")],
    )

    found = [order for batch in taken for order in batch]
    assert len(found) == len(set(found))
    remaining = store.rows("SELECT * FROM expire_orders(100)")
    assert len(found) + len(remaining) == 30


def test_registering_again_keeps_what_was_chosen(store: Store) -> None:
    first = store.call("register_user", 77, "old", "Old", None, "en", "campaign")
    store.run("UPDATE users SET language = 'uk', language_chosen = true, blocked_at = now()")

    again = store.call("register_user", 77, "new", "New", None, "en", "other")

    assert (first["is_new"], again["is_new"], again["user_id"]) == (True, False, first["user_id"])
    person = store.rows("SELECT * FROM users WHERE telegram_id = 77")[0]
    assert (person["username"], person["language"], person["start_payload"]) == ("new", "uk", "campaign")
    assert person["blocked_at"] is None


@pytest.mark.parametrize("language", [None, ""])
def test_nobody_is_registered_without_a_language(store: Store, language: str | None) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation, match="language"):
        store.call("register_user", 77, None, None, None, language, None)


def test_a_referral_is_remembered_from_the_first_start(store: Store, buyer: int) -> None:
    code = store.value("SELECT referral_code FROM users WHERE telegram_id = %s", buyer)

    store.call("register_user", 78, None, None, None, "uk", code)
    store.call("register_user", buyer, None, None, None, "uk", code)

    assert store.value("SELECT referrer_id FROM users WHERE telegram_id = 78") == store.user_id(buyer)
    assert store.value("SELECT referrer_id FROM users WHERE telegram_id = %s", buyer) is None


def test_many_starts_at_once_are_one_person(store: Store) -> None:
    answers = at_once(
        store.dsn,
        20,
        lambda other, _: other.call("register_user", 79, "a", "b", None, "uk", None),
        behind="users",
    )
    assert len({answer["user_id"] for answer in answers}) == 1
    assert [answer["is_new"] for answer in answers].count(True) == 1


def test_the_balance_is_the_sum_of_its_entries(store: Store, buyer: int) -> None:
    user_id = store.user_id(buyer)
    for number, amount in enumerate((100, -30)):
        store.run(
            "INSERT INTO balance_entries (user_id, amount, kind, reference) VALUES (%s, %s, 'test', %s)",
            user_id, amount, f"test:{number}",
        )  # fmt: skip
    assert store.stats(buyer)["balance"] == 70

    for statement in (
        "UPDATE users SET balance = 1000",
        "INSERT INTO users (telegram_id, language, balance) VALUES (1, 'uk', 5)",
        "DELETE FROM balance_entries",
        "UPDATE balance_entries SET amount = 1",
        "TRUNCATE balance_entries",
        "INSERT INTO balance_entries (user_id, amount, kind, reference) SELECT id, -71, 't', 'x' FROM users",
    ):
        with pytest.raises(psycopg.IntegrityError, match="balance"):
            store.run(statement)
    assert store.stats(buyer)["balance"] == 70


def test_admin_actions_are_append_only(store: Store) -> None:
    store.run("INSERT INTO admin_actions (admin_telegram_id, action) VALUES (1, 'test')")
    for statement in ("DELETE FROM admin_actions", "UPDATE admin_actions SET action = 'x'"):
        with pytest.raises(psycopg.IntegrityError, match="only grows"):
            store.run(statement)
