"""Tests of the rate limit: what the stand-in for Telegram recorded of all processes together."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress

import pytest
import redis

from socialboost.errors import PostponeError
from tests.flows.telegram.traffic import BURST, RATE, RESERVED, Traffic, count_until_shut, most, refused
from workers.telegram import rate_limit_scripts
from workers.telegram.rate_limit import RateLimiter
from workers.telegram.rate_limit_local import LocalRateLimiter

pytestmark = pytest.mark.alone  # it measures a rate

EVEN = RATE // 4 + 1
"""How far notices and broadcasts may be ahead of their even rate."""
LATE = 20
"""Calls that a busy machine may move from one window into the next."""


def test_two_broadcasts_keep_the_rate_and_share_it_evenly(traffic: Traffic) -> None:
    chats = traffic.people(700)
    senders = [
        traffic.start("broadcast", 13, "first", chats[:350]),
        traffic.start("broadcast", 13, "second", chats[350:]),
    ]
    results = [traffic.result(sender) for sender in senders]
    records = traffic.records()
    assert refused(records) == []
    assert most(records, 10) <= RATE * 10 + EVEN + LATE
    assert most(records, 1) <= RATE + EVEN + LATE
    assert sum(r["sent"] for r in results) == len(records) > RATE * 4
    together = [
        r for r in records if r["mono_ms"] >= max(_first(records, "first"), _first(records, "second"))
    ]
    share = Counter(str(r["params"]["text"]).split()[0] for r in together)
    assert min(share.values()) >= 0.35 * share.total(), share


def _first(records: list[dict[str, object]], name: str) -> float:
    return next(float(str(r["mono_ms"])) for r in records if name in str(r["params"]))


def test_without_the_rate_limiter_telegram_refuses(traffic: Traffic) -> None:
    """Negative control: the limits are on, and this many messages exceed them."""
    chats = traffic.people(200)
    sender = traffic.start("reckless", 4, "reckless", chats)
    traffic.result(sender)
    assert refused(traffic.records())


def test_answers_to_people_come_before_broadcasts(traffic: Traffic) -> None:
    chats = traffic.people(360)
    crowd = [
        traffic.start("broadcast", 8, "broadcast", chats[10:]),
        traffic.start("notice", 8, "notice", chats[5:10]),
    ]
    traffic.wait_for_records(10, "broadcast")
    person = traffic.result(traffic.start("person", 4, "person", chats[:3]))
    others = [traffic.result(sender) for sender in crowd]
    records = traffic.records()
    assert person["put_off"] == 0, "a person waited behind those who may wait"
    assert person["sent"] >= 3
    assert all(other["put_off"] > 0 for other in others), "negative control: the others did have to wait"
    assert refused(records) == []
    assert most(records, 5) <= RATE * 5 + RATE + LATE


def test_one_chat_gets_one_notice_a_second_from_all_processes(traffic: Traffic) -> None:
    chats = traffic.people(1)
    senders = [traffic.start("notice", 6, f"n{number}", chats) for number in range(3)]
    for sender in senders:
        traffic.result(sender)
    records = traffic.records()
    assert len(records) >= 2
    for seconds in (1, 2, 4):  # half a second for one that a busy machine held back on its way
        assert most(records, seconds - 0.5) <= seconds, records
    span = (records[-1]["mono_ms"] - records[0]["mono_ms"]) / 1000
    assert len(records) <= span + 1.5


def test_a_person_s_own_chat_is_not_paced(traffic: Traffic) -> None:
    """A new rate limiter has what is kept for people, whoever asks for it."""
    assert count_until_shut(traffic.rate_limiter()) >= RESERVED


FLOOD = 200


def passes(limiter: RateLimiter, chat_id: int | None, calls: int) -> int:
    """Return how many of so many answers may leave at once."""
    passed = 0
    for _ in range(calls):
        with suppress(PostponeError):
            limiter.person(chat_id)
            passed += 1
    return passed


def full(traffic: Traffic) -> RateLimiter:
    """A rate limiter that holds a second's worth."""
    limiter = traffic.rate_limiter()
    limiter.person()
    time.sleep(1.2)
    return limiter


def wait_of(limiter: RateLimiter, first: int | None, step: int) -> float:
    """Return the wait of the first refused call. `step` 0 repeats one person, 1 uses another each time."""
    for number in range(FLOOD):
        try:
            limiter.person(None if first is None else first + number * step)
        except PostponeError as error:
            return error.seconds
    raise AssertionError("nobody had to wait")


def test_one_person_s_answers_leave_room_for_the_others_and_for_money(traffic: Traffic) -> None:
    limiter = full(traffic)
    assert passes(limiter, 1, FLOOD) < FLOOD / 2, "half of the bucket, then a fifth of the rate"
    assert passes(limiter, 2, RATE // 5) == RATE // 5
    assert wait_of(limiter, 1, 0) > 0
    assert passes(limiter, None, 1) == 1, "a receipt"
    count_until_shut(limiter)  # negative control: without a share one asker empties it, and others wait
    assert passes(limiter, 2, 1) == 0


AMPLE = 2_000
"""A rate at which nobody's share binds."""


@pytest.mark.parametrize("burst", [BURST, FLOOD], ids=["a chat's limit", "negative control: none"])
def test_one_chat_gets_no_more_than_telegram_accepts(traffic: Traffic, burst: int) -> None:
    """Its 429 would stop everybody, so the limit holds however many tokens there are."""
    limiter = traffic.rate_limiter(rate=AMPLE, burst=burst)
    limiter.person()
    time.sleep(0.5)
    began = time.monotonic()
    passed = passes(limiter, 1, FLOOD)
    assert burst <= passed <= burst + time.monotonic() - began
    assert passes(limiter, 2, BURST) == BURST, "another's chat has its own"
    assert passes(limiter, None, BURST) == BURST, "receipts are not counted"


@pytest.mark.parametrize("burst", [BURST, FLOOD], ids=["a chat's limit", "negative control: none"])
def test_without_redis_a_chat_has_its_limit_too(burst: int) -> None:
    limiter = LocalRateLimiter(AMPLE, RESERVED, 1, burst)
    limiter._stamp -= 1.0
    began = time.monotonic()
    passed = sum(limiter.person(1) == 0 for _ in range(FLOOD))
    assert burst <= passed <= burst + time.monotonic() - began
    assert limiter.person(2) == 0


def test_messages_about_money_come_before_waiting_screens(traffic: Traffic) -> None:
    limiter = full(traffic)
    screens = [wait_of(limiter, 1000 + FLOOD * number, 1) for number in range(100)]
    assert wait_of(limiter, None, 0) < max(screens) / 2
    assert wait_of(limiter, 99, 1) > max(screens) / 2, (
        "negative control: one more screen is at the line's end"
    )


def test_without_redis_a_person_has_a_share_too() -> None:
    limiter = LocalRateLimiter(RATE, RESERVED, 1, BURST)
    limiter._stamp -= 0.4  # ten tokens, less than half
    assert sum(limiter.person(1) == 0 for _ in range(FLOOD)) < RATE / 2
    assert limiter.person(2) == 0
    assert limiter.person() == 0


def test_a_group_gets_twenty_a_minute(traffic: Traffic) -> None:
    """The last minute is written as the rate limiter stores it, so the test does not wait that long."""
    group, limiter = -1_001, traffic.rate_limiter()
    limiter.person()  # makes the state
    with redis.Redis.from_url(traffic.redis_url) as client:
        seconds, _ = client.time()
        for ago in range(41, 4, -2):  # nineteen messages, the last 5 s ago, none about to leave the minute
            client.lpush(f"gate:chat:{group}", (seconds - ago) * 1000)
        assert client.llen(f"gate:chat:{group}") == rate_limit_scripts.GROUP_MESSAGES - 1
        limiter.notice(group)  # the twentieth
        client.lset(f"gate:chat:{group}", 0, (seconds - 2) * 1000)
    with pytest.raises(PostponeError) as late:
        limiter.notice(group)
    assert late.value.seconds <= rate_limit_scripts.GROUP_SECONDS
    time.sleep(1.2)  # a new rate limiter has nothing yet for broadcasts
    granted = limiter.reserve("b", [group, -1_002, 7, 7])
    assert granted.chat_ids == [-1_002, 7], "a chat that must wait holds nobody else up"
    assert granted.wait_seconds > 0


def test_a_dead_sender_delays_nobody(traffic: Traffic) -> None:
    limiter = traffic.rate_limiter()
    assert limiter.reserve("dead", range(1, 100)).wait_seconds > 0
    alive = Counter[bool]()
    for page in range(40):
        granted = limiter.reserve("alive", range(1000 * page + 1000, 1000 * page + 1100))
        alive[bool(granted.chat_ids)] += 1
        if alive[True] >= 4:
            return
        time.sleep(granted.wait_seconds)
    pytest.fail(f"nothing was granted: {alive}")
