"""Tests of batching: notices for the same admin are sent in one message, and none is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Buyer, Shop, wait_until

NOTICES = 8
LINE = 60


def _announce(shop: Shop, name: str) -> list[str]:
    """Send notices all at once; their subjects."""
    subjects = [f"{name}-{number}." for number in range(NOTICES)]
    for subject in subjects:
        key = f"notice:test:{subject}"
        jobs.send(jobs.NotifyAdmins(key=key, kind="order_paid", data={"reason": subject}))
    return subjects


def _shown(shop: Shop, chat_id: int, subjects: list[str]) -> tuple[Counter[str], int]:
    """Return how often a chat got each subject, and in how many messages."""
    messages = [m["text"] for m in shop.messages(chat_id)]
    told = [text for text in messages if any(subject in text for subject in subjects)]
    return Counter(subject for text in told for subject in subjects if subject in text), len(told)


def test_notices_that_wait_for_a_chat_are_sent_in_one_message(shop: Shop) -> None:
    subjects = _announce(shop, "together")
    for subject in subjects:
        for chat_id in (ADMIN_ID, CHANNEL_ID):
            row = shop.wait_for_job(f"notice:test:{subject}:{chat_id}")
            assert row["attempts"] == 1, "waiting for the rate limiter is no attempt"
    for chat_id in (ADMIN_ID, CHANNEL_ID):
        shown, messages = _shown(shop, chat_id, subjects)
        assert shown == Counter(subjects)
        assert messages < NOTICES, "nothing was joined"


def test_a_batch_of_unknown_outcome_is_repeated_once(shop: Shop) -> None:
    with shop.fault(shop.telegram, kind="lose_answer", chat_id=ADMIN_ID, contains="unknown-5.", times=1):
        subjects = _announce(shop, "unknown")
        for subject in subjects:
            shop.wait_for_job(f"notice:test:{subject}:{ADMIN_ID}")
    shown, _ = _shown(shop, ADMIN_ID, subjects)
    assert set(shown) == set(subjects), "one was lost"
    assert shown["unknown-5."] == 2, "the fault did not strike"
    assert max(shown.values()) == 2


def test_a_pause_uses_no_attempt_of_the_notices_in_a_batch(shop: Shop) -> None:
    with shop.fault(shop.telegram, kind="retry_after", retry_after=1, contains="paused-5.", times=1):
        subjects = _announce(shop, "paused")
        rows = [shop.wait_for_job(f"notice:test:{subject}:{ADMIN_ID}") for subject in subjects]
    assert {row["attempts"] for row in rows} == {1}
    assert _shown(shop, ADMIN_ID, subjects)[0] == Counter(subjects)


def test_many_notices_for_one_chat_do_not_each_ask_the_rate_limiter(shop: Shop) -> None:
    """Otherwise each would start again and again until its turn (docs/adr/0007)."""
    subjects = [f"line-{number}." for number in range(LINE)]
    for subject in subjects:
        key = f"notice:test:{subject}"
        jobs.send(jobs.NotifyAdmins(key=key, kind="order_paid", data={"reason": subject}))
    for subject in subjects:
        shop.wait_for_job(f"notice:test:{subject}:{CHANNEL_ID}")
    shown, messages = _shown(shop, CHANNEL_ID, subjects)
    assert shown == Counter(subjects)
    assert messages < LINE / 10
    lines = [line for line in shop.log_text().splitlines() if '"notice:test:line-' in line]
    starts = sum('"job_started"' in line and '"send_admin_notice"' in line for line in lines)
    assert starts < LINE, "they asked the rate limiter in vain"


def test_a_429_for_the_channel_delays_nobody_else(shop: Shop) -> None:
    """The channel has reached its limit. Another person's /start does not wait for it."""
    with shop.fault(shop.telegram, kind="retry_after", retry_after=12, chat_id=CHANNEL_ID, times=1):
        _announce(shop, "flood")
        told = wait_until(
            lambda: [call for call in _since(shop, 0) if "after 12" in (call.get("error") or "")],
            "the channel is told to wait",
        )
    stranger = Buyer(shop)
    stranger.start()
    greeted = wait_until(lambda: shop.telegram_calls("sendMessage", stranger.id), "the stranger is greeted")
    later = wait_until(lambda: _since(shop, told[0]["answered_mono_ms"]), "the channel gets it after all")
    assert later[0]["mono_ms"] - told[0]["answered_mono_ms"] >= 12_000
    assert greeted[0]["mono_ms"] < later[0]["mono_ms"], "the stranger waited with the channel"


def _since(shop: Shop, mono_ms: float) -> list[dict[str, Any]]:
    """Return what was sent to the channel after that moment."""
    calls = shop.telegram_calls("sendMessage", CHANNEL_ID)
    return [call for call in calls if call["mono_ms"] > mono_ms]
