"""Tests of an order before its payment: one order and one invoice, whatever fails meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import redis

from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until


def status(shop: Shop, order_id: str) -> str:
    return str(shop.value("SELECT status FROM orders WHERE id = %s", order_id))


def test_confirming_shows_the_order_with_pay_and_cancel_buttons(buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    card = buyer.read("Ваше замовлення")
    data = [button.get("data") for row in card["keyboard"] for button in row]
    assert data[:2] == [f"pay_{order_id}", f"cancel_{order_id}"]
    assert "$99.99" in card["text"]


def test_a_person_known_only_to_the_cache_is_asked_to_send_start(shop: Shop, buyer: Buyer) -> None:
    """PostgreSQL was restored from a copy that is older than this person."""
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


def test_tapping_pay_shows_the_payment_link(shop: Shop, buyer: Buyer) -> None:
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
    """Crypto Pay made the invoice and its answer was lost. The next attempt finds it by the order's id."""
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="lost", times=1):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        shop.wait_for_job(job.key)
    buyer.read("Рахунок готовий")
    assert len(shop.invoices(order_id)) == 1
    assert shop.job(job.key)["attempts"] == 1, "given back: it was looked for and found"


def test_an_invoice_that_could_not_be_recorded_is_found_again(shop: Shop, buyer: Buyer) -> None:
    """The outage of PostgreSQL gives the attempt back, but the invoice exists."""
    order_id = buyer.open_order("mini")
    late = shop.fault(shop.crypto_pay, operation="createInvoice", kind="late", seconds=5.0, times=1)
    with late, psycopg.connect(shop.database_url) as other:
        job = buyer.tap_pay(order_id)
        wait_until(lambda: shop.invoices(order_id), "the invoice to be made")
        other.execute("SELECT FROM orders WHERE id = %s FOR UPDATE", [order_id])
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


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "body": "<html>403 Forbidden</html>"},
        {"status": 302, "body": ""},
        {"status": 404, "body": "default backend - 404"},
        {"status": 408, "body": "{}", "content_type": "application/json"},
        {"status": 200, "body": "<html>Sign in to the hotel's network</html>"},
        {"status": 502},
    ],
)
def test_an_outage_never_closes_an_order(shop: Shop, buyer: Buyer, fault: dict[str, Any]) -> None:
    """This holds however often it occurs. The link comes when the outage is over."""
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="*", kind="status", times=None, **fault):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        met = "SELECT updated_at FROM job_ledger WHERE key = %s AND state = 'queued' AND error IS NOT NULL"
        seen = set()
        wait_until(
            lambda: seen.add(shop.value(met, job.key)) or shop.hurry() or len(seen - {None}) > 4, "five tries"
        )
        assert (shop.job(job.key)["attempts"], status(shop, order_id)) == (0, "pending")
    wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the link")
    buyer.read("Рахунок готовий")
    assert len(shop.invoices(order_id)) == 1
    assert shop.job(job.key)["attempts"] == 1


def test_a_refused_api_key_leaves_the_order_open_and_names_the_setting(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    fault = {"operation": "createInvoice", "kind": "status", "status": 401, "reason": "UNAUTHORIZED"}
    with shop.fault(shop.crypto_pay, **fault, times=None):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        wait_until(
            lambda: any("CRYPTOBOT_TOKEN" in m["text"] for m in shop.messages(ADMIN_ID)), "the admins to hear"
        )
        assert status(shop, order_id) == "pending"
    wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the link")
    assert shop.job(job.key)["attempts"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "1"},
        {"asset": "TON"},
        {"payload": "somebody's"},
        {"status": "expired"},
        {"bot_invoice_url": 'https://t.me/CryptoBot?start="x'},
        {"bot_invoice_url": None},
    ],
)
def test_an_answer_about_another_invoice_is_withdrawn_and_asked_for_again(
    shop: Shop, buyer: Buyer, changes: dict[str, Any]
) -> None:
    order_id = buyer.open_order("mini")
    made = len(shop.calls(shop.crypto_pay, method="createInvoice"))
    fault = {"operation": "createInvoice", "kind": "altered", "changes": changes, "times": 1}
    with shop.fault(shop.crypto_pay, **fault):
        job = buyer.tap_pay(order_id)
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the link")
    buyer.read("Рахунок готовий")
    wait_until(lambda: len(shop.invoices(order_id)) == 1, "the other one to be withdrawn")
    (invoice,) = shop.invoices(order_id)
    recorded = shop.rows("SELECT asset, amount, pay_url FROM invoices WHERE order_id = %s", order_id)
    assert recorded == [{"asset": "USDT", "amount": Decimal("99.99"), "pay_url": invoice["bot_invoice_url"]}]
    assert len(shop.calls(shop.crypto_pay, method="createInvoice")) == made + 2
    assert shop.job(job.key)["attempts"] == 2


def test_another_order_s_invoice_is_neither_taken_nor_withdrawn(
    shop: Shop, newcomer: Callable[[], Buyer]
) -> None:
    first, second = newcomer(), newcomer()
    theirs = first.invoice(first.open_order("mini"))
    order_id = second.open_order("mini")
    changes = {name: theirs[name] for name in ("invoice_id", "payload", "bot_invoice_url")}
    fault = {"operation": "createInvoice", "kind": "altered", "changes": changes, "times": 1}
    with shop.fault(shop.crypto_pay, **fault):
        job = second.tap_pay(order_id)
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the link")
    (ours,) = shop.invoices(order_id)
    assert ours["invoice_id"] != theirs["invoice_id"]
    assert shop.invoices(theirs["payload"]) == [theirs]


def test_three_answers_about_another_invoice_leave_the_order_open(shop: Shop, buyer: Buyer) -> None:
    """The admins are notified at once. The order stays open, and its buyer learns why there was no link."""
    order_id = buyer.open_order("mini")
    fault = {"operation": "createInvoice", "kind": "altered", "changes": {"amount": "1"}, "times": None}
    with shop.fault(shop.crypto_pay, **fault):
        job = buyer.tap_pay(order_id)
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "parked", "parked")
    assert shop.job(job.key)["attempts"] == 3
    wait_until(lambda: shop.invoices(order_id) == [], "all to be withdrawn")
    assert status(shop, order_id) == "pending"
    end_the_hour(shop, order_id)
    assert status(shop, order_id) == "cancelled"
    buyer.read("Посилання на оплату не створено")


def end_the_hour(shop: Shop, order_id: str) -> None:
    shop.rows("UPDATE orders SET deadline_at = now() - interval '1 s' WHERE id = %s RETURNING id", order_id)
    key = f"tick:sweep_orders:{shop.next_id()}"
    jobs.send(jobs.SweepOrders(key=key))
    shop.wait_for_job(key)


def test_a_buyer_is_told_that_an_outage_ended_the_order(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="*", kind="status", status=502, times=None):
        job = buyer.tap_pay(order_id)
        buyer.read("Рахунок уже створюється")
        end_the_hour(shop, order_id)
        shop.wait_for_job(f"notice:no_invoice:{order_id}")
    buyer.read("Посилання на оплату не створено")
    assert buyer.count("Час на оплату минув") == 0
    wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the job to end")
    assert shop.invoices(order_id) == []


def test_a_refused_waiting_screen_does_not_end_the_order(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    with (
        shop.fault(shop.crypto_pay, operation="*", kind="status", status=502, times=None),
        shop.fault(
            shop.telegram, kind="bad_request", description="words nobody has on a list", chat_id=buyer.id
        ),
    ):
        key = f"invoice:{order_id}:{buyer.id}"
        jobs.send(jobs.CreateInvoice(**buyer.fields(), key=key, order_id=order_id))
        wait_until(lambda: shop.job(key).get("error"), "the outage to be met")
        assert shop.job(key)["state"] == "queued"
    assert status(shop, order_id) == "pending"


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


def test_a_cancelled_order_shows_its_card_and_the_menu(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
    buyer.read("Замовлення скасовано")
    assert status(shop, order_id) == "cancelled"
    job = buyer.tap_pay(order_id)
    shop.wait_for_job(job.key)
    buyer.read("Це замовлення («Mini») скасовано")
    assert shop.invoices(order_id) == []


def test_another_person_s_order_is_treated_as_unknown(shop: Shop, newcomer: Callable[[], Buyer]) -> None:
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


def test_an_order_keeps_the_terms_that_were_shown(shop: Shop, buyer: Buyer) -> None:
    """The price changes between the card and the payment: the order keeps its terms."""
    order_id = buyer.open_order("plus")
    shop.set_price("plus", "1")
    try:
        assert buyer.invoice(order_id)["amount"] == "299"
    finally:
        shop.set_price("plus", "299")
