"""Tests of the watch: it finds payments without a webhook, and asks about tasks without a report."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from dramatiq.message import Message

from socialboost import jobs
from socialboost.queue import broker
from socialboost.screens.texts import crypto
from tests.flows.shop.desk import Admin, exceptional
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until
from tests.timings import Timings

TIMINGS = Timings(watch=2, recent=4)
"""What is found is the same in less time. tests/flows/shop/test_lost_webhooks.py has those of production."""
_numbers = itertools.count(1)
RECENT_PAGE = 500
"""Paid invoices that the reconciler reads at once (workers/payments/reconciler.py)."""


@pytest.fixture(scope="module")
def timings() -> Timings:
    """A watch that comes more often."""
    return TIMINGS


def pay_unheard(shop: Shop, invoice: dict[str, Any], **changes: Any) -> None:
    """Pay at Crypto Pay, whose webhook leads nowhere in this shop."""
    answer = shop.http.post(
        f"{shop.crypto_pay.url}/sim/invoices/{invoice['invoice_id']}/pay", json=changes, timeout=10
    )
    assert answer.status_code == 200, answer.text


def payment_of(shop: Shop, invoice: dict[str, Any]) -> dict[str, Any]:
    """The payment of an invoice, once it is recorded."""

    def find() -> list[dict[str, Any]]:
        return shop.rows("SELECT * FROM payments WHERE invoice_id = %s", str(invoice["invoice_id"]))

    return wait_until(find, "the payment to be found")[0]


def make_elsewhere(shop: Shop, payload: str) -> dict[str, Any]:
    """Make an invoice that the shop does not know, as when the answer to its making was lost."""
    body = {"asset": "USDT", "amount": "99.99", "payload": payload, "currency_type": "crypto"}
    headers = {"Crypto-Pay-API-Token": shop.environment["CRYPTOBOT_TOKEN"]}
    url = f"{shop.crypto_pay.url}/api/createInvoice"
    invoice: dict[str, Any] = shop.http.post(url, json=body, headers=headers, timeout=10).json()["result"]
    return invoice


def looked_through(shop: Shop, invoice: dict[str, Any]) -> dict[str, Any]:
    """The payment of an invoice that only the list of paid ones leads to."""

    def find() -> list[dict[str, Any]]:
        return shop.rows("SELECT * FROM payments WHERE invoice_id = %s", str(invoice["invoice_id"]))

    return wait_until(find, "the newest paid invoices to be looked through", 90)[0]


def close_breaker(shop: Shop) -> None:
    """Clear every record of an outage of Main Bot."""
    with redis.Redis.from_url(shop.redis_url) as client:
        for key in client.scan_iter("*main_bot*"):
            client.delete(key)


def told(shop: Shop, words: str) -> list[str]:
    """Return the messages to the admin that contain this text."""
    return [m["text"] for m in shop.messages(ADMIN_ID) if words in m["text"]]


def test_a_payment_whose_webhook_was_lost_activates_its_order(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    pay_unheard(shop, invoice)
    found = payment_of(shop, invoice)
    assert (found["source"], found["state"]) == ("reconciler", "applied")
    shop.wait_for_job(f"receipt:{order_id}")
    assert buyer.count("✅ Оплата успішна") == 1


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_crypto_pay_is_asked_about_ended_orders_too(
    shop: Shop, newcomer: Callable[[], Buyer], how: str
) -> None:
    """The order's invoice was paid before it could be withdrawn."""
    buyer = newcomer()
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    with shop.fault(shop.crypto_pay, operation="deleteInvoice", kind="status", status=502, times=None):
        if how == "cancelled":
            shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
        else:
            past = "UPDATE orders SET deadline_at = now() - interval '1 minute' WHERE id = %s RETURNING id"
            shop.rows(past, order_id)
            key = f"tick:sweep_orders:{next(_numbers)}"
            jobs.send(jobs.SweepOrders(key=key))
            shop.wait_for_job(key)
        pay_unheard(shop, invoice, force=True)
    found = payment_of(shop, invoice)
    assert (found["state"], found["reason"]) == ("applied", "late")
    assert shop.value("SELECT is_late FROM orders WHERE id = %s", order_id)


def test_a_payment_of_an_unrecorded_invoice_is_found_among_the_newest(shop: Shop, buyer: Buyer) -> None:
    invoice = make_elsewhere(shop, buyer.open_order("mini"))
    pay_unheard(shop, invoice)
    assert looked_through(shop, invoice)["state"] == "applied"


def test_a_payment_of_an_unrecorded_invoice_is_found_below_pages_of_known_ones(
    shop: Shop, buyer: Buyer
) -> None:
    """The list is ordered by creation: an invoice made early and paid late is far down."""
    early = make_elsewhere(shop, buyer.open_order("mini"))
    for number in range(RECENT_PAGE + 1):
        later = make_elsewhere(shop, f"known {number}")
        shop.rows(
            "INSERT INTO payments (provider, invoice_id, asset, amount, state, reason, source, paid_at)"
            " VALUES ('crypto_pay', %s, 'USDT', 99.99, 'exception', 'unknown_order', 'webhook', now())"
            " RETURNING id",
            str(later["invoice_id"]),
        )
        pay_unheard(shop, later)
    pay_unheard(shop, early)
    assert looked_through(shop, early)["state"] == "applied"


@pytest.mark.parametrize(
    ("odd", "state"),
    [
        ({"paid_at": "2026-11-20T09:14:30\x00"}, "applied"),
        ({"paid_at": "2026-11-20T09:14:30+23:59"}, "applied"),
        ({"paid_at": "9999-12-31T23:59:59-14:00"}, "applied"),
        ({"created_at": "0001-01-01T00:00:00+14:00", "comment": "\ud83d\x00"}, "applied"),
        ({"paid_amount": "1E-99999"}, "exception"),
        ({"invoice_id": "no number"}, None),
    ],
)
def test_one_unreadable_row_hides_no_other_payment(
    shop: Shop, newcomer: Callable[[], Buyer], odd: dict[str, Any], state: str | None
) -> None:
    """At most the row itself is lost."""
    others, unlucky = newcomer(), newcomer()
    invoices = [buyer.invoice(buyer.open_order("mini")) for buyer in (others, unlucky)]
    row = {"invoice_id": invoices[1]["invoice_id"]}
    fault = {"operation": "getInvoices", "kind": "altered", "times": None, "changes": odd, "row": row}
    with shop.fault(shop.crypto_pay, **fault):
        for invoice in invoices:
            pay_unheard(shop, invoice)
        assert payment_of(shop, invoices[0])["state"] == "applied"
        if state is not None:
            assert payment_of(shop, invoices[1])["state"] == state
    assert payment_of(shop, invoices[1])["state"] in {"applied", "exception"}


def test_confirmed_payments_are_marked_and_unknown_ones_reported_once(
    shop: Shop, newcomer: Callable[[], Buyer]
) -> None:
    honest, forged = newcomer(), newcomer()
    order_id = honest.open_order("mini")
    invoice = honest.invoice(order_id)
    pay_unheard(shop, invoice)
    wait_until(lambda: payment_of(shop, invoice)["verified_at"], "the payment to be verified")

    unpaid = forged.invoice(forged.open_order("mini"))
    shop.wait_for_job(forged.pay(unpaid).key)
    key = f"notice:credited_not_paid:{unpaid['invoice_id']}"
    shop.wait_for_job(f"{key}:{ADMIN_ID}")
    doubted = payment_of(shop, unpaid)
    assert (doubted["doubted_at"] is not None, doubted["verified_at"]) == (True, None)
    assert len(told(shop, str(unpaid["invoice_id"]))) >= 1
    assert shop.job(f"notice:credited_not_paid:{invoice['invoice_id']}") == {}


def test_an_open_invoice_is_due_again_before_the_next_round(shop: Shop, buyer: Buyer) -> None:
    """Due a moment later, it would be asked about in every second round only and be found later."""
    invoice = str(buyer.invoice(buyer.open_order("mini"))["invoice_id"])

    def asked() -> list[float]:
        calls = shop.calls(shop.crypto_pay, event="api", method="getInvoices")
        return [call["received_at"] for call in calls if invoice in call["request"].get("invoice_ids", "")]

    first = wait_until(asked, "the invoice to be asked about")[0]
    due = "SELECT extract(epoch FROM check_at)::float8 FROM invoices WHERE invoice_id = %s"
    again = wait_until(lambda: (at := shop.value(due, invoice)) > first and at, "it to be due again")
    assert TIMINGS.watch is not None
    assert again - max(at for at in asked() if at < again) < TIMINGS.watch


def test_an_outage_of_crypto_pay_uses_no_attempt(shop: Shop, buyer: Buyer) -> None:
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    with shop.fault(shop.crypto_pay, kind="status", status=500, operation="getInvoices", times=None):
        pay_unheard(shop, invoice)
        wait_until(lambda: "watch_step_waits" in shop.log_text(), "the watch to notice")
        assert shop.rows("SELECT 1 FROM payments WHERE invoice_id = %s", str(invoice["invoice_id"])) == []
    assert payment_of(shop, invoice)["state"] == "applied"


class TestSilentTasks:
    """Main Bot is asked about a task it has said nothing about."""

    @pytest.fixture(autouse=True)
    def closed_breaker(self, stage: Shop) -> None:
        close_breaker(stage)

    @pytest.fixture
    def sent(self, shop: Shop, buyer: Buyer) -> str:
        """A task that Main Bot has accepted."""
        buyer.buy("elite")
        url = f"https://t.me/silent/{next(_numbers)}"
        shop.wait_for_job(buyer.add_post(url).key)
        task_id = buyer.task_of(url)
        shop.wait_for_job(f"task:{task_id}")
        return task_id

    @staticmethod
    def grow_silent(shop: Shop, task_id: str) -> None:
        shop.rows(
            "UPDATE tasks SET sent_at = now() - interval '16 minutes', asked_at = NULL,"
            " lease_until = CASE WHEN lease_owner IS NOT NULL THEN now() END"
            " WHERE id = %s RETURNING id",
            task_id,
        )

    @staticmethod
    def asked(shop: Shop, task_id: str, state: str = "done") -> dict[str, Any]:
        """The question's row, once it is settled so."""

        def find() -> list[dict[str, Any]]:
            return shop.rows(
                "SELECT * FROM job_ledger WHERE key LIKE %s AND state = %s", f"ask:{task_id}:%", state
            )

        return wait_until(find, f"{task_id} to be asked about")[0]

    def test_a_lost_report_is_found_by_polling(self, shop: Shop, sent: str) -> None:
        shop.post(shop.main_bot, f"/sim/tasks/{sent}/status", {"status": "completed", "report": False})
        self.grow_silent(shop, sent)
        self.asked(shop, sent)
        post_id = shop.value("SELECT post_id FROM tasks WHERE id = %s AND status = 'completed'", sent)
        shop.wait_for_job(f"post:{post_id}:completed")

    def test_a_task_that_main_bot_has_not_begun_is_not_handed_over_again(self, shop: Shop, sent: str) -> None:
        self.grow_silent(shop, sent)
        self.asked(shop, sent)
        assert shop.value("SELECT status FROM tasks WHERE id = %s", sent) == "sent"
        assert len(shop.executions(sent)) == 1

    def test_a_pulled_task_that_main_bot_has_is_handed_to_nobody_else(self, shop: Shop, sent: str) -> None:
        """Main Bot pulled the task and has not begun it."""
        shop.rows(
            "UPDATE tasks SET handed_over_by = 'pull', lease_owner = 'gone', lease_until = now(),"
            " due_at = now() + interval '15 minutes'"
            " WHERE id = %s RETURNING id",
            sent,
        )
        self.grow_silent(shop, sent)
        self.asked(shop, sent)
        (row,) = shop.rows("SELECT status, due_at, lease_owner FROM tasks WHERE id = %s", sent)
        assert row == {"status": "sent", "due_at": None, "lease_owner": None}

    def test_a_pulled_task_unknown_to_main_bot_is_handed_over_under_the_same_id(
        self, shop: Shop, buyer: Buyer
    ) -> None:
        buyer.buy("elite")
        shop.post(shop.main_bot, "/sim/settings", {"down": True})
        try:
            url = f"https://t.me/silent/{next(_numbers)}"
            shop.wait_for_job(buyer.add_post(url).key)
            task_id = buyer.task_of(url)
            wait_until(lambda: shop.job(f"task:{task_id}").get("error"), "the push to fail")
            pulled = jobs.ask(jobs.ClaimTasks(limit=100, owner="pull:test"), 4)
            assert task_id in [task["task_id"] for task in pulled]
        finally:
            shop.post(shop.main_bot, "/sim/settings", {"down": False})
            close_breaker(shop)
        self.grow_silent(shop, task_id)
        self.asked(shop, task_id)
        wait_until(lambda: shop.executions(task_id), "Main Bot to have it")
        assert len(shop.executions(task_id)) == 1
        assert shop.value("SELECT attempts FROM tasks WHERE id = %s", task_id) <= 3

    def test_a_task_lost_after_three_hand_overs_needs_an_admin(self, shop: Shop, buyer: Buyer) -> None:
        buyer.buy("elite")
        url = f"https://t.me/silent/{next(_numbers)}"
        with shop.fault(shop.main_bot, kind="status", status=500, operation="push", times=None):
            shop.wait_for_job(buyer.add_post(url).key)
            task_id = buyer.task_of(url)
            shop.rows(
                "UPDATE tasks SET status = 'sent', attempts = 3, sent_at = now(), due_at = NULL"
                " WHERE id = %s RETURNING id",
                task_id,
            )
        self.grow_silent(shop, task_id)
        parked = self.asked(shop, task_id, "parked")
        assert "three hand-overs" in parked["error"]
        self.grow_silent(shop, task_id)
        asked_at = "SELECT asked_at FROM tasks WHERE id = %s"
        wait_until(lambda: shop.value(asked_at, task_id), "the next round to come to it")
        asked = "SELECT state FROM job_ledger WHERE key LIKE %s"
        assert shop.rows(asked, f"ask:{task_id}:%") == [{"state": "parked"}], "said once, not every round"


def test_an_unreadable_message_is_kept_and_reported(shop: Shop) -> None:
    stranger = Message(
        queue_name="notifications", actor_name="from_the_future", args=(), kwargs={}, options={}
    )
    broker.current().enqueue(stranger)
    (letter,) = wait_until(
        lambda: shop.rows("SELECT * FROM dead_letters WHERE actor = 'from_the_future'"), "the letter is kept"
    )
    assert b"from_the_future" in bytes(letter["body"])
    wait_until(lambda: told(shop, "notifications"), "the admin to be told")


def test_a_broken_invariant_is_reported_to_the_admins_once(shop: Shop, buyer: Buyer) -> None:
    def check() -> None:
        key = f"tick:check_invariants:{next(_numbers)}"
        jobs.send(jobs.CheckInvariants(key=key))
        shop.wait_for_job(key)

    order_id = buyer.buy("mini")
    check()
    assert not [m for m in told(shop, order_id) if "суперечать" in m]
    shop.rows("DELETE FROM activations WHERE order_id = %s RETURNING id", order_id)
    check()
    check()
    invoice_id = shop.value("SELECT invoice_id FROM payments WHERE order_id = %s", order_id)
    wait_until(lambda: [m for m in told(shop, str(invoice_id)) if "суперечать" in m], "the admin to be told")
    notices = shop.rows(
        "SELECT key FROM owed_notices WHERE kind = 'invariant_broken' AND data::text LIKE %s",
        f"%{invoice_id}%",
    )
    assert len(notices) == 1
    shop.rows(  # as it was, for the tests that follow
        "INSERT INTO activations (order_id, user_id, run_id, kind, starts_at, ends_at)"
        " SELECT id, user_id, id, 'first', activated_at, expires_at FROM orders WHERE id = %s RETURNING id",
        order_id,
    )


def test_the_daily_report_has_the_day_s_figures(shop: Shop, buyer: Buyer) -> None:
    """Money in another asset, which an admin accepted, is not counted as USDT."""
    payment_id, _ = exceptional(shop, buyer, "wrong_asset")
    admin = Admin(shop)
    admin.decide(payment_id, "activate")
    payment = shop.rows(
        "SELECT amount, asset, (created_at AT TIME ZONE value)::date::text AS local_day"
        " FROM payments, settings WHERE id = %s AND key = 'timezone'",
        payment_id,
    )[0]
    sum_in_coin = crypto(payment["amount"], payment["asset"])
    assert " USDT" not in sum_in_coin
    day = payment["local_day"]
    key = f"tick:send_daily_report:{day}"
    jobs.send(jobs.SendDailyReport(key=key, day=day))
    shop.wait_for_job(key)
    line = wait_until(lambda: told(shop, "Підсумок дня"), "the line")[0]
    assert re.search(rf"Сума: \d+\.\d\d USDT, {sum_in_coin}$", line, re.MULTILINE)
    assert sum_in_coin in admin.says(jobs.ShowAdminPage, "Статистика системи", page="stats")["text"]
