"""Tests of an order's end: its invoice is deleted, its buttons are removed, later payments are reported."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import requests

from socialboost import jobs
from tests.flows.shop.desk import data_of
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, PAY_TOKEN, Buyer, Shop, wait_until


def cancel(shop: Shop, buyer: Buyer, order_id: str) -> None:
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)


def sweep(shop: Shop) -> None:
    key = f"tick:sweep_orders:{shop.next_id()}"
    jobs.send(jobs.SweepOrders(key=key))
    shop.wait_for_job(key)


def run_out(shop: Shop, order_id: str) -> None:
    """End the order's hour. Its invoice was made late and is still valid."""
    query = "UPDATE orders SET deadline_at = now() - interval '1 minute' WHERE id = %s RETURNING id"
    shop.rows(query, order_id)


def ways_to_pay(message: dict[str, Any]) -> list[str]:
    """Return the message's buttons about an order: links, and callback data to pay or cancel."""
    buttons = [button for row in message["keyboard"] for button in row]
    links = [button["url"] for button in buttons if button.get("url")]
    return links + [d for d in data_of(message) if d.startswith(("pay_", "cancel_", "balance_"))]


def message(buyer: Buyer, message_id: int) -> dict[str, Any]:
    return next(m for m in buyer.messages() if m["message_id"] == message_id)


def cards(shop: Shop, order_id: str) -> int:
    return int(shop.value("SELECT count(*) FROM order_cards WHERE order_id = %s", order_id))


# --- the invoice ----------------------------------------------------------------------------------------


def test_cancelling_withdraws_the_invoice(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    cancel(shop, buyer, order_id)
    shop.wait_for_job(f"withdraw:{invoice['invoice_id']}")
    assert shop.invoices(order_id) == []
    kept = "SELECT status FROM invoices WHERE invoice_id = %s"
    assert shop.value(kept, str(invoice["invoice_id"])) == "withdrawn", "nobody asks about it any more"


def test_an_outage_of_crypto_pay_uses_no_attempt_of_the_withdrawal(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    key = f"withdraw:{buyer.invoice(order_id)['invoice_id']}"
    with shop.fault(shop.crypto_pay, operation="*", kind="status", status=502, times=None):
        cancel(shop, buyer, order_id)
        for _ in range(4):
            before = len(shop.calls(shop.crypto_pay, event="api", method="deleteInvoice"))
            wait_until(  # hurried again and again: a try under way sets its next time only as it ends
                lambda known=before: (
                    shop.hurry()
                    or len(shop.calls(shop.crypto_pay, event="api", method="deleteInvoice")) > known
                ),
                "another try",
            )
        assert shop.job(key)["state"] in {"queued", "running"}
    wait_until(lambda: shop.hurry() or shop.job(key).get("state") == "done", "the withdrawal")
    assert shop.job(key)["attempts"] == 1
    assert shop.invoices(order_id) == []


def test_an_invoice_that_no_longer_exists_counts_as_withdrawn(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    answer = requests.post(
        f"{shop.crypto_pay.url}/api/deleteInvoice",
        json={"invoice_id": invoice["invoice_id"]},
        headers={"Crypto-Pay-API-Token": PAY_TOKEN},
        timeout=10,
    )
    assert answer.json()["ok"] is True
    cancel(shop, buyer, order_id)
    assert shop.wait_for_job(f"withdraw:{invoice['invoice_id']}")["attempts"] == 1


def test_a_refusal_counts_only_while_the_invoice_can_be_paid(shop: Shop, buyer: Buyer) -> None:
    """Crypto Pay itself refuses this deletion, in its own envelope: an admin must decide."""
    order_id = buyer.open_order("mini")
    key = f"withdraw:{buyer.invoice(order_id)['invoice_id']}"
    with shop.fault(shop.crypto_pay, operation="deleteInvoice", kind="status", status=400, times=None):
        cancel(shop, buyer, order_id)
        shop.wait_for_job(key, "parked")
    assert len(shop.invoices(order_id)) == 1


@pytest.mark.parametrize("by", ["the sweep", "a new order"])
def test_an_expired_order_is_closed_like_a_cancelled_one(shop: Shop, buyer: Buyer, by: str) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    card = buyer.newest()["message_id"]
    run_out(shop, order_id)
    if by == "the sweep":
        sweep(shop)
    else:  # the same package is confirmed again, in a new message, before the sweep has come
        buyer.do(jobs.ShowMenu, typed=True)
        buyer.read("Головне меню")
        assert buyer.open_order("mini") != order_id
    shop.wait_for_job(f"withdraw:{invoice['invoice_id']}")
    shop.wait_for_job(f"card:{order_id}:cancelled")
    assert shop.invoices(order_id) == []
    assert "Час на оплату цього замовлення («Mini») минув" in message(buyer, card)["text"]
    assert ways_to_pay(message(buyer, card)) == []


# --- its messages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wiped", [False, True])
def test_a_paid_orders_messages_lose_their_buttons(shop: Shop, buyer: Buyer, wiped: bool) -> None:
    """Both lose them: the payment link, and the card that was opened again in another message."""
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    first = buyer.newest()["message_id"]
    buyer.do(jobs.ShowMenu, typed=True)
    wait_until(lambda: "Головне меню" in buyer.newest()["text"], "the menu in a new message")
    assert buyer.open_order("mini") == order_id
    second = buyer.newest()["message_id"]
    for shown in (first, second):
        assert ways_to_pay(message(buyer, shown)) != []
    if wiped:
        with redis.Redis.from_url(shop.redis_url) as client:
            client.flushall()
    shop.wait_for_job(buyer.pay(invoice).key)
    shop.wait_for_job(f"card:{order_id}:paid")
    for shown in (first, second):
        assert ways_to_pay(message(buyer, shown)) == []
        assert "вже оплачено" in message(buyer, shown)["text"]
    assert cards(shop, order_id) == 0


def test_a_cancelled_orders_other_message_loses_its_buttons_too(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    first = buyer.newest()["message_id"]
    buyer.do(jobs.ShowMenu, typed=True)
    wait_until(lambda: "Головне меню" in buyer.newest()["text"], "the menu in a new message")
    buyer.open_order("mini")
    cancel(shop, buyer, order_id)
    shop.wait_for_job(f"card:{order_id}:cancelled")
    assert "Замовлення скасовано" in buyer.newest()["text"], "the answer to the tap stays"
    assert "скасовано" in message(buyer, first)["text"]
    assert ways_to_pay(message(buyer, first)) == []


@pytest.mark.parametrize("wiped", [False, True])
def test_a_message_that_shows_something_else_is_left_alone(shop: Shop, buyer: Buyer, wiped: bool) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    shown = buyer.newest()["message_id"]
    buyer.do(jobs.ShowMenu)
    wait_until(lambda: "Головне меню" in message(buyer, shown)["text"], "the menu in the card's place")
    if wiped:
        with redis.Redis.from_url(shop.redis_url) as client:
            client.flushall()
    shop.wait_for_job(buyer.pay(invoice).key)
    shop.wait_for_job(f"receipt:{order_id}")
    assert cards(shop, order_id) == 0
    assert shop.job(f"card:{order_id}:paid") == {}
    assert "Головне меню" in message(buyer, shown)["text"]


def test_a_payment_link_shown_late_does_not_stay(shop: Shop, buyer: Buyer) -> None:
    """The order is paid while the edit with the link is delayed on its way to Telegram."""
    order_id = buyer.open_order("mini")
    card = buyer.newest()["message_id"]
    slow = {"kind": "delay", "seconds": 1.5, "method": "editMessageText", "contains": "Рахунок готовий"}
    with shop.fault(shop.telegram, **slow, chat_id=buyer.id):
        tap = buyer.tap_pay(order_id)
        wait_until(lambda: shop.rows("SELECT FROM invoices WHERE order_id = %s", order_id), "the invoice")
        shop.wait_for_job(buyer.pay(shop.invoices(order_id)[0]).key)
        shop.wait_for_job(f"card:{order_id}:paid")
        shop.wait_for_job(tap.key)
    assert ways_to_pay(message(buyer, card)) == []


@pytest.mark.parametrize("wiped", [False, True])
def test_a_receipt_is_never_taken_for_a_card(shop: Shop, buyer: Buyer, wiped: bool) -> None:
    """A package is confirmed under a receipt: the card is a new message, and only that one is redrawn."""
    buyer.buy("mini")
    receipt = buyer.read("✅ Оплата успішна")
    order_id = buyer.open_order("plus")
    card = buyer.newest()["message_id"]
    assert card != receipt["message_id"]
    shop.rows(
        "INSERT INTO order_cards (chat_id, message_id, order_id, seq) VALUES (%s, %s, %s, 0) RETURNING seq",
        buyer.id,
        receipt["message_id"],
        order_id,
    )
    if wiped:
        with redis.Redis.from_url(shop.redis_url) as client:
            client.flushall()
    cancel(shop, buyer, order_id)
    shop.wait_for_job(f"card:{order_id}:cancelled")
    assert message(buyer, receipt["message_id"])["text"] == receipt["text"]


# --- money that comes all the same ----------------------------------------------------------------------


def told(shop: Shop, chat_id: int, order_id: str) -> str:
    return next(m["text"] for m in shop.messages(chat_id) if order_id in m["text"])


def test_buyer_and_admins_learn_that_money_came_after_a_cancellation(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    cancel(shop, buyer, order_id)
    buyer.pay(invoice)
    shop.wait_for_job(f"receipt:{order_id}")
    assert "після того, як ви скасували це замовлення" in buyer.read("✅ Оплата успішна")["text"]
    for chat_id in (ADMIN_ID, CHANNEL_ID):
        shop.wait_for_job(f"notice:order_paid:{order_id}:{chat_id}")
        text = told(shop, chat_id, order_id)
        assert "після того, як покупець скасував замовлення" in text
        assert "Із запізненням: так" in text
    flags = (
        "SELECT o.is_late, p.after_cancel FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = %s"
    )
    assert shop.rows(flags, order_id) == [{"is_late": True, "after_cancel": True}]


def test_wrong_money_after_a_cancellation_is_named_as_such(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    cancel(shop, buyer, order_id)
    job = buyer.pay(invoice, amount="1")
    shop.wait_for_job(f"notice:wrong_amount:{order_id}:{job.invoice_id}")
    assert "після того, як ви скасували" in buyer.read("Сума платежу не збігається")["text"]
    shop.wait_for_job(f"notice:payment_exception:{job.invoice_id}:{ADMIN_ID}")
    assert "після того, як покупець скасував" in told(shop, ADMIN_ID, order_id)


def test_money_after_the_deadline_is_only_late(shop: Shop, buyer: Buyer) -> None:
    """Negative control of the two tests above: this order was not cancelled."""
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    run_out(shop, order_id)
    sweep(shop)
    buyer.pay(invoice)
    shop.wait_for_job(f"receipt:{order_id}")
    receipt = buyer.read("✅ Оплата успішна")["text"]
    assert "після строку" in receipt
    assert "скасували" not in receipt
    shop.wait_for_job(f"notice:order_paid:{order_id}:{ADMIN_ID}")
    assert "скасував" not in told(shop, ADMIN_ID, order_id)
