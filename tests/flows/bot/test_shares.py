"""Tests of a flood by one person: a burst becomes jobs, the rest is refused; nobody else waits."""

from __future__ import annotations

from collections import Counter

import pytest
import redis

from socialboost import jobs
from socialboost.bot import shares
from socialboost.chat import callbacks
from tests.flows.bot.conftest import Feed
from tests.flows.updates import ADMIN, ORDER, PERSON, Json, message, person, private, queued, tap

FLOOD = 300
OTHER = PERSON + 1
URGENT: list[tuple[str, Json]] = [
    ("register_user", message("/start")),
    ("register_user", message("/start friend")),
    ("create_invoice", tap(callbacks.PAY_PREFIX + ORDER)),
    ("cancel_order", tap(callbacks.CANCEL_PREFIX + ORDER)),
    ("pay_from_balance", tap(callbacks.BALANCE_PREFIX + ORDER)),
    ("show_menu", tap(callbacks.CANCEL_ACTION)),
    ("show_page", message("/paysupport")),
]


@pytest.fixture(autouse=True)
def slow_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not give the flooder time for more."""
    monkeypatch.setattr(shares, "REFILL_SECONDS", 3600.0)
    monkeypatch.setattr(shares, "KNOWN_SECONDS", 0.0)


async def flood(feed: Feed, make: Json, count: int = FLOOD) -> None:
    for number in range(count):
        await feed(message("hello") if "message" in make else tap("my_stats", id=str(number)))


@pytest.mark.parametrize("kind", [message("hello"), tap("my_stats")], ids=["texts", "taps"])
async def test_updates_above_a_person_s_share_get_one_answer(kind: Json, feed: Feed, redis_url: str) -> None:
    await flood(feed, kind)
    found = Counter(job.args.get("page") == shares.TOO_FAST for job in queued(redis_url))
    assert found == {False: shares.BURST, True: 1}
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.ttl(f"shares:{PERSON}:told") <= shares.TOLD_SECONDS
        client.delete(f"shares:{PERSON}:told")
        await flood(feed, kind, 5)
        assert [job.args.get("page") for job in queued(redis_url)] == [shares.TOO_FAST], "a minute later"
        client.delete(f"shares:{PERSON}")
    await flood(feed, kind, 5)
    assert len(queued(redis_url)) == 5, "negative control: it is the share that tells"


@pytest.mark.parametrize(("actor", "update"), URGENT, ids=[actor for actor, _ in URGENT])
async def test_start_and_payments_pass_during_a_flood(
    actor: str, update: Json, feed: Feed, redis_url: str
) -> None:
    await flood(feed, message("hello"), shares.BURST + 5)
    queued(redis_url)
    await feed(update)
    assert [job.actor for job in queued(redis_url)] == [actor]


async def test_a_flood_does_not_limit_other_people(feed: Feed, redis_url: str) -> None:
    await flood(feed, message("hello"), shares.BURST + 5)
    await feed(message("/help", chat=private(OTHER), **{"from": person(OTHER)}))
    assert queued(redis_url)[-1].args["telegram_id"] == OTHER


async def test_an_admin_s_decision_passes_during_a_flood(feed: Feed, redis_url: str) -> None:
    mine = {"chat": private(ADMIN), "from": person(ADMIN)}
    for _ in range(shares.BURST + 5):
        await feed(message("hello", **mine))
    queued(redis_url)
    await feed(
        tap(f"{callbacks.PAYMENT_PREFIX}activate_{ORDER}", chat=private(ADMIN), **{"from": person(ADMIN)})
    )
    assert [job.queue for job in queued(redis_url)] == [jobs.INTERACTIVE]


async def test_a_flood_of_start_commands_is_limited_too(feed: Feed, redis_url: str) -> None:
    """Otherwise /start could be used to delay everybody."""
    for _ in range(FLOOD):
        await feed(message("/start"))
    actors = Counter(job.actor for job in queued(redis_url))
    assert actors == {"register_user": shares.BURST, "show_page": 1}


async def test_a_repeated_update_does_not_use_the_share(feed: Feed, redis_url: str) -> None:
    repeated = message("hello")
    for _ in range(shares.BURST + 5):
        await feed(repeated)
    await feed(message("hello"))
    assert len(queued(redis_url)) == 2


async def test_a_used_share_is_refilled_with_time(
    feed: Feed, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "REFILL_SECONDS", 0.001)
    await flood(feed, message("hello"))
    assert len(queued(redis_url)) > shares.BURST


@pytest.mark.parametrize(("known", "asked"), [(3600.0, shares.BURST + 1), (0.0, FLOOD)], ids=["known", "not"])
async def test_a_flood_is_dropped_without_asking_redis_each_time(
    known: float, asked: int, feed: Feed, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the poller drops faster than a flood comes. The control: without it each update needs a call."""
    monkeypatch.setattr(shares, "KNOWN_SECONDS", known)
    await feed(tap(callbacks.CANCEL_ACTION))
    first = queued(redis_url)[0].args["seq"]
    await flood(feed, message("hello"))
    queued(redis_url)
    await feed(message("/start"))
    assert queued(redis_url)[0].args["seq"] == first + asked + 1
