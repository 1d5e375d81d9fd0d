"""Tests of want_invoice, which limits how many invoices a person may have."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.db.store import Store, at_once

OPEN, AN_HOUR = 3, 10


@pytest.fixture
def shop(store: Store) -> Store:
    for number in range(12):
        store.package(f"p{number}")
    return store


def wants(store: Store, order_id: str) -> bool:
    answer = store.call("want_invoice", order_id, OPEN, AN_HOUR)
    if not answer["allowed"]:
        assert datetime.fromisoformat(answer["next_at"]) > store.now()
    return bool(answer["allowed"])


def test_a_person_has_at_most_three_open_invoices(shop: Store) -> None:
    buyer = shop.person()
    orders = [shop.order(buyer, f"p{number}") for number in range(4)]
    assert [wants(shop, order_id) for order_id in orders] == [True, True, True, False]
    assert wants(shop, orders[0]), "the same again is no other one"
    assert wants(shop, shop.order(shop.person(), "p0")), "another person has their own"
    shop.call("cancel_order", buyer, orders[1])
    assert wants(shop, orders[3])


def test_a_person_gets_at_most_ten_unpaid_invoices_an_hour(shop: Store) -> None:
    buyer = shop.person()
    for _ in range(AN_HOUR):
        order_id = shop.order(buyer, "p0")
        assert wants(shop, order_id)
        shop.call("cancel_order", buyer, order_id)
    last = shop.order(buyer, "p0")
    assert not wants(shop, last)
    shop.later("59 minutes")
    assert not wants(shop, last)
    shop.later("2 minutes")
    assert wants(shop, shop.order(buyer, "p1"))


def test_a_person_who_pays_is_not_limited(shop: Store) -> None:
    buyer = shop.person()
    for number in range(AN_HOUR + 2):
        order_id = shop.order(buyer, f"p{number}", invoice=f"I{number}")
        assert wants(shop, order_id)
        assert shop.pay(f"I{number}", order_id)["outcome"] == "activated"


def test_many_requests_at_once_get_at_most_three_invoices(shop: Store) -> None:
    """Without the lock each request would count before any other has written."""
    buyer = shop.person()
    orders = [shop.order(buyer, f"p{number}") for number in range(12)]

    def want(own: Store, number: int) -> bool:
        return wants(own, orders[number])

    assert sum(at_once(shop.dsn, len(orders), want, behind="orders")) == OPEN
