"""Tests of payments: each ends as one activation or one listed exception, and the buyer is notified."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest
import redis
from pydantic import SecretStr

from socialboost import jobs
from socialboost.queue import broker
from socialboost.security.sealing import Courier, Sealer
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, PAY_TOKEN, Buyer, Shop, payment, wait_until
from workers.engine import outbox
from workers.engine.actors import Attempt
from workers.payments import activation


def order(shop: Shop, order_id: str) -> dict[str, object]:
    (row,) = shop.rows("SELECT status, is_late, activated_at, expires_at FROM orders WHERE id = %s", order_id)
    return row


def recorded(shop: Shop, order_id: str) -> list[tuple[object, object]]:
    rows = shop.rows("SELECT state, reason FROM payments WHERE order_id = %s ORDER BY created_at", order_id)
    return [(row["state"], row["reason"]) for row in rows]


def test_a_paid_order_becomes_active_and_everybody_is_notified_once(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.buy("mini")
    assert order(shop, order_id)["status"] == "paid"
    receipt = buyer.read("✅ Оплата успішна")
    assert order_id in receipt["text"]
    for chat_id in (ADMIN_ID, CHANNEL_ID):
        shop.wait_for_job(f"notice:order_paid:{order_id}:{chat_id}")
        told = [m for m in shop.messages(chat_id) if order_id in m["text"]]
        assert len(told) == 1
    assert recorded(shop, order_id) == [("applied", None)]


def test_a_receipt_is_not_edited_even_after_redis_was_wiped(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.buy("mini")
    receipt = buyer.read("✅ Оплата успішна")
    for wiped in (False, True, True):
        if wiped:
            with redis.Redis.from_url(shop.redis_url) as client:
                client.flushall()
        before = len(buyer.messages())
        jobs.send(jobs.ShowPage(**buyer.fields(tapped=receipt["message_id"]), page="support"))
        wait_until(lambda known=before: len(buyer.messages()) > known, "the page in a new message")
        kept = next(m for m in buyer.messages() if m["message_id"] == receipt["message_id"])
        assert order_id in kept["text"]


def test_a_receipt_not_yet_recorded_is_not_edited(shop: Shop, buyer: Buyer) -> None:
    """It is tapped at once, Redis is wiped, and PostgreSQL cannot record the message yet."""
    with shop.locked("lasting_messages"):
        job = buyer.pay(buyer.invoice(order_id := buyer.open_order("mini")))
        receipt = buyer.read("✅ Оплата успішна")
        with redis.Redis.from_url(shop.redis_url) as client:
            client.flushall()
        before = len(buyer.messages())
        jobs.send(jobs.ShowPage(**buyer.fields(tapped=receipt["message_id"]), page="support"))
        wait_until(lambda: len(buyer.messages()) > before, "the page in a new message")
        wait_until(lambda: "settlement_deferred" in shop.log_text(), "PostgreSQL's refusal")
        assert shop.job(f"receipt:{order_id}")["state"] == "running"
    shop.wait_for_job(job.key)
    shop.wait_for_job(f"receipt:{order_id}")
    kept = "SELECT count(*) FROM lasting_messages WHERE chat_id = %s AND message_id = %s"
    assert shop.value(kept, buyer.id, receipt["message_id"]) == 1
    assert any(order_id in message["text"] for message in buyer.messages())
    menu = buyer.newest()["message_id"]
    jobs.send(jobs.ShowStats(**buyer.fields(tapped=menu)))
    wait_until(lambda: "Моя статистика" in buyer.newest()["text"], "what is no receipt, edited as ever")
    assert buyer.newest()["message_id"] == menu


def test_a_receipt_of_unknown_id_is_not_edited(shop: Shop, buyer: Buyer) -> None:
    """Telegram accepted it and the answer was lost. It is sent again, and the first one exists too."""
    order_id = buyer.open_order("mini")
    lost = {"kind": "lose_answer", "method": "sendMessage", "chat_id": buyer.id, "contains": "Оплата успішна"}
    with shop.fault(shop.telegram, **lost, times=1):
        buyer.pay(buyer.invoice(order_id))
        first = buyer.read("✅ Оплата успішна")
        shop.wait_for_job(f"receipt:{order_id}")
    with redis.Redis.from_url(shop.redis_url) as client:
        client.flushall()
    before = len(buyer.messages())
    jobs.send(jobs.ShowPage(**buyer.fields(tapped=first["message_id"]), page="support"))
    wait_until(lambda: len(buyer.messages()) > before, "the page in a new message")
    kept = next(m for m in buyer.messages() if m["message_id"] == first["message_id"])
    assert order_id in kept["text"]


@pytest.mark.parametrize("token", [PAY_TOKEN, "12345:" + "d" * 35, None])
def test_the_raw_event_is_kept_encrypted(shop: Shop, buyer: Buyer, token: str | None) -> None:
    """Web encrypted it, or an older web did not. If it cannot be decrypted, the payment still counts."""
    event = '{"secret":"canary-7f3a"}'
    order_id = buyer.open_order("mini")
    sealed = event if token is None else Courier(SecretStr(token)).seal(event.encode())
    job = buyer.pay(buyer.invoice(order_id), raw_event=sealed)
    shop.wait_for_job(job.key)
    raw = shop.value("SELECT raw_event FROM payments WHERE order_id = %s AND state = 'applied'", order_id)
    assert "canary" not in str(shop.job(job.key)["args"])
    if token not in {PAY_TOKEN, None}:
        assert raw is None
        return
    assert b"canary" not in bytes(raw)
    key = SecretStr(shop.environment["PAYMENT_DATA_KEY"])
    assert Sealer([key]).unseal(bytes(raw)).decode() == event


def test_a_webhook_that_comes_many_times_counts_once(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    for _ in range(10):
        jobs.send(payment(invoice))
    shop.wait_for_job(f"receipt:{order_id}")
    before = order(shop, order_id)
    jobs.send(payment(invoice, key=f"cp:{invoice['invoice_id']}:again"))  # as if the ledger had forgotten it
    shop.wait_for_job(f"cp:{invoice['invoice_id']}:again")
    assert order(shop, order_id) == before
    assert recorded(shop, order_id) == [("applied", None)]
    assert buyer.count("✅ Оплата успішна") == 1
    assert shop.value("SELECT count(*) FROM activations WHERE order_id = %s", order_id) == 1


@pytest.mark.parametrize(
    ("changes", "reason", "received"),
    [
        ({"amount": "99.98"}, "wrong_amount", ["99.98 USDT"]),
        ({"amount": "99.990000001"}, "wrong_amount", ["99.99 USDT"]),
        ({"amount": "NaN"}, "wrong_amount", []),
        ({"amount": "1e400"}, "wrong_amount", []),
        ({"amount": "-99.99"}, "wrong_amount", []),
        ({"amount": ""}, "wrong_amount", []),
        ({"asset": "TON"}, "wrong_asset", ["99.99 TON"]),
    ],
)
def test_wrong_money_is_listed_and_activates_nothing(
    shop: Shop, buyer: Buyer, changes: dict[str, str], reason: str, received: list[str]
) -> None:
    order_id = buyer.open_order("mini")
    job = buyer.pay(buyer.invoice(order_id), **changes)
    shop.wait_for_job(job.key)
    assert order(shop, order_id)["status"] == "processing"
    assert recorded(shop, order_id) == [("exception", reason)]
    heading = {"wrong_amount": "Сума платежу не збігається", "wrong_asset": "Інша валюта платежу"}[reason]
    told = buyer.read(heading)["text"]
    assert "Сума замовлення: 99.99 USDT" in told
    assert re.findall("Надійшло: (.*)", told) == received
    shop.wait_for_job(f"notice:payment_exception:{job.invoice_id}:{ADMIN_ID}")
    assert buyer.count("✅ Оплата успішна") == 0


def test_an_order_paid_after_its_cancellation_is_active_and_flagged(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
    buyer.pay(invoice)
    shop.wait_for_job(f"receipt:{order_id}")
    assert order(shop, order_id)["status"] == "paid"
    assert order(shop, order_id)["is_late"] is True
    buyer.read("✅ Оплата успішна")


def test_a_payment_that_is_much_too_late_needs_a_decision(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
    shop.rows(
        "UPDATE orders SET created_at = now() - interval '3 days', deadline_at = now() - interval '25 hours'"
        " WHERE id = %s RETURNING id",
        order_id,
    )
    shop.wait_for_job(buyer.pay(invoice).key)
    assert recorded(shop, order_id) == [("exception", "too_late")]
    buyer.read("Платіж надійшов запізно")


def test_a_second_payment_never_touches_the_active_order(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.buy("mini")
    before = order(shop, order_id)
    other = {"invoice_id": 10**9 + shop.next_id(), "asset": "USDT", "amount": "99.99", "payload": order_id}
    shop.wait_for_job(buyer.pay(other).key)
    assert order(shop, order_id) == before
    assert sorted(recorded(shop, order_id), key=str) == [("applied", None), ("exception", "second_payment")]
    buyer.read("Повторний платіж")


def test_money_for_an_unknown_order_is_listed(shop: Shop) -> None:
    number = 10**9 + shop.next_id()
    stray = {"invoice_id": number, "asset": "USDT", "amount": "5", "payload": "order:1042"}
    jobs.send(payment(stray))
    shop.wait_for_job(f"cp:{number}")
    (row,) = shop.rows("SELECT state, reason, order_id FROM payments WHERE invoice_id = %s", str(number))
    assert (row["state"], row["reason"], row["order_id"]) == ("exception", "unknown_order", None)
    shop.wait_for_job(f"notice:payment_exception:{number}:{ADMIN_ID}")


def test_a_webhook_that_precedes_our_record_of_the_invoice_activates_the_order(
    shop: Shop, buyer: Buyer
) -> None:
    """Crypto Pay was faster than our commit. The payment finds its order by the id that it carries."""
    order_id = buyer.open_order("mini")
    unknown = {"invoice_id": 10**9 + shop.next_id(), "asset": "USDT", "amount": "99.99", "payload": order_id}
    buyer.pay(unknown)
    shop.wait_for_job(f"receipt:{order_id}")
    assert order(shop, order_id)["status"] == "paid"


def test_a_webhook_that_precedes_the_invoice_s_answer_withdraws_nothing(shop: Shop, buyer: Buyer) -> None:
    """A paid invoice must not be deleted at Crypto Pay."""
    order_id = buyer.open_order("mini")
    with shop.fault(shop.crypto_pay, operation="createInvoice", kind="late", seconds=2.0, times=1):
        tap = buyer.tap_pay(order_id)
        (invoice,) = wait_until(lambda: shop.invoices(order_id), "the invoice at Crypto Pay")
        shop.wait_for_job(buyer.pay(invoice).key)
        assert shop.job(tap.key)["state"] == "running", "it was to be made still"
        shop.wait_for_job(tap.key)
    shop.wait_for_job(f"receipt:{order_id}")
    assert order(shop, order_id)["status"] == "paid"
    shop.wait_for_job(f"withdraw:{invoice['invoice_id']}")
    asked = shop.calls(shop.crypto_pay, event="api", method="deleteInvoice")
    assert not [line for line in asked if str(invoice["invoice_id"]) in str(line["request"])]


def test_a_receipt_to_a_buyer_who_blocked_the_bot_ends_its_job(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    shop.post(shop.telegram, f"/sim/people/{buyer.id}/block")
    buyer.pay(invoice)
    receipt = shop.wait_for_job(f"receipt:{order_id}")
    assert receipt["attempts"] == 1
    assert order(shop, order_id)["status"] == "paid"
    assert shop.value("SELECT blocked_at FROM users WHERE telegram_id = %s", buyer.id) is not None


@pytest.mark.parametrize("paid_at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "now"])
def test_an_invalid_time_does_not_stop_a_payment(shop: Shop, buyer: Buyer, paid_at: str) -> None:
    """PostgreSQL could store it, but nobody could read it back."""
    order_id = buyer.open_order("mini")
    shop.wait_for_job(buyer.pay(buyer.invoice(order_id), paid_at=paid_at).key)
    assert order(shop, order_id)["status"] == "paid"
    known = "SELECT paid_at > now() - interval '1 hour' FROM payments WHERE order_id = %s"
    assert shop.value(known, order_id)


def test_a_receipt_of_unknown_outcome_is_repeated_once_then_parked(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    lost = {"kind": "lose_answer", "method": "sendMessage", "chat_id": buyer.id, "times": None}
    with shop.fault(shop.telegram, **lost):
        buyer.pay(invoice)
        key = f"receipt:{order_id}"
        wait_until(lambda: shop.hurry() or shop.job(key).get("state") == "parked", "the receipt to be parked")
    assert shop.job(key)["attempts"] == 2
    assert buyer.count("✅ Оплата успішна") == 2
    assert order(shop, order_id)["status"] == "paid"


def test_a_throttled_receipt_waits_and_uses_no_attempt(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    wait = {"kind": "retry_after", "retry_after": 1, "method": "sendMessage", "chat_id": buyer.id, "times": 3}
    with shop.fault(shop.telegram, **wait):
        buyer.pay(invoice)
        shop.wait_for_job(f"receipt:{order_id}")
    assert shop.job(f"receipt:{order_id}")["attempts"] == 1
    assert buyer.count("✅ Оплата успішна") == 1


def test_a_receipt_is_never_edited(buyer: Buyer) -> None:
    buyer.buy("mini")
    assert "✅ Оплата успішна" in buyer.newest()["text"]
    buyer.do(jobs.ShowMenu)
    buyer.read("Головне меню")
    assert buyer.count("✅ Оплата успішна") == 1


def test_buying_the_same_package_again_extends_it(shop: Shop, buyer: Buyer) -> None:
    first, second = buyer.buy("mini"), buyer.buy("mini")
    assert first != second
    days = shop.value(
        "SELECT extract(epoch FROM max(expires_at) - min(activated_at)) / 86400 FROM orders"
        " WHERE id = ANY (%s::uuid[])",
        [first, second],
    )
    assert round(days) == 60


def test_a_job_in_the_outbox_runs_although_redis_refused_it_at_first(
    shop: Shop, buyer: Buyer, here: pytest.MonkeyPatch
) -> None:
    """Redis goes down between the payment's commit and the receipt's message. The rescuer sends it."""
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    broker.install("redis://127.0.0.1:1/0")
    try:
        activation.activate_order(payment(invoice), Attempt(number=1, worker="test", last=False))
    finally:
        broker.install(shop.redis_url)
    assert order(shop, order_id)["status"] == "paid"
    shop.wait_for_job(f"receipt:{order_id}")
    assert buyer.count("✅ Оплата успішна") == 1


def test_no_job_is_added_when_the_payment_was_not_recorded(
    shop: Shop, buyer: Buyer, here: pytest.MonkeyPatch
) -> None:
    """The other half of the outbox: without the commit no job follows."""
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    here.setattr(outbox, "GRACE_SECONDS", "no number")  # PostgreSQL refuses the last statement
    with pytest.raises(psycopg.Error):
        activation.activate_order(payment(invoice), Attempt(number=1, worker="test", last=False))
    assert order(shop, order_id)["status"] == "pending"
    assert shop.job(f"receipt:{order_id}") == {}
    assert recorded(shop, order_id) == []


def test_one_locked_order_delays_no_other_order(shop: Shop, newcomer: Callable[[], Buyer]) -> None:
    """Only its own jobs wait for a lock, and for at most two seconds."""
    stuck, other = newcomer(), newcomer()
    order_id = stuck.open_order("mini")
    invoice = stuck.invoice(order_id)
    with psycopg.connect(shop.database_url) as blocker:
        blocker.execute("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", (order_id,))
        job = stuck.pay(invoice)
        other.buy("mini")
        assert shop.job(job.key).get("state") != "done"
        wait_until(lambda: shop.job(job.key).get("error"), "the wait for the lock to end")
    shop.hurry()
    shop.wait_for_job(f"receipt:{order_id}")
    assert shop.job(job.key)["attempts"] == 1, "being locked out uses up no attempt"
