"""Money sent back: once, whatever is lost on the way; a refusal is said honestly and can be tried again."""

from __future__ import annotations

import pytest

from socialboost import jobs
from tests.flows.shop.desk import (
    Admin,
    balance,
    data_of,
    exceptional,
    payment_row,
    refund_row,
    transfers,
)
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until


@pytest.fixture
def admin(shop: Shop) -> Admin:
    """The admin of a shop whose Crypto Pay app has money enough."""
    shop.post(shop.crypto_pay, "/sim/settings", {"balance": {"USDT": "100000"}})
    return Admin(shop)


def key_of(shop: Shop, payment_id: str) -> str:
    refund = wait_until(lambda: refund_row(shop, payment_id), "the refund's row")
    return f"refund:{refund['id']}:{refund['round']}"


def asked(shop: Shop, spend_id: str) -> int:
    """How often Crypto Pay was asked to send this."""
    calls = shop.calls(shop.crypto_pay, method="transfer")
    return sum(call["request"].get("spend_id") == spend_id for call in calls)


def parked_refund(shop: Shop, payment_id: str) -> str:
    """Wait until the refund's job is parked; its key."""
    key = key_of(shop, payment_id)
    wait_until(lambda: shop.hurry() or shop.job(key).get("state") == "parked", f"{key} to be parked")
    return key


def ref_of(shop: Shop, key: str) -> str:
    return str(shop.value("SELECT md5(%s)", key))


@pytest.mark.parametrize(
    "refused",
    [
        (400, "USER_NOT_FOUND", "ще не запускав @CryptoBot"),
        (400, "INSUFFICIENT_FUNDS", "Поповніть"),
        (403, "METHOD_DISABLED", "Увімкніть метод transfer"),
        (400, "AMOUNT_INVALID", "від 1 до 25 000 USD"),
        (400, "ASSET_INVALID", "не переказує цю валюту"),
        (401, "UNAUTHORIZED", "CRYPTOBOT_TOKEN"),
        (423, "SUSPENDED", "призупинив застосунок"),
        (400, "SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_a_refusal_moves_nothing_and_says_what_to_do(
    shop: Shop, buyer: Buyer, admin: Admin, refused: tuple[int, str, str]
) -> None:
    status, name, advice = refused
    payment_id, order_id = exceptional(shop, buyer, "too_late")
    fault = {"operation": "transfer", "kind": "status", "status": status, "reason": name}
    with shop.fault(shop.crypto_pay, **fault, times=None):
        admin.decide(payment_id, "refund")
        key = key_of(shop, payment_id)
        assert shop.wait_for_job(key)["attempts"] == 1
    refund = refund_row(shop, payment_id)
    assert (refund["state"], refund["refusal"]) == ("refused", name)
    assert payment_row(shop, payment_id)["state"] == "exception"
    assert transfers(shop, refund["spend_id"]) == []
    notice = f"notice:refund_refused:{refund['id']}:1:{ADMIN_ID}"
    shop.wait_for_job(notice)
    told = next(m for m in reversed(admin.messages()) if "Кошти не повернено" in m["text"])
    assert order_id in told["text"]
    assert advice in told["text"]
    assert f"payment_{payment_id}" in data_of(told)
    assert buyer.count("Кошти повернено") == 0

    card = admin.says(jobs.ShowPayment, advice, payment_id=payment_id)
    assert f"payment_refund_{payment_id}" in data_of(card)
    admin.decide(payment_id, "refund")  # the cause is cured
    shop.wait_for_job(f"decision:{payment_id}:refunded")
    again = refund_row(shop, payment_id)
    assert (again["spend_id"], again["round"], again["state"]) == (refund["spend_id"], 2, "sent")
    assert len(transfers(shop, refund["spend_id"])) == 1


def test_after_a_refusal_another_way_is_open(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "wrong_amount")
    shop.post(shop.crypto_pay, "/sim/settings", {"strangers": [buyer.id]})
    try:
        admin.decide(payment_id, "refund")
        shop.wait_for_job(key_of(shop, payment_id))
        assert refund_row(shop, payment_id)["refusal"] == "USER_NOT_FOUND"
        admin.decide(payment_id, "credit")
    finally:
        shop.post(shop.crypto_pay, "/sim/settings", {"strangers": []})
    assert balance(shop, buyer) > 0


@pytest.mark.parametrize("fault", [{"kind": "lost"}, {"kind": "late", "seconds": 9.5}])
def test_an_answer_that_was_lost_is_one_transfer(
    shop: Shop, buyer: Buyer, admin: Admin, fault: dict[str, object]
) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", times=1, **fault):
        admin.decide(payment_id, "refund")
        refund = refund_row(shop, payment_id)
        wait_until(
            lambda: shop.hurry() or shop.job(key_of(shop, payment_id))["state"] == "done", "the refund"
        )
    wait_until(lambda: asked(shop, refund["spend_id"]), "the late call in the stand-in's log")
    assert asked(shop, refund["spend_id"]) == 1, "looked up, not asked for again"
    assert len(transfers(shop, refund["spend_id"])) == 1
    shop.wait_for_job(f"decision:{payment_id}:refunded")
    assert buyer.count("Кошти повернено") == 1


def test_a_second_round_finds_what_the_first_sent(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    """Sent, every answer lost, parked; then the look-up works again: the replay only writes it down."""
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", kind="lost", times=1):
        admin.decide(payment_id, "refund")
        spend_id = refund_row(shop, payment_id)["spend_id"]
        wait_until(lambda: asked(shop, spend_id) == 1, "the transfer")
        down = {"operation": "getTransfers", "kind": "status", "status": 502, "times": None}
        shop.post(shop.crypto_pay, "/sim/faults", down)
        key = parked_refund(shop, payment_id)
        admin.settle(ref_of(shop, key), "discard", "не відповів, чи переказано")
    assert refund_row(shop, payment_id)["state"] == "wanted"
    assert shop.job(key)["state"] == "parked"
    seen = admin.seen(payment_id)
    admin.says(
        jobs.ResolvePayment, "повернення вже виконується", payment_id=payment_id, action="credit", seen=seen
    )
    admin.settle(ref_of(shop, key), "replay", "відправлено на виконання")
    shop.wait_for_job(key)
    assert refund_row(shop, payment_id)["state"] == "sent"
    assert len(transfers(shop, spend_id)) == 1
    assert balance(shop, buyer) == 0


def test_discarding_what_was_sent_writes_it_down(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", kind="lost", times=1):
        admin.decide(payment_id, "refund")
        spend_id = refund_row(shop, payment_id)["spend_id"]
        wait_until(lambda: asked(shop, spend_id) == 1, "the transfer")
        down = {"operation": "getTransfers", "kind": "status", "status": 502, "times": None}
        shop.post(shop.crypto_pay, "/sim/faults", down)
        key = parked_refund(shop, payment_id)
    admin.settle(ref_of(shop, key), "discard", "уже переказав")
    assert refund_row(shop, payment_id)["state"] == "sent"
    assert payment_row(shop, payment_id)["resolution"] == "refunded"
    assert len(transfers(shop, spend_id)) == 1


def test_discarding_what_was_never_sent_opens_the_other_ways(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", kind="status", status=502, times=None):
        admin.decide(payment_id, "refund")
        key = parked_refund(shop, payment_id)
    assert shop.job(key)["attempts"] == 3
    assert refund_row(shop, payment_id)["state"] == "wanted"
    admin.settle(ref_of(shop, key), "discard", "Задачу відхилено")
    refund = refund_row(shop, payment_id)
    assert (refund["state"], refund["refusal"]) == ("refused", "discarded")
    assert transfers(shop, refund["spend_id"]) == []
    admin.settle(ref_of(shop, key), "discard", "рішення ухвалено раніше")
    admin.decide(payment_id, "credit")
    assert balance(shop, buyer) > 0


def test_a_crypto_pay_that_tells_nothing_parks_at_once(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    """A revoked token: whether an earlier try sent the money cannot be known, so nothing is decided."""
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="*", kind="status", status=401, times=None):
        admin.decide(payment_id, "refund")
        key = key_of(shop, payment_id)
        assert shop.wait_for_job(key, "parked")["attempts"] == 1
        assert "does not say" in shop.job(key)["error"]
    assert refund_row(shop, payment_id)["state"] == "wanted"
    admin.settle(ref_of(shop, key), "replay", "відправлено на виконання")
    shop.wait_for_job(f"decision:{payment_id}:refunded")


def test_two_taps_on_refund_are_one(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    for _ in range(4):
        seen = admin.seen(payment_id)
        job = admin.do(jobs.ResolvePayment, typed=True, payment_id=payment_id, action="refund", seen=seen)
    shop.wait_for_job(job.key)
    shop.wait_for_job(f"decision:{payment_id}:refunded")
    refund = refund_row(shop, payment_id)
    assert refund["round"] == 1
    assert len(transfers(shop, refund["spend_id"])) == 1
    assert buyer.count("Кошти повернено") == 1


def test_somebody_who_blocked_the_bot_gets_the_money_all_the_same(
    shop: Shop, buyer: Buyer, admin: Admin
) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    shop.post(shop.telegram, f"/sim/people/{buyer.id}/block")
    admin.decide(payment_id, "refund")
    told = shop.wait_for_job(f"decision:{payment_id}:refunded")
    assert told["attempts"] == 1
    assert refund_row(shop, payment_id)["state"] == "sent"
