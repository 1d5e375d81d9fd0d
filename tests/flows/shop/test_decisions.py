"""Tests of payments that need an admin: every reason and every decision, each taken once."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal

import pytest

from socialboost import jobs
from socialboost.chat import dialogues
from tests.flows.shop.desk import (
    REASONS,
    Admin,
    balance,
    data_of,
    exceptional,
    payment_row,
    refund_row,
    transfers,
)
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Buyer, Shop

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def admin(shop: Shop) -> Admin:
    return Admin(shop)


def status(shop: Shop, order_id: str) -> str:
    return str(shop.value("SELECT status FROM orders WHERE id = %s", order_id))


def noted(shop: Shop, payment_id: str) -> list[str]:
    """The append-only record of what admins did with a payment."""
    query = "SELECT action FROM admin_actions WHERE subject = %s ORDER BY created_at"
    return [row["action"] for row in shop.rows(query, payment_id)]


def named(shop: Shop, admin: Admin, buyer: Buyer, payment_id: str, reason: str) -> None:
    """Name the owner where no order does."""
    if reason == "unknown_order":
        job = admin.do(jobs.NamePaymentOwner, typed=True, payment_id=payment_id, text=f" {buyer.id} ")
        shop.wait_for_job(job.key)


@pytest.mark.parametrize("reason", [r for r in REASONS if r != "unknown_order"])
def test_an_admin_activates_a_payment(shop: Shop, buyer: Buyer, admin: Admin, reason: str) -> None:
    payment_id, order_id = exceptional(shop, buyer, reason)
    before = buyer.count("✅ Оплата успішна")
    admin.decide(payment_id, "activate")
    row = payment_row(shop, payment_id)
    assert (row["state"], row["resolution"]) == ("applied", "activated")
    bought = str(row["order_id"])
    assert (bought == order_id) is (reason != "second_payment")
    assert status(shop, bought) == "paid"
    shop.wait_for_job(f"receipt:{bought}")
    assert buyer.count("✅ Оплата успішна") == before + 1
    assert noted(shop, payment_id) == ["payment_activate"]


@pytest.mark.parametrize("reason", [r for r in REASONS if r != "wrong_asset"])
def test_an_admin_credits_a_payment(shop: Shop, buyer: Buyer, admin: Admin, reason: str) -> None:
    payment_id, order_id = exceptional(shop, buyer, reason)
    named(shop, admin, buyer, payment_id, reason)
    admin.decide(payment_id, "credit")
    shop.wait_for_job(f"decision:{payment_id}:credited")
    owed = Decimal("42.51") if reason == "wrong_amount" else Decimal("99.99")  # up to the cent
    assert balance(shop, buyer) == owed
    assert payment_row(shop, payment_id)["resolution"] == "credited"
    if order_id:
        assert status(shop, order_id) == ("paid" if reason == "second_payment" else "cancelled")
    told = buyer.read("Кошти зараховано на ваш баланс")
    assert f"${owed}" in told["text"]


def test_another_asset_cannot_be_credited(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "wrong_asset")
    forged = {"payment_id": payment_id, "action": "credit"}
    admin.says(jobs.AskDecision, "на баланс зараховують лише USDT", **forged)
    admin.says(jobs.ResolvePayment, "на баланс зараховують лише USDT", **forged, seen=admin.seen(payment_id))
    assert payment_row(shop, payment_id)["state"] == "exception"
    assert balance(shop, buyer) == 0


@pytest.mark.parametrize("reason", REASONS)
def test_an_admin_refunds_a_payment(shop: Shop, buyer: Buyer, admin: Admin, reason: str) -> None:
    payment_id, order_id = exceptional(shop, buyer, reason)
    named(shop, admin, buyer, payment_id, reason)
    admin.decide(payment_id, "refund")
    shop.wait_for_job(f"decision:{payment_id}:refunded")
    refund = refund_row(shop, payment_id)
    (sent,) = transfers(shop, refund["spend_id"])
    row = payment_row(shop, payment_id)
    assert (sent["user_id"], sent["asset"], Decimal(sent["amount"])) == (
        buyer.id,
        row["asset"],
        row["amount"],
    )
    assert (refund["state"], refund["transfer_id"]) == ("sent", str(sent["transfer_id"]))
    assert (row["state"], row["resolution"], row["refunded_amount"]) == (
        "resolved",
        "refunded",
        row["amount"],
    )
    if order_id:
        assert status(shop, order_id) == ("paid" if reason == "second_payment" else "refunded")
    buyer.read("Кошти повернено")
    for chat_id in (ADMIN_ID, CHANNEL_ID):
        shop.wait_for_job(f"notice:refund_sent:{refund['id']}:{chat_id}")


@pytest.mark.parametrize("reason", REASONS)
def test_an_admin_dismisses_a_payment(shop: Shop, buyer: Buyer, admin: Admin, reason: str) -> None:
    payment_id, order_id = exceptional(shop, buyer, reason)
    admin.decide(payment_id, "dismiss")
    row = payment_row(shop, payment_id)
    assert (row["state"], row["resolution"]) == ("resolved", "dismissed")
    assert balance(shop, buyer) == 0
    if reason == "unknown_order":  # nobody to tell
        assert shop.job(f"decision:{payment_id}:dismissed") == {}
        return
    shop.wait_for_job(f"decision:{payment_id}:dismissed")
    buyer.read("закрив його без зарахування")
    assert status(shop, order_id) == ("paid" if reason == "second_payment" else "cancelled")


def test_a_purchase_is_refunded_and_its_days_end(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    order_id = buyer.buy("mini")
    payment_id = str(shop.value("SELECT id FROM payments WHERE order_id = %s", order_id))
    shown = admin.says(jobs.ShowPayment, order_id, payment_id=payment_id)
    assert [d for d in data_of(shown) if d.startswith("payment_")] == [f"payment_refund_{payment_id}"]
    admin.decide(payment_id, "refund")
    shop.wait_for_job(f"decision:{payment_id}:refunded")
    assert status(shop, order_id) == "refunded"
    assert payment_row(shop, payment_id)["state"] == "applied"


def test_a_payment_without_an_owner_waits_for_one(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    """The question for the owner stays open until the answer is valid."""
    payment_id, _ = exceptional(shop, buyer, "unknown_order")
    card = admin.says(jobs.ShowPayment, "Жодне замовлення не відповідає", payment_id=payment_id)
    assert [d for d in data_of(card) if d.startswith("payment_")] == [
        f"payment_owner_{payment_id}_{admin.seen(payment_id)}",
        f"payment_dismiss_{payment_id}",
    ]
    for action, words in (("activate", "не стосується"), ("credit", "не вказано"), ("refund", "не вказано")):
        admin.says(jobs.AskDecision, words, payment_id=payment_id, action=action)
        seen = admin.seen(payment_id)
        admin.says(jobs.ResolvePayment, words, payment_id=payment_id, action=action, seen=seen)
    admin.says(jobs.AskPaymentOwner, "Чиї це кошти", payment_id=payment_id)
    late = {"payment_id": payment_id, "text": str(buyer.id), "seen": "0" * 10}
    admin.says(jobs.NamePaymentOwner, "платіж змінився", **late)
    assert noted(shop, payment_id) == []
    for text, words in (("@olena", "лише цифри"), ("", "лише цифри"), ("123456789", "немає")):
        admin.says(jobs.NamePaymentOwner, words, payment_id=payment_id, text=text)
    card = admin.says(jobs.NamePaymentOwner, str(buyer.id), payment_id=payment_id, text=str(buyer.id))
    assert f"payment_credit_{payment_id}" in data_of(card)
    assert noted(shop, payment_id) == ["payment_owner"]


def test_the_dialogue_ends_with_an_answer_that_was_taken(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    import redis

    payment_id, _ = exceptional(shop, buyer, "unknown_order")
    with redis.Redis.from_url(shop.redis_url) as client:
        key = dialogues.state_key(ADMIN_ID, ADMIN_ID)
        client.set(key, "AdminDialogues:NAMING_OWNER")
        client.set(dialogues.data_key(ADMIN_ID, ADMIN_ID), '{"dialogue": "tg:77"}')
        fields = {"payment_id": payment_id, "dialogue": "tg:77"}
        admin.says(jobs.NamePaymentOwner, "лише цифри", text="?", **fields)
        assert client.exists(key)
        admin.says(jobs.NamePaymentOwner, str(buyer.id), text=str(buyer.id), **fields)
        assert not client.exists(key)


@pytest.mark.parametrize(
    "actions",
    [
        ("credit", "credit", "refund", "dismiss"),
        ("activate", "credit", "activate", "dismiss"),
        ("activate", "refund", "refund", "activate"),
    ],
)
def test_two_taps_or_two_admins_make_one_decision(
    shop: Shop, buyer: Buyer, admin: Admin, actions: tuple[str, ...]
) -> None:
    payment_id, _ = exceptional(shop, buyer, "wrong_amount")
    yes = {"payment_id": payment_id, "seen": admin.seen(payment_id)}
    taps = [admin.do(jobs.ResolvePayment, typed=True, action=action, **yes) for action in actions]
    for job in taps:
        shop.wait_for_job(job.key)
    assert len(noted(shop, payment_id)) == 1
    row = payment_row(shop, payment_id)
    ways = [
        balance(shop, buyer) > 0,
        row["resolution"] == "activated",
        bool(refund_row(shop, payment_id)),
        row["resolution"] == "dismissed",
    ]
    assert ways.count(True) == 1
    admin.says(jobs.ResolvePayment, "Рішення не прийнято", action="dismiss", **yes)
    values = [shop.value("SELECT value FROM job_ledger WHERE key = %s", job.key) for job in taps]
    assert sorted(value["outcome"] for value in values) == [*["changed_meanwhile"] * 3, "done"]


def test_the_second_admin_sees_the_first_admin_s_decision(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    older = admin.seen(payment_id)
    admin.decide(payment_id, "dismiss")
    yes = {"payment_id": payment_id, "action": "credit", "seen": older}
    for seen in (
        admin.says(jobs.ResolvePayment, "щодо цього платежу вже вирішено", **yes),
        admin.says(jobs.AskDecision, "вже вирішено", payment_id=payment_id, action="credit"),
    ):
        assert "Рішення: закрито без зарахування" in seen["text"]
        assert re.search(rf"Рішення ухвалив: .*{ADMIN_ID}", seen["text"])
        assert [d for d in data_of(seen) if d.startswith("payment_")] == []
    assert balance(shop, buyer) == 0


def test_the_confirmation_names_the_sum_the_person_and_the_package(
    shop: Shop, buyer: Buyer, admin: Admin
) -> None:
    """The first button has no state, as in old chats. Only the confirmation's button decides."""
    payment_id, _ = exceptional(shop, buyer, "wrong_amount")
    about = {"payment_id": payment_id, "action": "activate"}
    for contract in (jobs.AskDecision, jobs.ResolvePayment):  # the second: a tap queued by an older release
        asked = admin.says(contract, "Активувати пакет?", **about)
        for words in ("42.505 USDT", str(buyer.id), "Mini"):
            assert words in asked["text"], words
        yes, no = data_of(asked)[:2]
        assert yes == f"payment_activate_{payment_id}_{admin.seen(payment_id)}"
        assert len(yes.encode()) <= 64
        assert no == f"payment_{payment_id}"
    assert payment_row(shop, payment_id)["state"] == "exception"
    assert noted(shop, payment_id) == []


def test_two_admins_with_the_same_card_send_the_buyer_one_message(
    shop: Shop, buyer: Buyer, admin: Admin
) -> None:
    """One admin activates, and the other refunds on the card that was still open."""
    payment_id, order_id = exceptional(shop, buyer, "wrong_amount")
    card = admin.seen(payment_id)
    admin.decide(payment_id, "activate", card)
    shop.wait_for_job(f"receipt:{order_id}")
    heard = len(buyer.messages())
    admin.decide(payment_id, "refund", card)
    told = admin.read("щодо цього платежу вже вирішено")
    assert "Рішення: пакет активовано" in told["text"]
    assert len(buyer.messages()) == heard
    assert (status(shop, order_id), refund_row(shop, payment_id)) == ("paid", {})
    asked = admin.says(jobs.AskDecision, "Повернути кошти?", payment_id=payment_id, action="refund")
    assert "Рішення: пакет активовано" in asked["text"], "the old card's own button says how it stands now"
    assert "Дні, які дав цей платіж, буде знято" in asked["text"]


def test_a_repeated_decision_returns_the_same_value(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    job = admin.decide(payment_id, "credit")
    again = dataclasses.replace(job, origin="api")
    value = jobs.ask(again, timeout_seconds=20)
    assert value == {"outcome": "done", "order_id": value["order_id"], "refund_id": None}
    shop.rows(  # as after a worker that died between the commit and the end of its job
        "UPDATE job_ledger SET state = 'queued', attempts = 1, done_at = NULL,"
        " run_at = now(), wake_at = now() WHERE key = %s RETURNING key",
        job.key,
    )
    shop.wait_for_job(job.key)
    assert shop.job(job.key)["attempts"] == 2
    assert shop.job(job.key)["value"] == value, "it was carried out once, and is told so"
    stranger = dataclasses.replace(job, key=f"{job.key}:other", actor_id=buyer.id)
    assert jobs.ask(stranger, timeout_seconds=20) == {"outcome": "not_allowed"}
    assert jobs.ask(stranger, timeout_seconds=20) == {"outcome": "not_allowed"}
    assert len(noted(shop, payment_id)) == 1
    (trace,) = shop.rows("SELECT data FROM admin_actions WHERE subject = %s", payment_id)
    assert trace["data"]["origin"] == "bot"


def test_the_list_and_the_notice_lead_to_the_card(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, order_id = exceptional(shop, buyer, "wrong_asset")
    invoice_id = payment_row(shop, payment_id)["invoice_id"]
    for chat_id, there in ((ADMIN_ID, True), (CHANNEL_ID, False)):
        shop.wait_for_job(f"notice:payment_exception:{invoice_id}:{chat_id}")
        (notice,) = [m for m in shop.messages(chat_id) if order_id in m["text"] and "рішення" in m["text"]]
        assert (f"payment_{payment_id}" in data_of(notice)) is there
    shop.rows(  # whatever other tests left behind is older: the list is long
        "UPDATE payments SET created_at = now() - interval '9 days' WHERE id = %s RETURNING id", payment_id
    )
    listed = admin.says(jobs.ShowExceptions, "Платежі, що потребують рішення", page=0)
    assert f"payment_{payment_id}" in data_of(listed)
    admin.says(jobs.ShowAdminPage, "Адмін панель", page="panel")
    admin.says(jobs.ShowPayment, "такого платежу немає", payment_id=NOBODYS)


@pytest.mark.parametrize(
    ("contract", "fields"),
    [
        (jobs.ShowAdminPage, {"page": "stats"}),
        (jobs.ShowAdminPage, {"page": "debug"}),
        (jobs.ShowExceptions, {}),
        (jobs.ShowPayment, {"payment_id": NOBODYS}),
        (jobs.AskPaymentOwner, {"payment_id": NOBODYS}),
        (jobs.NamePaymentOwner, {"payment_id": NOBODYS, "text": "1"}),
        (jobs.AskDecision, {"payment_id": NOBODYS, "action": "dismiss"}),
        (jobs.ResolvePayment, {"payment_id": NOBODYS, "action": "dismiss", "seen": "0" * 10}),
        (jobs.ShowParkedJobs, {}),
        (jobs.ShowParkedJob, {"ref": "0" * 32}),
        (jobs.AskSettlement, {"ref": "0" * 32}),
        (jobs.SettleParkedJob, {"ref": "0" * 32, "action": "discard"}),
        (jobs.ShowDecision, {"subject": "payment", "target": NOBODYS}),
    ],
)
def test_a_worker_refuses_a_person_who_is_not_an_admin(
    shop: Shop, buyer: Buyer, contract: type[jobs.Job], fields: dict[str, str]
) -> None:
    """It does so even if the bot accepted them: an older process, a job made by hand, an id in a group."""
    refused = shop.log_text().count("admin_refused")
    buyer.do(contract, typed=True, **fields)
    buyer.read("Не вдалося розпізнати запит")
    assert shop.log_text().count("admin_refused") == refused + 1


def test_an_admin_s_id_in_another_chat_is_refused(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    job = admin.do(
        jobs.ResolvePayment, typed=True, payment_id=payment_id, action="credit", chat_id=CHANNEL_ID,
        seen=admin.seen(payment_id),
    )  # fmt: skip
    shop.wait_for_job(job.key)
    assert payment_row(shop, payment_id)["state"] == "exception"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("panel", "Адмін панель"),
        ("stats", "Статистика системи"),
        ("settings", "TELEGRAM_API_URL"),
        ("debug", "База даних: працює"),
        ("no-such-page", "Адмін панель"),
    ],
)
def test_every_page_of_the_panel_is_shown_without_secrets(
    shop: Shop, admin: Admin, page: str, words: str
) -> None:
    text = admin.says(jobs.ShowAdminPage, words, page=page)["text"]
    for name in ("TELEGRAM_BOT_TOKEN", "CRYPTOBOT_TOKEN", "DATABASE_URL", "PAYMENT_DATA_KEY", "REDIS_URL"):
        assert shop.environment[name] not in text
