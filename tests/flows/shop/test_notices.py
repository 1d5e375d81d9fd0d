"""Notices that wait for the same admin leave in one message: none lost, none repeated more than once."""

from __future__ import annotations

from collections import Counter

from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Shop

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
    """How often a chat got each subject, and in how many messages."""
    messages = [m["text"] for m in shop.messages(chat_id)]
    told = [text for text in messages if any(subject in text for subject in subjects)]
    return Counter(subject for text in told for subject in subjects if subject in text), len(told)


def test_notices_that_wait_for_a_chat_go_in_one_message(shop: Shop) -> None:
    subjects = _announce(shop, "together")
    for subject in subjects:
        for chat_id in (ADMIN_ID, CHANNEL_ID):
            row = shop.wait_for_job(f"notice:test:{subject}:{chat_id}")
            assert row["attempts"] == 1, "waiting for the gate is no attempt"
    for chat_id in (ADMIN_ID, CHANNEL_ID):
        shown, messages = _shown(shop, chat_id, subjects)
        assert shown == Counter(subjects)
        assert messages < NOTICES, "nothing was joined"


def test_a_joined_message_of_unknown_fate_is_repeated_once(shop: Shop) -> None:
    with shop.fault(shop.telegram, kind="lose_answer", chat_id=ADMIN_ID, contains="unknown-5.", times=1):
        subjects = _announce(shop, "unknown")
        for subject in subjects:
            shop.wait_for_job(f"notice:test:{subject}:{ADMIN_ID}")
    shown, _ = _shown(shop, ADMIN_ID, subjects)
    assert set(shown) == set(subjects), "one was lost"
    assert shown["unknown-5."] == 2, "the fault did not strike"
    assert max(shown.values()) == 2


def test_a_pause_uses_up_no_attempt_of_those_that_were_joined(shop: Shop) -> None:
    with shop.fault(shop.telegram, kind="retry_after", retry_after=1, contains="paused-5.", times=1):
        subjects = _announce(shop, "paused")
        rows = [shop.wait_for_job(f"notice:test:{subject}:{ADMIN_ID}") for subject in subjects]
    assert {row["attempts"] for row in rows} == {1}
    assert _shown(shop, ADMIN_ID, subjects)[0] == Counter(subjects)


def test_a_long_line_of_notices_for_one_chat_does_not_ask_the_gate_in_vain(shop: Shop) -> None:
    """Each by itself would be started again and again until its turn comes (docs/adr/0007)."""
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
    assert starts < LINE, "they asked the gate in vain"
