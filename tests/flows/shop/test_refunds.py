"""Tests of refunds: money is sent once; a refusal is shown and can be tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    """Return how often Crypto Pay was asked to send this."""
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
        (400, "AMOUNT_INVALID", "від 1 до 25 000 USD"),
        (400, "ASSET_INVALID", "не переказує цю валюту"),
        (400, "SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_a_refused_refund_changes_nothing_and_says_what_to_do(
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


@pytest.mark.parametrize(
    "refused",
    [
        ("transfer", 400, "INSUFFICIENT_FUNDS", "Поповніть"),
        ("transfer", 400, "NOT_ENOUGH_COINS", "Поповніть"),
        ("transfer", 403, "METHOD_DISABLED", "Увімкніть метод transfer"),
        ("transfer", 423, "SUSPENDED", "призупинив застосунок"),
        ("*", 401, "UNAUTHORIZED", "CRYPTOBOT_TOKEN"),
    ],
)
def test_while_crypto_pay_refuses_our_account_a_refund_waits_with_one_notice(
    shop: Shop, buyer: Buyer, admin: Admin, refused: tuple[str, int, str, str]
) -> None:
    operation, status, name, advice = refused
    payment_id, order_id = exceptional(shop, buyer, "too_late")
    fault = {"operation": operation, "kind": "status", "status": status, "reason": name}
    with shop.fault(shop.crypto_pay, **fault, times=None):
        admin.decide(payment_id, "refund")
        key = key_of(shop, payment_id)
        refund = refund_row(shop, payment_id)
        shop.wait_for_job(f"notice:refund_waits:{refund['id']}:1:{name}:{ADMIN_ID}")
        tries = try_again(shop, key, 3)
        assert len(tries) >= 3
        assert shop.job(key)["attempts"] == 0
        assert refund_row(shop, payment_id)["state"] == "wanted"
        assert transfers_behind(shop, refund["spend_id"]) == 0
    told = [m["text"] for m in admin.messages() if "Повернення чекає" in m["text"] and order_id in m["text"]]
    assert len(told) == 1
    assert advice in told[0]
    wait_until(lambda: shop.hurry() or shop.job(key)["state"] == "done", "the refund, once it is put right")
    assert refund_row(shop, payment_id)["state"] == "sent"
    assert len(transfers(shop, refund["spend_id"])) == 1
    shop.wait_for_job(f"decision:{payment_id}:refunded")


def try_again(shop: Shop, key: str, times: int) -> set[Any]:
    """Have a job that waits tried that often; when each try ended."""
    seen: set[Any] = set()
    ended = "SELECT updated_at FROM job_ledger WHERE key = %s AND state = 'queued' AND error IS NOT NULL"

    def tried() -> bool:
        seen.add(shop.value(ended, key))
        shop.hurry()
        return len(seen - {None}) >= times

    wait_until(tried, f"{times} tries of {key}")
    return seen - {None}


def transfers_behind(shop: Shop, spend_id: str) -> int:
    """Return how many transfers went out under this spend_id, by the stand-in's own log."""
    calls = shop.calls(shop.crypto_pay, method="transfer", status=200)
    return sum(call["request"].get("spend_id") == spend_id for call in calls)


def test_a_refund_that_fails_for_a_day_needs_an_admin(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    shop.post(shop.crypto_pay, "/sim/settings", {"disabled_methods": ["transfer"]})
    try:
        admin.decide(payment_id, "refund")
        key = key_of(shop, payment_id)
        wait_until(lambda: shop.job(key).get("error"), "the refusal")
        shop.rows(
            "UPDATE refunds SET updated_at = now() - interval '25 hours' WHERE payment_id = %s RETURNING id",
            payment_id,
        )
        parked_refund(shop, payment_id)
    finally:
        shop.post(shop.crypto_pay, "/sim/settings", {"disabled_methods": []})
    admin.settle(ref_of(shop, key), "discard", "Задачу відхилено")
    refund = refund_row(shop, payment_id)
    assert (refund["state"], refund["refusal"]) == ("refused", "discarded")
    assert transfers(shop, refund["spend_id"]) == []
    admin.settle(ref_of(shop, key), "discard", "рішення ухвалено раніше")
    admin.decide(payment_id, "credit")
    assert balance(shop, buyer) > 0


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_5xx_of_the_transfer_is_looked_up_and_uses_no_attempt(
    shop: Shop, buyer: Buyer, admin: Admin, status: int
) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", kind="status", status=status, times=None):
        admin.decide(payment_id, "refund")
        key = key_of(shop, payment_id)
        assert len(try_again(shop, key, 4)) >= 4
    wait_until(lambda: shop.hurry() or shop.job(key)["state"] == "done", "the refund")
    assert shop.job(key)["attempts"] == 1
    assert len(transfers(shop, refund_row(shop, payment_id)["spend_id"])) == 1


def test_a_list_that_ignores_the_spend_id_matches_no_other_transfer(
    shop: Shop, newcomer: Callable[[], Buyer], admin: Admin
) -> None:
    """Two buyers get the same sum, then the first one again: the earlier transfer does not match either."""
    first, second = newcomer(), newcomer()
    shop.post(shop.crypto_pay, "/sim/settings", {"ignores_spend_id": True})
    try:
        refunds = []
        for buyer in (first, second, first):
            payment_id, _ = exceptional(shop, buyer, "too_late")
            admin.decide(payment_id, "refund")
            shop.wait_for_job(f"decision:{payment_id}:refunded")
            refunds.append(refund_row(shop, payment_id))
    finally:
        shop.post(shop.crypto_pay, "/sim/settings", {"ignores_spend_id": False})
    assert len({refund["transfer_id"] for refund in refunds}) == 3
    for refund, buyer in zip(refunds, (first, second, first), strict=True):
        (sent,) = transfers(shop, refund["spend_id"])
        assert (str(sent["transfer_id"]), sent["user_id"]) == (refund["transfer_id"], buyer.id)


def test_a_spend_id_of_another_transfer_needs_an_admin(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="getTransfers", kind="status", status=502, times=None):
        admin.decide(payment_id, "refund")
        refund = wait_until(lambda: refund_row(shop, payment_id), "the refund's row")
        used = {"user_id": 1, "asset": "USDT", "amount": "5", "spend_id": refund["spend_id"]}
        headers = {"Crypto-Pay-API-Token": shop.environment["CRYPTOBOT_TOKEN"]}
        shop.http.post(f"{shop.crypto_pay.url}/api/transfer", json=used, headers=headers, timeout=10)
    parked_refund(shop, payment_id)
    assert refund_row(shop, payment_id)["state"] == "wanted"
    assert buyer.count("Кошти повернено") == 0


def test_after_a_refused_refund_another_decision_is_possible(shop: Shop, buyer: Buyer, admin: Admin) -> None:
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
def test_a_lost_answer_does_not_repeat_the_transfer(
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


def test_a_replayed_refund_finds_the_transfer_already_sent(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    """It was sent, every answer was lost, and it was parked. When the look-up works, a replay records it."""
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", kind="lost", times=1):
        admin.decide(payment_id, "refund")
        spend_id = refund_row(shop, payment_id)["spend_id"]
        wait_until(lambda: asked(shop, spend_id) == 1, "the transfer")
        down = {"operation": "getTransfers", "kind": "status", "status": 400, "times": None}
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


def test_discarding_a_refund_that_was_sent_records_it(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    with shop.fault(shop.crypto_pay, operation="transfer", kind="lost", times=1):
        admin.decide(payment_id, "refund")
        spend_id = refund_row(shop, payment_id)["spend_id"]
        wait_until(lambda: asked(shop, spend_id) == 1, "the transfer")
        down = {"operation": "getTransfers", "kind": "status", "status": 400, "times": None}
        shop.post(shop.crypto_pay, "/sim/faults", down)
        key = parked_refund(shop, payment_id)
    admin.settle(ref_of(shop, key), "discard", "уже переказав")
    assert refund_row(shop, payment_id)["state"] == "sent"
    assert payment_row(shop, payment_id)["resolution"] == "refunded"
    assert len(transfers(shop, spend_id)) == 1


def test_two_taps_on_refund_make_one_refund(shop: Shop, buyer: Buyer, admin: Admin) -> None:
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


def test_a_person_who_blocked_the_bot_still_gets_the_refund(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    payment_id, _ = exceptional(shop, buyer, "too_late")
    shop.post(shop.telegram, f"/sim/people/{buyer.id}/block")
    admin.decide(payment_id, "refund")
    told = shop.wait_for_job(f"decision:{payment_id}:refunded")
    assert told["attempts"] == 1
    assert refund_row(shop, payment_id)["state"] == "sent"
