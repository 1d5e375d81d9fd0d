"""Tests of Telegram's outage: the receipt of a paid order comes once when it is back, without an admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until

Row = dict[str, Any]

NOT_ACCEPTED = {
    "502 of a proxy": {"kind": "server_error", "status": 502, "json": False},
    "503 of a proxy": {"kind": "server_error", "status": 503, "json": False},
    "403 of a proxy": {"kind": "server_error", "status": 403, "json": False},
    "a redirect": {"kind": "server_error", "status": 302, "json": False},
    "a refused token": {"kind": "error", "status": 401, "description": "Unauthorized"},
}
UNKNOWN = {
    "the answer lost": {"kind": "lose_answer"},
    "cut off": {"kind": "reset"},
    "500 of Telegram": {"kind": "server_error", "status": 500},
    "504 of a proxy": {"kind": "server_error", "status": 504, "json": False},
    "200 with a page": {"kind": "server_error", "status": 200, "json": False},
}
RECEIPT = "✅ Оплата успішна"


def put_off(shop: Shop, key: str) -> Row:
    """Wait until the job was tried and put off; its row."""

    def find() -> Row | None:
        row = shop.job(key)
        return row if row.get("state") == "queued" and row["error"] else None

    return wait_until(find, f"{key} to be put off, is {shop.job(key)}")


def tries(shop: Shop, buyer: Buyer) -> int:
    """Return how often the receipt was sent, refused or not."""
    return sum(RECEIPT in str(call["params"]) for call in shop.telegram_calls("sendMessage", buyer.id))


def try_again(shop: Shop, key: str, waited: str = "0 s") -> Row:
    """Run the job once more as if it had waited for so long."""
    shop.rows(
        "UPDATE job_ledger SET run_at = now(), wake_at = now(), error = NULL,"
        " waiting_since = now() - %s::interval WHERE key = %s AND state = 'queued' RETURNING key",
        waited,
        key,
    )
    return put_off(shop, key)


@pytest.fixture
def telegram(shop: Shop) -> Iterator[Telegram]:
    """Telegram, whose faults end with the test."""
    telegram = Telegram(shop)
    yield telegram
    telegram.mend()


class Telegram:
    """The faults of Telegram."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def fail(self, method: str, **fault: Any) -> None:
        """Let every such call fail from now on."""
        self.shop.post(self.shop.telegram, "/sim/faults", {"method": method, "times": None, **fault})

    def mend(self) -> None:
        self.shop.http.delete(self.shop.telegram.url + "/sim/faults", timeout=10).raise_for_status()


def pay(shop: Shop, buyer: Buyer) -> str:
    """Pay for an order; the key of its receipt."""
    order_id = buyer.open_order("mini")
    shop.wait_for_job(buyer.pay(buyer.invoice(order_id)).key)
    return f"receipt:{order_id}"


@pytest.mark.parametrize("fault", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_calls_that_were_not_accepted_use_no_attempt_however_long(
    shop: Shop, buyer: Buyer, telegram: Telegram, fault: Row
) -> None:
    telegram.fail("sendMessage", chat_id=buyer.id, contains=RECEIPT, **fault)
    key = pay(shop, buyer)
    assert put_off(shop, key)["attempts"] == 0
    for waited, least, most in (("20 s", 10, 30), ("70 minutes", 60, 60)):
        row = try_again(shop, key, waited)
        assert row["attempts"] == 0
        assert least <= (row["run_at"] - row["updated_at"]).total_seconds() <= most
    assert buyer.count(RECEIPT) == 0
    telegram.mend()
    shop.hurry()
    assert shop.wait_for_job(key)["attempts"] == 1
    assert buyer.count(RECEIPT) == 1
    assert parked(shop) == []


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN)
def test_after_an_unknown_outcome_telegram_must_answer_before_the_second_attempt(
    shop: Shop, buyer: Buyer, telegram: Telegram, fault: Row
) -> None:
    telegram.fail("getMe", **fault)
    telegram.fail("sendMessage", chat_id=buyer.id, contains=RECEIPT, **fault)
    key = pay(shop, buyer)
    assert put_off(shop, key)["attempts"] == 1
    for waited in ("20 s", "70 minutes"):
        assert try_again(shop, key, waited)["attempts"] == 1
    assert tries(shop, buyer) == 1, "it was sent into the outage again"
    telegram.mend()
    shop.hurry()
    assert shop.wait_for_job(key)["attempts"] == 2
    assert tries(shop, buyer) == 2
    assert buyer.count(RECEIPT) == (2 if fault["kind"] == "lose_answer" else 1)
    assert parked(shop) == []


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN)
def test_two_unknown_outcomes_park_the_receipt(
    shop: Shop, buyer: Buyer, telegram: Telegram, fault: Row
) -> None:
    telegram.fail("sendMessage", chat_id=buyer.id, contains=RECEIPT, **fault)
    key = pay(shop, buyer)
    put_off(shop, key)
    shop.hurry()
    assert shop.wait_for_job(key, "parked")["attempts"] == 2
    assert tries(shop, buyer) == 2
    shop.rows("UPDATE job_ledger SET state = 'discarded' WHERE key = %s RETURNING key", key)


def test_a_message_about_money_waits_like_a_receipt(shop: Shop, buyer: Buyer, telegram: Telegram) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    telegram.fail("sendMessage", chat_id=buyer.id, kind="server_error", status=502, json=False)
    job = buyer.pay(invoice, amount="1")
    key = f"notice:wrong_amount:{order_id}:{job.invoice_id}"
    wait_until(lambda: shop.job(key), "the notice to be owed")
    put_off(shop, key)
    assert try_again(shop, key, "70 minutes")["attempts"] == 0
    telegram.mend()
    shop.hurry()
    assert shop.wait_for_job(key)["attempts"] == 1
    buyer.read("Сума платежу не збігається")


def test_a_notice_to_admins_waits_too_and_carries_the_others(shop: Shop, telegram: Telegram) -> None:
    telegram.fail("sendMessage", chat_id=ADMIN_ID, kind="server_error", status=503, json=False)
    subjects = ("away-1.", "away-2.")
    for subject in subjects:
        key = f"notice:test:{subject}"
        jobs.send(jobs.NotifyAdmins(key=key, kind="order_paid", data={"reason": subject}))
    keys = [f"notice:test:{subject}:{ADMIN_ID}" for subject in subjects]
    for key in keys:
        wait_until(lambda k=key: shop.job(k), "the notice to be owed")
        assert put_off(shop, key)["attempts"] == 0
    telegram.mend()
    shop.hurry()
    for key, subject in zip(keys, subjects, strict=True):
        assert shop.wait_for_job(key)["attempts"] == 1
        assert sum(subject in m["text"] for m in shop.messages(ADMIN_ID)) == 1


@pytest.mark.breaks("order_refunded_without_refund", why="it calls refund_order, not what returns the money")
def test_a_payment_refunded_meanwhile_gets_no_receipt(shop: Shop, buyer: Buyer, telegram: Telegram) -> None:
    telegram.fail("sendMessage", chat_id=buyer.id, contains=RECEIPT, **NOT_ACCEPTED["502 of a proxy"])
    key = pay(shop, buyer)
    put_off(shop, key)
    order_id = key.partition(":")[2]
    assert shop.value("SELECT refund_order(%s::uuid)", order_id)
    telegram.mend()
    shop.hurry()
    shop.wait_for_job(key)
    assert buyer.count(RECEIPT) == 0


def parked(shop: Shop) -> list[Row]:
    return shop.rows("SELECT key FROM job_ledger WHERE state = 'parked'")
