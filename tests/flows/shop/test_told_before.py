"""Tests of a restored backup: no message is sent twice unless an admin decides so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.servers import PostgresServer
from socialboost import jobs
from tests.flows.shop import tasks_desk
from tests.flows.shop.backups import Copy, stop_workers
from tests.flows.shop.desk import Admin, data_of, exceptional, refund_row
from tests.flows.shop.world import ADMIN_ID, ROOT, Buyer, Shop, wait_until

RECEIPT = "✅ Оплата успішна"
LISTED = "Можливо, вже сказано"
Newcomer = Callable[[], Buyer]


@pytest.fixture
def copy(stage: Shop, postgres_server: PostgresServer) -> Iterator[Copy]:
    copy = Copy(postgres_server, stage)
    yield copy
    postgres_server.drop_database(copy.name)


@pytest.fixture
def admin(shop: Shop) -> Admin:
    shop.post(shop.crypto_pay, "/sim/settings", {"balance": {"USDT": "100000"}})
    return Admin(shop)


@dataclass
class Heard:
    """A person who got a message that the copy does not have."""

    buyer: Buyer
    key: str
    """Of the message."""
    before: int = 0
    """The number of messages in the chat after the lost database had sent everything."""


def restored(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the operator's command as the database's owner."""
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LOG_DIR": "-", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "socialboost", "restored", *arguments],
        cwd=shop.log.parent,
        env=env | {"DATABASE_URL": shop.database_url},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


class Past:
    """The history around a copy: it begins before it, messages follow, and then the copy is restored."""

    def __init__(self, shop: Shop, copy: Copy, newcomer: Newcomer, admin: Admin) -> None:
        self.shop, self.copy, self.admin = shop, copy, admin
        self.owed, self.found, self.less, self.late, self.posting, self.refunded = (
            newcomer() for _ in range(6)
        )

    def live(self) -> list[Heard]:
        """Run the history. Returns the people and their messages, each sent once."""
        shop = self.shop
        found, less, late = (
            one.invoice(one.open_order("mini")) for one in (self.found, self.less, self.late)
        )
        self.posting.buy("elite")
        task_id = tasks_desk.add(self.posting, tasks_desk.link())
        shop.wait_for_job(f"task:{task_id}")
        refund = self._refund_under_way()
        owed = self._owe_receipt()
        stop_workers(shop)
        self.copy.make()
        shop.http.delete(shop.telegram.url + "/sim/faults", timeout=10).raise_for_status()
        shop.http.delete(shop.crypto_pay.url + "/sim/faults", timeout=10).raise_for_status()

        shop.start_workers()
        shop.hurry()
        self._pay(self.found, found)
        self._pay(self.less, less, amount="42.50")
        self.lapse(late["payload"])
        done = {"status": "completed", "report": False}
        shop.post(shop.main_bot, f"/sim/tasks/{task_id}/status", done)
        post_id = tasks_desk.task(shop, task_id)["post_id"]
        tasks_desk.report(task_id, "completed")
        wrong = f"notice:wrong_amount:{less['payload']}:{less['invoice_id']}"
        self.heard = [
            Heard(self.owed, f"receipt:{owed}"),
            Heard(self.found, f"receipt:{found['payload']}"),
            Heard(self.less, wrong),
            Heard(self.late, f"notice:order_expired:{late['payload']}"),
            Heard(self.posting, f"post:{post_id}:completed"),
            Heard(self.refunded, f"decision:{refund['payment_id']}:refunded"),
        ]
        self.task_id, self.late_order = task_id, str(late["payload"])
        for heard in self.heard:
            shop.wait_for_job(heard.key)
        self._wait_until_quiet()
        for heard in self.heard:
            heard.before = len(heard.buyer.messages())
        stop_workers(shop)
        self.copy.restore()
        return self.heard

    def again(self) -> None:
        """Let the restored shop find the facts that the lost database had."""
        self.shop.start_workers()
        self.lapse(self.late_order)
        jobs.send(jobs.AskMainBot(key=f"ask:{self.task_id}:1", task_id=self.task_id))
        for heard in self.heard:
            wait_until(
                lambda key=heard.key: self.shop.job(key).get("state") in {"done", "withheld"},
                f"{heard.key} to be known again",
                120,
            )
        self._wait_until_quiet()

    def lapse(self, order_id: str) -> None:
        """The order's hour is over."""
        change = "UPDATE orders SET deadline_at = now() - interval '1 minute' WHERE id = %s RETURNING id"
        self.shop.rows(change, order_id)
        jobs.send(jobs.SweepOrders(key=f"tick:sweep_orders:{self.shop.next_id()}"))
        self.shop.wait_for_job_in(f"notice:order_expired:{order_id}", {"done", "withheld"})

    def _owe_receipt(self) -> str:
        """Paid and active, its receipt held up; the order."""
        order_id = self.owed.open_order("mini")
        invoice = self.owed.invoice(order_id)
        fault = {
            "kind": "page",
            "status": 502,
            "method": "sendMessage",
            "chat_id": self.owed.id,
            "times": None,
        }
        self.shop.post(self.shop.telegram, "/sim/faults", fault)
        self._pay(self.owed, invoice)
        wait_until(lambda: self.shop.job(f"receipt:{order_id}").get("error"), "a receipt that cannot be sent")
        return order_id

    def _refund_under_way(self) -> dict[str, Any]:
        """Money an admin sends back, while Crypto Pay is away; the refund."""
        payment_id, _ = exceptional(self.shop, self.refunded, "wrong_amount")
        fault = {"operation": "transfer", "kind": "status", "status": 502, "times": None}
        self.shop.post(self.shop.crypto_pay, "/sim/faults", fault)
        self.admin.decide(payment_id, "refund")
        return wait_until(lambda: refund_row(self.shop, payment_id), "the refund's row")

    def _pay(self, buyer: Buyer, invoice: dict[str, Any], **changes: Any) -> None:
        """Pay at Crypto Pay, whose webhook comes."""
        body = {"rewrite": True, **changes} if changes else {}
        self.shop.post(self.shop.crypto_pay, f"/sim/invoices/{invoice['invoice_id']}/pay", body)
        self.shop.wait_for_job(buyer.pay(invoice, **changes).key)

    def _wait_until_quiet(self) -> None:
        waiting = "SELECT count(*) FROM job_ledger WHERE state IN ('queued', 'running') AND actor = ANY (%s)"
        wait_until(
            lambda: self.shop.value(waiting, list(jobs.TELLING)) == 0, "every message sent or held", 60
        )


@pytest.fixture
def past(shop: Shop, copy: Copy, newcomer: Newcomer, admin: Admin) -> Past:
    shop.rows("DELETE FROM settings WHERE key = 'restored_at' RETURNING key")
    return Past(shop, copy, newcomer, admin)


def test_messages_are_withheld_after_a_restore_until_an_admin_decides(
    shop: Shop, past: Past, admin: Admin
) -> None:
    heard = past.live()
    noted = restored(shop)
    assert noted.returncode == 0, noted.stderr
    past.again()

    assert told_again(heard) == [0] * len(heard)
    listed = {row["key"] for row in shop.rows("SELECT key FROM job_ledger WHERE state = 'withheld'")}
    assert {one.key for one in heard} <= listed
    assert status_of(shop, past.found) == "paid", "the package is active, only its receipt waits"

    panel = admin.says(jobs.ShowAdminPage, "Адмін панель")
    assert "admin_withheld_0" in data_of(panel)
    screen = admin.says(jobs.ShowWithheld, f"{LISTED}: {len(listed)}")
    assert {"withheld_send_all", "withheld_discard_all"} <= set(data_of(screen))

    (late,) = [one for one in heard if one.buyer is past.late]
    discard(shop, admin, late.key)
    send_all(shop, admin, len(listed) - 1)
    for one in heard:
        shop.wait_for_job(one.key, "discarded" if one is late else "done")
    assert told_again(heard) == [0 if one is late else 1 for one in heard]
    assert admin.says(jobs.ShowWithheld, "Жодне повідомлення не чекає")
    actions = shop.rows("SELECT action, subject, data ->> 'origin' AS origin FROM admin_actions WHERE"
                        " admin_telegram_id = %s AND action LIKE 'message_%%'", ADMIN_ID)  # fmt: skip
    assert sorted((row["action"], row["subject"], row["origin"]) for row in actions) == sorted(
        ("message_discard" if key == late.key else "message_send", key, "bot") for key in listed
    )


def test_without_the_recorded_restore_messages_are_sent_again(shop: Shop, past: Past) -> None:
    heard = past.live()
    past.again()
    assert told_again(heard) == [1] * len(heard)


def test_messages_about_the_time_after_the_restore_are_sent_at_once(
    shop: Shop, copy: Copy, newcomer: Newcomer
) -> None:
    buyer, earlier = newcomer(), newcomer()
    stop_workers(shop)
    copy.make()
    copy.restore()
    assert restored(shop).returncode == 0
    shop.start_workers()
    order_id = buyer.open_order("mini")
    now = datetime.now(UTC).isoformat()
    shop.wait_for_job(buyer.pay(buyer.invoice(order_id), paid_at=now).key)
    shop.wait_for_job(f"receipt:{order_id}")
    assert buyer.count(RECEIPT) == 1
    stray = earlier.open_order("mini")
    shop.wait_for_job(earlier.pay(earlier.invoice(stray)).key)  # paid before it, by Crypto Pay's word
    assert shop.job(f"receipt:{stray}")["state"] == "withheld"
    left = jobs.SendReceipt(key="receipt:of-a-lost-order", order_id=order_id)
    jobs.send(left)  # on a queue that outlived the database
    shop.wait_for_job(left.key, "withheld")
    assert buyer.count(RECEIPT) == 1


def told_again(heard: list[Heard]) -> list[int]:
    """Return how many messages each has got since the restore."""
    return [len(one.buyer.messages()) - one.before for one in heard]


def status_of(shop: Shop, buyer: Buyer) -> str:
    query = "SELECT o.status FROM orders o JOIN users u ON u.id = o.user_id WHERE u.telegram_id = %s"
    return str(shop.value(query, buyer.id))


def discard(shop: Shop, admin: Admin, key: str) -> None:
    """Discard one by its button, after the question."""
    ref = shop.value("SELECT md5(%s)", key)
    card = admin.says(jobs.ShowWithheldMessage, LISTED, ref=ref)
    assert f"withheld_discard_{ref}" in data_of(card)
    question = admin.says(jobs.AskWithheld, "Відхилити?", ref=ref, action="discard")
    admin.says(jobs.SettleWithheld, "Відхилено", ref=ref, action="discard", seen=seen_of(question))


def send_all(shop: Shop, admin: Admin, count: int) -> None:
    """Send all, by an admin who taps twice and another who saw an older list."""
    stale = seen_of(admin.says(jobs.AskWithheld, "Надіслати?", ref="all", action="send"))
    question = admin.says(jobs.AskWithheld, f"Повідомлень: {count}", ref="all", action="send")
    seen = seen_of(question)
    assert stale == seen
    admin.says(jobs.SettleWithheld, "список тим часом змінився", ref="all", action="send", seen="00000000")
    admin.says(jobs.SettleWithheld, "Надсилається", ref="all", action="send", seen=seen)
    admin.says(jobs.SettleWithheld, "Рішення вже ухвалено", ref="all", action="send", seen=seen)


def seen_of(question: dict[str, Any]) -> str:
    return data_of(question)[0].rpartition("_")[2]
