"""Tests of a 429: every process pauses; without Redis each keeps to its share of the rate."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox.servers import start_valkey
from socialboost.errors import PostponeError, ThrottledError
from tests.flows.telegram.traffic import RATE, Record, Traffic, count_until_shut
from workers.telegram.rate_limit import MARGIN_SECONDS, RateLimiter

PAUSE_SECONDS = 3
UNDER_WAY_MS = 400
"""The tolerance for calls that were in flight when the 429 came."""


def inside(traffic: Traffic) -> tuple[list[Record], list[Record]]:
    """Calls inside the pause that the injected 429 asked for, and those after it."""
    records = traffic.records()
    told = next(r for r in records if r["status"] == 429)
    begins, ends = told["answered_mono_ms"] + UNDER_WAY_MS, told["answered_mono_ms"] + PAUSE_SECONDS * 1000
    assert sum(r["status"] == 429 for r in records) == 1, "our own rate was refused as well"
    within = [r for r in records if begins < r["mono_ms"] < ends]
    return within, [r for r in records if r["mono_ms"] >= ends]


def throttle(traffic: Traffic) -> None:
    """Let the next message be refused, and wait until it was."""
    fault = {"kind": "retry_after", "retry_after": PAUSE_SECONDS, "method": "sendMessage", "times": 1}
    traffic.post("/sim/faults", fault)
    deadline = time.monotonic() + 30
    while not any(r["status"] == 429 for r in traffic.records()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("wiped", [False, True])
def test_nobody_sends_inside_a_pause(traffic: Traffic, *, wiped: bool) -> None:
    chats = traffic.people(400)
    senders = [
        traffic.start("broadcast", 12, "broadcast", chats[20:]),
        traffic.start("notice", 12, "notice", chats[10:20]),
        traffic.start("person", 12, "person", chats[:5]),
    ]
    for name in ("broadcast", "notice", "person"):
        traffic.wait_for_records(2, name)
    throttle(traffic)
    if wiped:
        for _ in range(3):
            time.sleep(0.6)
            traffic.flush_redis()
    for sender in senders:
        traffic.result(sender)
    within, after = inside(traffic)
    assert within == []
    assert after, "and then it goes on"


def test_a_sender_that_ignores_the_pause_is_detected(traffic: Traffic) -> None:
    """Negative control: the pause is checked at the place of the calls."""
    traffic.post("/sim/limits", {"enabled": False})
    sender = traffic.start("reckless", 9, "reckless", traffic.people(1))
    traffic.wait_for_records(1)
    throttle(traffic)
    traffic.result(sender)
    assert inside(traffic)[0]


def test_a_process_that_starts_on_a_wiped_redis_knows_of_the_pause(traffic: Traffic) -> None:
    traffic.rate_limiter().pause(30)
    traffic.flush_redis()
    with pytest.raises(PostponeError) as told:
        traffic.rate_limiter().person()
    assert 20 < told.value.seconds <= 30 + MARGIN_SECONDS + 1
    assert traffic.rate_limiter().reserve("b", [1, 2]).chat_ids == []
    traffic.flush_redis()
    traffic.forget_pause()
    traffic.rate_limiter().person()  # negative control: it was PostgreSQL that knew


def test_a_process_that_knows_the_pause_restores_it_in_a_wiped_redis(traffic: Traffic) -> None:
    told = traffic.rate_limiter()
    told.pause(30)
    traffic.forget_pause()
    traffic.flush_redis()
    traffic.rate_limiter().person()  # a newcomer makes a state that knows of nothing
    with pytest.raises(PostponeError):
        told.person()
    with pytest.raises(PostponeError):
        traffic.rate_limiter().person()


def test_a_wipe_lets_no_burst_through(traffic: Traffic) -> None:
    limiter, passed = traffic.rate_limiter(), 0
    for _ in range(3):
        traffic.flush_redis()
        passed += count_until_shut(limiter)
    assert passed < RATE


def test_without_redis_each_process_keeps_its_share(traffic: Traffic, tmp_path: Path) -> None:
    server = start_valkey(tmp_path / "own")
    if server.process is None:
        pytest.fail("REDIS_URL names a server that this test must not stop")
    limiters = [traffic.rate_limiter(server.url, processes=2) for _ in range(2)]
    for limiter in limiters:
        limiter.person()
    server.kill()
    began = time.monotonic()
    passed = sum(_passes(limiter) for limiter in limiters)
    while time.monotonic() - began < 3:
        passed += sum(_passes(limiter) for limiter in limiters)
        time.sleep(0.005)
    took = time.monotonic() - began
    assert 2 <= passed <= RATE * took + 2, "one message each to begin with, then the rate"
    assert len(limiters[0].reserve("b", list(range(1, 50))).chat_ids) <= RATE
    server.start()
    time.sleep(1.5)
    assert _passes(limiters[0]), "and the shared bucket again"
    server.stop()


def test_a_pause_holds_without_redis(traffic: Traffic) -> None:
    traffic.rate_limiter().pause(30)
    alone = traffic.rate_limiter("redis://127.0.0.1:1/0")
    with pytest.raises(PostponeError) as told:
        alone.person()
    assert told.value.seconds > 20
    traffic.forget_pause()
    traffic.rate_limiter("redis://127.0.0.1:1/0").person()  # negative control


GROUP, OTHER_GROUP, PERSON = -1_001, -1_002, 77


def told_to_wait(limiter: RateLimiter, chat_id: int | None, seconds: float = 30) -> float:
    """Return what the caller of a call about this chat is told when Telegram answers 429."""
    with pytest.raises(PostponeError) as told, limiter.watching():
        raise ThrottledError("telegram", "Too Many Requests", retry_after=seconds, chat_id=chat_id)
    return told.value.seconds


def waits_for(limiter: RateLimiter, chat_id: int) -> float:
    """Return how long a notice to this chat must wait because of a pause; 0 without one."""
    for _ in range(100):
        try:
            limiter.notice(chat_id)
        except PostponeError as error:
            if error.seconds > 2:
                return error.seconds
            time.sleep(error.seconds)
        else:
            return 0.0
    raise AssertionError("neither let through nor held")


def test_a_429_for_a_group_pauses_only_that_group(traffic: Traffic) -> None:
    told = traffic.rate_limiter()
    told.person()  # makes the state
    assert 29 < told_to_wait(told, GROUP) <= 30 + MARGIN_SECONDS
    for limiter in (told, traffic.rate_limiter()):
        limiter.person()
        assert 20 < waits_for(limiter, GROUP) <= 30 + MARGIN_SECONDS
    assert (waits_for(told, OTHER_GROUP), waits_for(told, PERSON)) == (0, 0)
    granted = told.reserve("b", [GROUP, PERSON + 1])
    assert GROUP not in granted.chat_ids


def test_a_wiped_redis_does_not_forget_the_group(traffic: Traffic) -> None:
    told_to_wait(traffic.rate_limiter(), GROUP)
    traffic.flush_redis()
    newcomer = traffic.rate_limiter()
    newcomer.person()
    assert waits_for(newcomer, GROUP) > 20
    assert waits_for(traffic.rate_limiter(), GROUP) > 20, "by Redis alone, which the newcomer has told"
    assert waits_for(traffic.rate_limiter("redis://127.0.0.1:1/0"), GROUP) > 20, "and without Redis"
    traffic.flush_redis()
    traffic.forget_pause()
    assert waits_for(traffic.rate_limiter(), GROUP) == 0, "negative control: it was PostgreSQL that knew"


@pytest.mark.parametrize("chats", [(PERSON,), (None,), (GROUP, OTHER_GROUP)])
def test_a_429_for_a_person_or_a_second_group_pauses_everything(
    traffic: Traffic, chats: tuple[int | None, ...]
) -> None:
    for chat_id in chats:
        told_to_wait(traffic.rate_limiter(), chat_id)  # each by a process of its own
    with pytest.raises(PostponeError) as told:
        traffic.rate_limiter().person()
    assert told.value.seconds > 20


def test_two_429s_for_one_group_pause_only_that_group(traffic: Traffic) -> None:
    for _ in range(2):
        told_to_wait(traffic.rate_limiter(), GROUP)
    traffic.rate_limiter().person()


def _passes(limiter: RateLimiter) -> bool:
    try:
        limiter.person()
    except PostponeError:
        return False
    return True
