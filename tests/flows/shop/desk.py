"""Helpers for tests of decisions: an admin, and payments that wait for a decision."""

from __future__ import annotations

from typing import Any

import redis

from socialboost import jobs
from socialboost.chat import callbacks
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until

REASONS = ("wrong_amount", "wrong_asset", "too_late", "second_payment", "unknown_order")


class Admin(Buyer):
    """The shop's admin; their chat is shared with everything else the bot tells them."""

    def __init__(self, shop: Shop, telegram_id: int = ADMIN_ID) -> None:
        self.shop = shop
        self.language = "uk"
        self.id = telegram_id

    def says(self, contract: type[jobs.Job], words: str, **fields: Any) -> dict[str, Any]:
        """Do something as by a typed message, and read the screen that answers it."""
        before = {m["message_id"] for m in self.messages()}
        self.do(contract, typed=True, **fields)

        def find() -> dict[str, Any] | None:
            fresh = [m for m in self.messages() if m["message_id"] not in before]
            return next((m for m in reversed(fresh) if words in m["text"]), None)

        return wait_until(find, f"{words!r} among {[m['text'][:80] for m in self.messages()][-4:]}")

    def tap(self, message_id: int, contract: type[jobs.Job], **fields: Any) -> Any:
        """Tap a button of this message; the job that was sent."""
        tapped = self._tap(message_id)
        if issubclass(contract, jobs.LedgerJob):
            tapped["key"] = f"tg:{tapped['update_id']}:0"
        job = contract(**{**tapped, **fields})
        jobs.send(job)
        return job

    def seen(self, payment_id: str) -> str:
        """Return the payment's present state, as a confirmation's button carries it."""
        return str(self.shop.value("SELECT payment_seen(%s)", payment_id) or "gone")

    def decide(self, payment_id: str, action: str, seen: str = "") -> jobs.ResolvePayment:
        """Confirm a decision and wait until it is taken and shown."""
        seen = seen or self.seen(payment_id)
        job = self.do(jobs.ResolvePayment, typed=True, payment_id=payment_id, action=action, seen=seen)
        assert isinstance(job, jobs.ResolvePayment)
        self.shop.wait_for_job(job.key)
        self.shop.wait_for_job(f"{job.key}:shown")
        return job

    def settle(self, ref: str, action: str, words: str) -> None:
        """Replay or discard, and read the outcome."""
        query = "SELECT job_seen(j) FROM job_ledger AS j WHERE md5(key) = %s"
        seen = str(self.shop.value(query, ref) or callbacks.LETTER_SEEN)
        self.says(jobs.SettleParkedJob, words, ref=ref, action=action, seen=seen)


def data_of(screen: dict[str, Any]) -> list[str]:
    """The callback data of a screen's buttons."""
    return [button["data"] for row in screen["keyboard"] for button in row if "data" in button]


def exceptional(shop: Shop, buyer: Buyer, reason: str) -> tuple[str, str]:
    """A payment that waits for a decision for this reason; its id and its order's (or "")."""
    if reason == "unknown_order":
        number = 10**9 + shop.next_id()
        stray = {"invoice_id": number, "asset": "USDT", "amount": "99.99", "payload": "order:1042"}
        shop.wait_for_job(buyer.pay(stray).key)
        return payment_of(shop, str(number)), ""
    if reason == "second_payment":
        order_id = buyer.buy("mini")
        number = 10**9 + shop.next_id()
        again = {"invoice_id": number, "asset": "USDT", "amount": "99.99", "payload": order_id}
        shop.wait_for_job(buyer.pay(again).key)
        return payment_of(shop, str(number)), order_id
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    changes = {"wrong_amount": {"amount": "42.505"}, "wrong_asset": {"asset": "TON", "amount": "30"}}
    if reason == "too_late":
        shop.rows(
            "UPDATE orders SET status = 'cancelled', deadline_at = now() - interval '25 hours'"
            " WHERE id = %s RETURNING id",
            order_id,
        )
    shop.wait_for_job(buyer.pay(invoice, **changes.get(reason, {})).key)
    return payment_of(shop, str(invoice["invoice_id"])), order_id


def payment_of(shop: Shop, invoice_id: str) -> str:
    return str(shop.value("SELECT id FROM payments WHERE invoice_id = %s", invoice_id))


def payment_row(shop: Shop, payment_id: str) -> dict[str, Any]:
    (row,) = shop.rows("SELECT * FROM payments WHERE id = %s", payment_id)
    return row


def refund_row(shop: Shop, payment_id: str) -> dict[str, Any]:
    rows = shop.rows("SELECT * FROM refunds WHERE payment_id = %s", payment_id)
    return rows[0] if rows else {}


def transfers(shop: Shop, spend_id: str) -> list[dict[str, Any]]:
    """Return the transfers that Crypto Pay really sent under this spend_id."""
    answer = shop.http.post(
        f"{shop.crypto_pay.url}/api/getTransfers",
        json={"spend_id": spend_id},
        headers={"Crypto-Pay-API-Token": shop.environment["CRYPTOBOT_TOKEN"]},
        timeout=10,
    )
    items: list[dict[str, Any]] = answer.json()["result"]["items"]
    return items


def balance(shop: Shop, buyer: Buyer) -> Any:
    return shop.value("SELECT balance FROM users WHERE telegram_id = %s", buyer.id)


def give(shop: Shop, buyer: Buyer, amount: str) -> None:
    """Credit a balance without the product, and clear the person's cached figures."""
    shop.rows(
        "INSERT INTO balance_entries (user_id, amount, kind, reference)"
        " SELECT id, %s, 'credit', 'test:' || gen_random_uuid() FROM users WHERE telegram_id = %s"
        " RETURNING id",
        amount,
        buyer.id,
    )
    with redis.Redis.from_url(shop.redis_url) as client:
        client.delete(f"user_stats:{buyer.id}")
