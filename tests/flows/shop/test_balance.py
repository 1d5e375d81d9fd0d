"""Tests of payment from the balance: offered when it is enough, taken once, and refunded to it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from socialboost import jobs
from tests.flows.shop.desk import Admin, balance, data_of, give
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until

pytestmark = pytest.mark.breaks("entry_without_cause", why="the balance is given by hand, without a payment")


def status(shop: Shop, order_id: str) -> str:
    return str(shop.value("SELECT status FROM orders WHERE id = %s", order_id))


def pay(buyer: Buyer, order_id: str) -> jobs.PayFromBalance:
    job = buyer.do(jobs.PayFromBalance, order_id=order_id)
    assert isinstance(job, jobs.PayFromBalance)
    return job


def test_paying_from_the_balance_is_offered_when_it_is_enough(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    assert f"balance_{order_id}" not in data_of(buyer.read("Ваше замовлення"))
    give(shop, buyer, "99.98")
    buyer.open_order("mini")
    assert f"balance_{order_id}" not in data_of(buyer.read("Ваше замовлення"))
    give(shop, buyer, "0.01")
    shop.wait_for_job(buyer.do(jobs.OpenOrder, slug="mini").key)
    wait_until(lambda: f"balance_{order_id}" in data_of(buyer.newest()), "the button on the card")
    buyer.invoice(order_id)
    assert f"balance_{order_id}" in data_of(buyer.read("Рахунок готовий"))
    buyer.do(jobs.ShowStats)
    buyer.read("Баланс: $99.99")
    buyer.do(jobs.ShowMenu)
    wait_until(lambda: "Головне меню" in buyer.newest()["text"], "the menu")
    assert "Баланс: $99.99" in buyer.newest()["text"]


def test_an_order_paid_from_the_balance_becomes_active(shop: Shop, buyer: Buyer) -> None:
    give(shop, buyer, "100")
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    shop.wait_for_job(pay(buyer, order_id).key)
    shop.wait_for_job(f"receipt:{order_id}")
    buyer.read("✅ Оплата успішна")
    assert status(shop, order_id) == "paid"
    assert balance(shop, buyer) == Decimal("0.01")
    shop.wait_for_job(f"notice:order_paid:{order_id}:{ADMIN_ID}")
    shop.wait_for_job(f"withdraw:{invoice['invoice_id']}")
    assert shop.invoices(order_id) == [], f"{invoice['invoice_id']} is withdrawn: nobody pays twice"


def test_many_taps_pay_from_the_balance_once(shop: Shop, buyer: Buyer) -> None:
    give(shop, buyer, "1000")
    order_id = buyer.open_order("mini")
    taps = [pay(buyer, order_id) for _ in range(5)]
    for job in taps:
        shop.wait_for_job(job.key)
    assert balance(shop, buyer) == Decimal("900.01")
    shop.wait_for_job(f"receipt:{order_id}")
    assert buyer.count("✅ Оплата успішна") == 1
    buyer.read("вже оплачено")


def test_a_balance_that_is_too_small_pays_nothing(shop: Shop, buyer: Buyer) -> None:
    give(shop, buyer, "99.98")
    order_id = buyer.open_order("mini")
    pay(buyer, order_id)
    short = buyer.read("На балансі замало коштів")
    assert data_of(short)[0] == f"pay_{order_id}"
    assert status(shop, order_id) == "pending"
    assert balance(shop, buyer) == Decimal("99.98")


def test_a_foreign_or_ended_order_is_not_paid(shop: Shop, buyer: Buyer) -> None:
    stranger = Buyer(shop)
    stranger.start()
    give(shop, stranger, "1000")
    order_id = buyer.open_order("mini")
    pay(stranger, order_id)
    stranger.read("Такого замовлення не знайдено")
    give(shop, buyer, "1000")
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
    shop.wait_for_job(pay(buyer, order_id).key)
    assert status(shop, order_id) == "cancelled"
    assert balance(shop, buyer) == balance(shop, stranger) == 1000


def test_an_invoice_paid_after_the_balance_is_listed(shop: Shop, buyer: Buyer) -> None:
    """The buyer had the invoice open. The payment there waits for a decision too."""
    give(shop, buyer, "100")
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    shop.wait_for_job(pay(buyer, order_id).key)
    shop.wait_for_job(buyer.pay(invoice).key)
    query = "SELECT state, reason FROM payments WHERE invoice_id = %s"
    assert shop.rows(query, str(invoice["invoice_id"])) == [
        {"state": "exception", "reason": "second_payment"}
    ]


def test_a_refund_goes_back_to_the_balance(shop: Shop, buyer: Buyer) -> None:
    give(shop, buyer, "100")
    order_id = buyer.open_order("mini")
    shop.wait_for_job(pay(buyer, order_id).key)
    payment_id = str(shop.value("SELECT id FROM payments WHERE order_id = %s", order_id))
    Admin(shop).decide(payment_id, "refund")
    shop.wait_for_job(f"decision:{payment_id}:refunded")
    assert balance(shop, buyer) == 100
    assert status(shop, order_id) == "refunded"
    buyer.read("Кошти повернено")
