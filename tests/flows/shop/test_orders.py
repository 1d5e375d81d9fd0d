"""An order before its money: one order, one invoice, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import redis

from socialboost import jobs
from tests.flows.shop.world import Buyer, Shop, wait_until


def status(shop: Shop, order_id: str) -> str:
    return str(shop.value("SELECT status FROM orders WHERE id = %s", order_id))


def test_confirm_shows_the_card_with_both_ways_on(buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    card = buyer.read("Ваше замовлення")
    data = [button.get("data") for row in card["keyboard"] for button in row]
    assert data[:2] == [f"pay_{order_id}", f"cancel_{order_id}"]
    assert "$99.99" in card["text"]


def test_somebody_whom_only_the_cache_remembers_is_sent_to_start(shop: Shop, buyer: Buyer) -> None:
    """PostgreSQL was restored from a copy that is older than this person (failures.md D3)."""
    assert shop.rows("DELETE FROM users WHERE telegram_id = %s RETURNING id", buyer.id)
    shop.wait_for_job(buyer.do(jobs.OpenOrder, slug="mini").key)
    buyer.read("Спершу надішліть /start")
    with redis.Redis.from_url(shop.redis_url) as client:
        assert client.get(f"user_stats:{buyer.id}") == b"", "it is still remembered"


def test_two_confirmations_are_one_order(shop: Shop, buyer: Buyer) -> None:
    jobs_sent = [buyer.do(jobs.OpenOrder, slug="mini") for _ in range(5)]
    for job in jobs_sent:
        shop.wait_for_job(job.key)
    query = "SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id WHERE u.telegram_id = %s"
    assert shop.value(query, buyer.id) == 1


def test_pay_brings_the_link(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    assert (invoice["asset"], invoice["amount"]) == ("USDT", "99.99")
    assert invoice["description"] == "SocialBoost - Mini"
    assert invoice["allow_comments"] is False
    assert invoice["allow_anonymous"] is False
    urls = [button.get("url") for row in buyer.read("Рахунок готовий")["keyboard"] for button in row]
    assert invoice["bot_invoice_url"] in urls
    assert len(buyer.messages()) == 1


def test_many_taps_on_pay_are_one_invoice_and_each_is_answered(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="late", seconds=0.5, times=1):
        for _ in range(6):
            job = buyer.tap_pay(order_id)
        shop.wait_for_job(job.key)
    buyer.tap_pay(order_id)
    buyer.read("Рахунок готовий")
    assert len(shop.invoices(order_id)) == 1
    assert shop.job(job.key)["attempts"] == 1


def test_an_answer_that_was_lost_leaves_one_invoice(shop: Shop, buyer: Buyer) -> None:
    """Crypto Pay made the invoice and we never heard: the next attempt finds it by the order's id."""
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="lost", times=1):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        shop.wait_for_job(job.key)
    buyer.read("Рахунок готовий")
    assert len(shop.invoices(order_id)) == 1
    assert shop.job(job.key)["attempts"] == 2


def test_an_invoice_that_could_not_be_recorded_is_found_again(shop: Shop, buyer: Buyer) -> None:
    """PostgreSQL gives the attempt back; that the invoice was made is true all the same (failures.md A3)."""
    order_id = buyer.open_order("mini")
    with psycopg.connect(shop.database_url) as other:
        other.execute("SELECT FROM orders WHERE id = %s FOR UPDATE", [order_id])
        job = buyer.tap_pay(order_id)
        wait_until(lambda: shop.invoices(order_id), "the invoice to be made")
        wait_until(lambda: shop.job(job.key)["error"], "its recording to be put off")
    assert shop.wait_for_job(job.key)["attempts"] == 1
    (invoice,) = shop.invoices(order_id)
    known = shop.value("SELECT invoice_id FROM invoices WHERE order_id = %s", order_id)
    assert known == str(invoice["invoice_id"])


def test_an_answer_after_our_timeout_leaves_one_invoice(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="late", seconds=9.5, times=1):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        shop.wait_for_job(job.key)
    buyer.read("Рахунок готовий")
    assert len(shop.invoices(order_id)) == 1


def test_an_invoice_that_came_after_the_cancellation_is_withdrawn(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="late", seconds=1.0, times=1):
        job = buyer.tap_pay(order_id)
        (invoice,) = wait_until(lambda: shop.invoices(order_id), "the invoice at Crypto Pay")
        shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
        shop.wait_for_job(job.key)
    assert status(shop, order_id) == "cancelled"
    shop.wait_for_job(f"withdraw:{invoice['invoice_id']}")
    assert shop.invoices(order_id) == []
    assert "Замовлення скасовано" in buyer.newest()["text"], "the later tap's screen stays"


def test_three_lost_answers_end_the_order_and_tell_the_buyer(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="*", kind="status", status=502, times=None):
        job = buyer.tap_pay(order_id)
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "parked", "parked")
    assert shop.job(job.key)["attempts"] == 3
    assert status(shop, order_id) == "failed"
    buyer.read("Рахунок не створено")
    assert len(shop.invoices(order_id)) == 0
    buyer.tap_pay(order_id)
    buyer.read("не вдалося створити рахунок")


def test_a_refusal_parks_at_once(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="status", status=400, times=1):
        job = buyer.tap_pay(order_id)
        shop.wait_for_job(job.key, "parked")
    assert shop.job(job.key)["attempts"] == 1
    assert status(shop, order_id) == "failed"
    buyer.read("Рахунок не створено")


def test_a_throttled_call_uses_no_attempt(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    fault = {"operation": "createInvoice", "kind": "status", "status": 429, "retry_after": 1, "times": 4}
    with shop.fault(shop.crypto_pay, **fault):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "invoice")
    assert shop.job(job.key)["attempts"] == 1
    assert len(shop.invoices(order_id)) == 1


def test_cancel(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
    buyer.read("Замовлення скасовано")
    assert status(shop, order_id) == "cancelled"
    job = buyer.tap_pay(order_id)
    shop.wait_for_job(job.key)
    buyer.read("Це замовлення («Mini») скасовано")
    assert shop.invoices(order_id) == []


def test_a_foreign_order_is_as_unknown_as_none(shop: Shop, newcomer: Callable[[], Buyer]) -> None:
    owner, other = newcomer(), newcomer()
    order_id = owner.open_order("mini")
    nobodys = "00000000-0000-4000-8000-000000000000"
    texts = []
    for wanted in (order_id, nobodys):
        shop.wait_for_job(other.do(jobs.CancelOrder, order_id=wanted).key)
        texts.append(other.read("Такого замовлення не знайдено")["text"])
        shop.wait_for_job(other.do(jobs.SetLanguage, chosen="uk").key)
        shop.wait_for_job(other.tap_pay(wanted).key)
        texts.append(other.read("Такого замовлення не знайдено")["text"])
        shop.wait_for_job(other.do(jobs.SetLanguage, chosen="uk").key)
    assert len(set(texts)) == 1
    assert status(shop, order_id) == "pending"
    assert shop.invoices(order_id) == []
    owner.invoice(order_id)


def test_unpaid_orders_expire_and_the_buyer_is_told_once(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    shop.rows(
        "UPDATE orders SET deadline_at = now() - interval '1 hour' WHERE id = %s RETURNING id",
        order_id,
    )
    for _ in range(2):
        number = shop.next_id()
        jobs.send(jobs.SweepOrders(key=f"tick:sweep_orders:{number}"))
        shop.wait_for_job(f"tick:sweep_orders:{number}")
    assert status(shop, order_id) == "cancelled"
    shop.wait_for_job(f"notice:order_expired:{order_id}")
    assert buyer.count("Час на оплату минув") == 1


def test_what_was_bought_is_what_was_shown(shop: Shop, buyer: Buyer) -> None:
    """The price changes between the card and the payment: the order keeps its terms."""
    order_id = buyer.open_order("plus")
    shop.set_price("plus", "1")
    try:
        assert buyer.invoice(order_id)["amount"] == "299"
    finally:
        shop.set_price("plus", "299")
