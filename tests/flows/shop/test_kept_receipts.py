"""Tests of receipts after Redis was wiped: none of a thousand is edited, because PostgreSQL knows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
import redis

from socialboost import jobs
from socialboost.errors import PostponeError
from tests.flows.shop.world import Message, Shop
from workers.engine import under_way
from workers.engine.actors import Attempt
from workers.engine.ledger import Claim
from workers.orders import messages as order_messages
from workers.people import screens

RECEIPTS, FIRST_ID, THREADS = 1_000, 610_000_000, 8
NO_JOBS = pytest.mark.breaks("buyer_not_told", why="the receipts' jobs are called here and have no rows")
T = TypeVar("T")


def buyers_who_paid(shop: Shop, people: range) -> dict[int, str]:
    """Create people with paid orders through the SQL functions. Returns the orders."""
    in_parallel(lambda person: meet(shop, person), people)
    shop.rows("SELECT register_user(id, '', 'Х', '', 'uk', NULL) FROM unnest(%s::bigint[]) AS id", [*people])
    bought = shop.rows(
        "SELECT id, create_order(id, 'mini') ->> 'order_id' AS order_id FROM unnest(%s::bigint[]) AS id",
        [*people],
    )
    paid = shop.rows(
        "SELECT attach_invoice(o.id, 'K' || o.id, 'USDT', o.amount, 'https://pay.example/' || o.id, NULL)"
        " ->> 'success' AS attached, apply_payment('crypto_pay', 'K' || o.id, o.id::text, 'USDT', o.amount,"
        " NULL, 'webhook', 'sealed') ->> 'outcome' AS outcome"
        " FROM unnest(%s::uuid[]) AS wanted (id) JOIN orders AS o ON o.id = wanted.id",
        [row["order_id"] for row in bought],
    )
    assert {(row["attached"], row["outcome"]) for row in paid} == {("true", "activated")}
    return {row["id"]: row["order_id"] for row in bought}


def meet(shop: Shop, telegram_id: int) -> None:
    body = {"first_name": "Х", "id": telegram_id, "started": True}
    shop.post(shop.telegram, "/sim/people", body)


def in_parallel(action: Callable[[int], T], people: Iterable[int]) -> list[T]:
    """Run it for each of them in several threads, like a worker. Returns the results."""

    def act(person: int) -> T:
        while True:
            try:
                return action(person)
            except PostponeError as error:  # the rate limit is the test's as well
                time.sleep(min(error.seconds, 0.1))

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(act, people))


def send_receipt(order_id: str, attempt: int = 1) -> None:
    job = jobs.SendReceipt(key=f"receipt:{order_id}", order_id=order_id)
    order_messages.send_receipt(job, Attempt(attempt, "test", last=False))


def tap(chat_id: int, message_id: int) -> None:
    """Tap a button below a message. Its screen should be shown in that message if possible."""
    screens.show_page(
        jobs.ShowPage(telegram_id=chat_id, chat_id=chat_id, message_id=message_id, seq=1, page="support")
    )


def still_there(shop: Shop, receipts: dict[int, Message]) -> tuple[int, int]:
    """Return the number of unchanged receipts in the chats, and of the other messages."""

    def look(person: int) -> tuple[int, int]:
        messages = shop.messages(person)
        kept = receipts[person] in messages
        return kept, len(messages) - kept

    kept, others = zip(*in_parallel(look, receipts), strict=True)
    return sum(kept), sum(others)


@NO_JOBS
def test_no_tap_edits_one_of_a_thousand_receipts_after_redis_was_wiped(
    stage: Shop, here: pytest.MonkeyPatch
) -> None:
    here.setenv("TELEGRAM_SEND_RATE", "20000")
    orders = buyers_who_paid(stage, range(FIRST_ID, FIRST_ID + RECEIPTS))
    in_parallel(lambda person: send_receipt(orders[person]), orders)
    sent = in_parallel(stage.messages, orders)
    receipts = dict(zip(orders, (messages[-1] for messages in sent), strict=True))
    assert all(orders[person] in receipt["text"] for person, receipt in receipts.items())

    def tap_receipt(person: int) -> None:
        tap(person, receipts[person]["message_id"])

    with redis.Redis.from_url(stage.redis_url) as client:
        client.flushdb()
        in_parallel(tap_receipt, receipts)
        assert still_there(stage, receipts) == (RECEIPTS, RECEIPTS), "each is there, and an answer beside it"

        some = dict(list(receipts.items())[:20])
        client.flushdb()
        forgotten = "DELETE FROM lasting_messages WHERE chat_id = ANY (%s) RETURNING chat_id"
        assert len(stage.rows(forgotten, [*some])) == len(some)
        in_parallel(tap_receipt, some)
        assert still_there(stage, some)[0] == 0, "negative control: it was PostgreSQL that kept them"


@NO_JOBS
def test_a_receipt_whose_id_was_lost_with_its_worker_is_not_edited(
    stage: Shop,
    here: pytest.MonkeyPatch,
) -> None:
    """The worker was killed after the call and before the record, so the next attempt has no id."""
    ((person, order_id),) = buyers_who_paid(stage, range(FIRST_ID - 1, FIRST_ID)).items()
    with stage.locked("lasting_messages"):
        send_receipt(order_id)
    first = stage.messages(person)[-1]
    forgotten = "SELECT count(*) FROM lasting_messages WHERE chat_id = %s"
    assert stage.value(forgotten, person) == 0
    send_receipt(order_id, attempt=2)
    with redis.Redis.from_url(stage.redis_url) as client:
        client.flushdb()
    in_parallel(lambda chat_id: tap(chat_id, first["message_id"]), [person])
    assert first in stage.messages(person)


@NO_JOBS
@pytest.mark.usefixtures("here")
def test_two_workers_that_died_after_sending_leave_both_receipts_protected(stage: Shop) -> None:
    """Neither recorded its message. The job is parked, so no running row protects the messages."""
    ((person, order_id),) = buyers_who_paid(stage, range(FIRST_ID - 2, FIRST_ID - 1)).items()
    for attempt in (1, 2):
        with under_way.working(Claim("claimed", f"receipt:{order_id}", "died", attempt, 2)):
            send_receipt(order_id, attempt=attempt)
    receipts = [message for message in stage.messages(person) if order_id in message["text"]]
    assert len(receipts) == 2
    with redis.Redis.from_url(stage.redis_url) as client:
        client.flushdb()
    for receipt in receipts:
        tap(person, receipt["message_id"])
    assert [message for message in stage.messages(person) if message in receipts] == receipts
