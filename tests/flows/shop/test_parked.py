"""Tests of parked jobs and dead letters: an admin sees, replays or discards them."""

from __future__ import annotations

import hashlib
import json

import pytest
from dramatiq.message import Message

from socialboost import jobs
from tests.flows.shop.desk import Admin, data_of
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Buyer, Shop, payment, wait_until


@pytest.fixture
def admin(shop: Shop) -> Admin:
    return Admin(shop)


def ref_of(key: str) -> str:
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


def park(shop: Shop, key: str) -> None:
    wait_until(lambda: shop.hurry() or shop.job(key).get("state") == "parked", f"{key} to be parked")


def parked_receipt(shop: Shop, buyer: Buyer) -> str:
    """Park a receipt whose answers were lost twice. Returns its key."""
    order_id = buyer.open_order("mini")
    invoice = buyer.invoice(order_id)
    lost = {"kind": "lose_answer", "method": "sendMessage", "chat_id": buyer.id, "times": None}
    with shop.fault(shop.telegram, **lost):
        buyer.pay(invoice)
        park(shop, f"receipt:{order_id}")
    return f"receipt:{order_id}"


def parked_task(shop: Shop, buyer: Buyer) -> tuple[str, str]:
    """Park a task that Main Bot never confirmed and does not answer about. Returns its id and its link."""
    buyer.buy("mini")
    url = f"https://t.me/channel/{shop.next_id()}"
    with (
        shop.fault(shop.main_bot, operation="push", kind="status", status=500, times=None),
        shop.fault(shop.main_bot, operation="show", kind="status", status=405, times=None),
    ):
        shop.wait_for_job(buyer.add_post(url).key)
        task_id = buyer.task_of(url)
        park(shop, f"task:{task_id}")
    return task_id, url


def test_the_notice_of_a_parked_job_leads_to_its_card(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    key = parked_receipt(shop, buyer)
    for chat_id, there in ((ADMIN_ID, True), (CHANNEL_ID, False)):
        told = wait_until(
            lambda: next((m for m in shop.messages(chat_id) if key in m["text"]), None),  # noqa: B023
            "the notice",
        )
        assert (f"job_{ref_of(key)}" in data_of(told)) is there
    listed = admin.says(jobs.ShowParkedJobs, "Завислі задачі", page=0)
    assert f"job_{ref_of(key)}" in data_of(listed)
    card = admin.says(jobs.ShowParkedJob, key, ref=ref_of(key))
    assert data_of(card)[:2] == [f"job_replay_{ref_of(key)}", f"job_discard_{ref_of(key)}"]


def test_replay_runs_it_again_with_all_its_attempts(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    key = parked_receipt(shop, buyer)
    before = buyer.count("✅ Оплата успішна")
    admin.settle(ref_of(key), "replay", "відправлено на виконання")
    assert shop.wait_for_job(key)["attempts"] == 1
    assert buyer.count("✅ Оплата успішна") == before + 1
    admin.settle(ref_of(key), "replay", "рішення ухвалено раніше")
    noted = shop.rows("SELECT action FROM admin_actions WHERE subject = %s", key)
    assert [row["action"] for row in noted] == ["job_replay"]


def test_discard_is_final(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    key = parked_receipt(shop, buyer)
    before = buyer.count("✅ Оплата успішна")
    admin.settle(ref_of(key), "discard", "Задачу відхилено")
    assert shop.job(key)["state"] == "discarded"
    jobs.send(jobs.SendReceipt(key=key, order_id=key.partition(":")[2]))
    admin.settle(ref_of(key), "discard", "рішення ухвалено раніше")
    assert buyer.count("✅ Оплата успішна") == before


def test_a_discarded_task_returns_the_quota_and_notifies_its_owner(
    shop: Shop, buyer: Buyer, admin: Admin
) -> None:
    task_id, url = parked_task(shop, buyer)
    key = f"task:{task_id}"
    admin.settle(ref_of(key), "discard", "Задачу відхилено")
    assert shop.value("SELECT status FROM tasks WHERE id = %s", task_id) == "failed"
    told = buyer.read("Пост не вдалося просунути")
    assert url in told["text"]
    shop.wait_for_job(buyer.add_post(url).key)  # one post a day: it is free again
    wait_until(lambda: buyer.count("Пост успішно додано") == 2, "the post is accepted again")


def test_a_replayed_task_is_handed_over(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    task_id, _ = parked_task(shop, buyer)
    key = f"task:{task_id}"
    admin.settle(ref_of(key), "replay", "відправлено на виконання")
    shop.wait_for_job(key)
    assert shop.value("SELECT status FROM tasks WHERE id = %s", task_id) in ("sent", "processing")
    assert len(shop.executions(task_id)) == 1


def test_money_is_replayed_and_never_discarded(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    order_id = buyer.open_order("mini")
    job = payment(buyer.invoice(order_id))
    shop.rows(
        "INSERT INTO job_ledger (key, actor, queue, args, state, attempts, error)"
        " VALUES (%s, 'activate_order', 'payments', %s, 'parked', 3, 'test') RETURNING key",
        job.key,
        json.dumps(job.ledger_args()),
    )
    card = admin.says(jobs.ShowParkedJob, "не можна відхилити", ref=ref_of(job.key))
    assert f"job_discard_{ref_of(job.key)}" not in data_of(card)
    admin.settle(ref_of(job.key), "discard", "не можна відхилити")
    assert shop.job(job.key)["state"] == "parked"
    admin.settle(ref_of(job.key), "replay", "відправлено на виконання")
    shop.wait_for_job(f"receipt:{order_id}")


def test_fractions_survive_a_replay(shop: Shop, admin: Admin) -> None:
    """JSON from the database has Decimal values, which no message can carry."""
    key = f"api:fraction:{shop.next_id()}"
    args = {"key": key, "task_id": "00000000-0000-4000-8000-000000000000", "status": "completed"}
    shop.rows(
        "INSERT INTO job_ledger (key, actor, queue, args, state, attempts)"
        " VALUES (%s, 'update_task_status', 'interactive', %s, 'parked', 3) RETURNING key",
        key,
        json.dumps({**args, "response_data": {"rate": 0.5}}),
    )
    admin.settle(ref_of(key), "replay", "відправлено на виконання")
    shop.wait_for_job(key)


# --- dead letters -------------------------------------------------------------------------------------


def letter(shop: Shop, body: bytes, actor: str | None) -> str:
    """Store a dead letter as the watch does. Returns its ref."""
    kept = shop.value(
        "INSERT INTO dead_letters (queue, message_id, actor, body)"
        " VALUES ('interactive', gen_random_uuid()::text, %s, %s) RETURNING id",
        actor,
        body,
    )
    return f"letter_{kept}"


def encoded(actor: str, kwargs: dict[str, object]) -> bytes:
    options = {"retries": 3, "redis_message_id": "x", "eta": 1}
    return Message("interactive", actor, (), kwargs, options).encode()


def state_of(shop: Shop, ref: str) -> str:
    return str(shop.value("SELECT state FROM dead_letters WHERE id = %s", ref.removeprefix("letter_")))


def test_a_dead_letter_is_replayed_once(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    number = shop.next_id()
    key = f"tg:{number}:0"
    kwargs = {"key": key, "telegram_id": buyer.id, "chat_id": buyer.id, "slug": "mini", "update_id": number}
    ref = letter(shop, encoded("open_order", kwargs), "open_order")
    listed = admin.says(jobs.ShowParkedJobs, "Завислі задачі", page=0)
    assert f"job_{ref}" in data_of(listed)
    admin.says(jobs.ShowParkedJob, key, ref=ref)
    admin.settle(ref, "replay", "відправлено на виконання")
    shop.wait_for_job(key)
    buyer.read("Ваше замовлення")
    assert state_of(shop, ref) == "replayed"
    admin.settle(ref, "replay", "рішення ухвалено раніше")


@pytest.mark.parametrize(
    ("body", "actor", "words"),
    [
        (b"\x80not json", None, "пошкоджене"),
        (b'{"queue_name": "interactive"}', None, "пошкоджене"),
        (encoded("open_nothing", {}), "open_nothing", "не знає такої задачі"),
    ],
)
def test_a_message_that_cannot_be_replayed_stays_until_it_is_discarded(
    shop: Shop, admin: Admin, body: bytes, actor: str | None, words: str
) -> None:
    ref = letter(shop, body, actor)
    admin.says(jobs.ShowParkedJob, "ніхто не зміг виконати", ref=ref)
    admin.settle(ref, "replay", words)
    assert state_of(shop, ref) == "waiting"
    admin.settle(ref, "discard", "Задачу відхилено")
    assert state_of(shop, ref) == "discarded"


def test_a_dead_letter_about_money_cannot_be_discarded(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    order_id = buyer.open_order("mini")
    job = payment(buyer.invoice(order_id))
    body = Message("payments", "activate_order", (), job.payload(), {}).encode()
    ref = letter(shop, body, "activate_order")
    admin.settle(ref, "discard", "не можна відхилити")
    admin.settle(ref, "replay", "відправлено на виконання")
    shop.wait_for_job(f"receipt:{order_id}")


@pytest.mark.parametrize("args", ["7", '["nonsense"]', '{"nonsense": 1}'])
@pytest.mark.parametrize("actor", ["send_receipt", "send_refund", "dispatch_tasks"])
def test_an_unreadable_message_can_only_be_discarded(args: str, actor: str, shop: Shop, admin: Admin) -> None:
    """A decision must not fail on it, or it would stay in the list for ever."""
    key = f"bad:{shop.next_id()}"
    shop.rows(
        "INSERT INTO job_ledger (key, actor, queue, args, state, attempts, error)"
        " VALUES (%s, %s, 'payments', %s, 'parked', 0, 'test') RETURNING key",
        *(key, actor, args),
    )
    admin.says(jobs.ShowParkedJob, key, ref=ref_of(key))
    admin.settle(ref_of(key), "replay", "пошкоджене")
    assert shop.job(key)["state"] == "parked"
    admin.settle(ref_of(key), "discard", "Задачу відхилено")
    assert shop.job(key)["state"] == "discarded"
