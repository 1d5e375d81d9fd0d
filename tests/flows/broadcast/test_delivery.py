"""Tests of delivery: a recipient gets a broadcast once, or is listed as unknown, and never gets it twice."""

from __future__ import annotations

import itertools
import time

import redis

from sandbox.servers import PostgresServer
from tests.flows.broadcast.hall import Hall, until
from tests.flows.shop.world import ADMIN_ID, ROOT, wait_until
from workers.broadcasts.runner import PAGE


def test_everybody_gets_it_once_and_the_counts_add_up(hall: Hall) -> None:
    people = hall.gather(700)
    hall.post(hall.telegram, "/sim/limits", {"enabled": True})  # above 30/s only what is paid for passes
    hall.start(rate=300)
    late = hall.draft()
    broadcast_id = hall.send("<b>Новини</b> 1", buttons='[{"text": "Так", "url": "https://example.com/"}]')
    row = hall.wait_for(broadcast_id)
    assert (row["recipients"], row["sent"]) == (700, 700)
    hall.check_counts(broadcast_id)
    assert hall.received("Новини") == dict.fromkeys(people, 1)
    order = [call["chat_id"] for call in hall.calls(status=200)]
    assert order[0] == people[-1], "the newest first"
    call = hall.calls(status=200)[0]
    assert call["params"]["buttons"] == ["Так"]
    assert hall.row(late)["status"] == "draft"
    admin = wait_until(
        lambda: [
            m["text"] for m in hall.messages(ADMIN_ID) if "700" in m["text"] and "завершено" in m["text"]
        ],
        "the admin is told",
    )
    assert "Надіслано: 700" in admin[-1]


def test_a_worker_killed_every_two_seconds_sends_nothing_twice(hall: Hall) -> None:
    """Recipients whose calls were in flight are listed as unknown, and they are few."""
    people = hall.gather(2_000)
    hall.post(
        hall.telegram,
        "/sim/faults",
        {"kind": "delay", "method": "sendMessage", "seconds": 0.1, "times": None},
    )
    masters = [hall.start(rate=300, queues=("broadcast", "interactive", "maintenance", "notifications"))]
    broadcast_id = hall.send("Новини 2")
    kills, moment = 0, time.monotonic()
    while hall.row(broadcast_id)["status"] == "running" and kills < 4:
        masters.append(hall.start(rate=300))
        moment += 2.0
        until(moment)
        hall.wait_for_progress(broadcast_id)
        hall.kill(masters.pop(0))
        kills += 1
    row = hall.wait_for(broadcast_id, seconds=120)
    hall.check_counts(broadcast_id)
    received = hall.received("Новини")
    assert max(received.values()) == 1, "somebody got it twice"
    unknown = {
        r["telegram_id"]
        for r in hall.rows(
            "SELECT u.telegram_id FROM broadcast_recipients r JOIN users u ON u.id = r.user_id"
            " WHERE r.broadcast_id = %s AND r.status = 'unknown'",
            broadcast_id,
        )
    }
    assert set(people) - set(received) <= unknown, "somebody is missing and not listed"
    assert kills >= 2
    assert 0 < row["unknown"] <= kills * 150


def test_calls_in_flight_are_bounded_at_any_send_rate(hall: Hall) -> None:
    """A crash makes so many unknown: two pages in flight and one not yet recorded, not everybody."""
    people = hall.gather(2_000)
    fault = {"kind": "delay", "method": "sendMessage", "seconds": 0.5, "times": None}
    hall.post(hall.telegram, "/sim/faults", fault)
    hall.start(rate=100_000)
    broadcast_id = hall.send("Новини 9")
    most = 0
    while hall.row(broadcast_id)["status"] == "running":
        under_way = "SELECT count(*) FROM broadcast_recipients WHERE broadcast_id = %s AND status = 'sending'"
        most = max(most, hall.value(under_way, broadcast_id))
    assert 0 < most <= 3 * PAGE
    assert hall.wait_for(broadcast_id)["sent"] == len(people)


def test_twenty_confirmations_start_one_run(hall: Hall) -> None:
    """Each recipient gets one message, and one decision is recorded."""
    people = hall.gather(30)
    hall.start()
    broadcast_id = hall.draft("Новини 3")
    for key in [hall.move(broadcast_id, "send") for _ in range(20)]:
        hall.wait_for_job(key)
    hall.wait_for(broadcast_id)
    assert hall.received("Новини") == dict.fromkeys(people, 1)
    assert hall.value("SELECT count(*) FROM admin_actions WHERE action = 'broadcast_send'") == 1
    assert hall.value("SELECT count(*) FROM job_ledger WHERE key LIKE 'broadcast:%%:1'") == 1


def test_a_429_stops_everything_until_it_is_over(hall: Hall) -> None:
    """There is no request within the time that Telegram asked for, and no recipient is left out."""
    people = hall.gather(400)
    for number in range(3):
        hall.post(
            hall.telegram,
            "/sim/faults",
            {"kind": "retry_after", "retry_after": 2, "times": 1, "chat_id": people[350 - 100 * number]},
        )
    hall.start(rate=200)
    broadcast_id = hall.send("Новини 4")
    hall.wait_for(broadcast_id, seconds=90)
    assert hall.received("Новини") == dict.fromkeys(people, 1)
    hall.check_counts(broadcast_id)
    calls = sorted(hall.get(hall.telegram, "/sim/wire", kind="call")["records"], key=lambda c: c["mono_ms"])
    throttled = [call for call in calls if call["status"] == 429]
    assert len(throttled) == 3
    for refusal in throttled:
        told = refusal["answered_mono_ms"]
        # 400 ms, as in tests/flows/telegram: what was on its way already, on a busy machine.
        inside = [c for c in calls if told + 400 < c["mono_ms"] < told + 2_000]
        assert inside == []


def test_people_who_blocked_the_bot_are_tried_once_and_remembered(hall: Hall) -> None:
    """30 % of the people have blocked the bot."""
    people = hall.gather(100)
    gone = people[::3]
    for telegram_id in gone[:-1]:
        hall.post(hall.telegram, f"/sim/people/{telegram_id}/block")
    hall.http.patch(
        f"{hall.telegram.url}/sim/people/{gone[-1]}", json={"deactivated": True}
    ).raise_for_status()
    hall.start()
    broadcast_id = hall.send("Новини 5")
    hall.wait_for(broadcast_id)
    row = hall.check_counts(broadcast_id)
    assert (row["sent"], row["blocked"]) == (100 - len(gone), len(gone))
    tried = [call["chat_id"] for call in hall.calls() if call["chat_id"] in gone]
    assert sorted(tried) == sorted(gone), "one attempt each"
    assert hall.value("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL") == len(gone)
    again = hall.send("Новини 6")
    hall.wait_for(again)
    assert hall.check_counts(again)["recipients"] == 100 - len(gone), "skipped the next time"


def test_a_message_that_telegram_refuses_reaches_nobody_else(hall: Hall) -> None:
    """The first recipient is tried alone, and the refusal ends the broadcast."""
    people = hall.gather(50)
    hall.start()
    broadcast_id = hall.send("<b>Новини")
    row = hall.wait_for(broadcast_id, "failed")
    assert "can't parse entities" in row["reason"]
    assert [call["chat_id"] for call in hall.calls()] == [people[-1]], "the second recipient was tried"
    row = hall.check_counts(broadcast_id)
    assert (row["failed"], row["sent"]) == (1, 0)
    wait_until(
        lambda: any(
            "can&#39;t parse" in m["html"] or "can't parse" in m["text"] for m in hall.messages(ADMIN_ID)
        ),
        "the admin is told",
    )


def test_pause_resume_and_cancel_take_effect_at_once(hall: Hall) -> None:
    """A runner checks twice a second whether it may still send."""
    people = hall.gather(1_000)
    hall.start(rate=100)
    broadcast_id = hall.send("Новини 7")
    hall.wait_for_sent(broadcast_id, 50)
    hall.wait_for_job(hall.move(broadcast_id, "pause"))
    told = time.monotonic()
    wait_until(lambda: hall.row(broadcast_id)["runner"] is None, "the runner stops", 5)
    assert time.monotonic() - told < 5
    stopped = len(hall.calls())
    time.sleep(0.5)  # fifty more at this rate
    assert len(hall.calls()) == stopped
    hall.wait_for_job(hall.move(broadcast_id, "resume"))
    hall.wait_for_sent(broadcast_id, stopped + 50)
    hall.wait_for_job(hall.move(broadcast_id, "cancel"))
    wait_until(lambda: hall.row(broadcast_id)["runner"] is None, "the runner stops", 5)
    stopped = len(hall.calls())
    time.sleep(0.5)  # fifty more at this rate
    assert len(hall.calls()) == stopped < len(people)
    row = hall.check_counts(broadcast_id)
    assert row["sent"] == stopped
    assert max(hall.received("Новини").values()) == 1


def test_a_wiped_redis_in_the_middle_repeats_nothing(hall: Hall) -> None:
    """All state of a broadcast is in PostgreSQL."""
    people = hall.gather(900)
    hall.start(rate=100)
    broadcast_id = hall.send("Новини 8")
    for wanted in (100, 300, 500):
        hall.wait_for_sent(broadcast_id, wanted)
        with redis.Redis.from_url(hall.redis_url) as client:
            client.flushall()
    hall.wait_for(broadcast_id, seconds=90)
    assert hall.received("Новини") == dict.fromkeys(people, 1)
    assert hall.check_counts(broadcast_id)["sent"] == len(people)


def test_a_call_of_unknown_outcome_is_listed_and_not_repeated(hall: Hall) -> None:
    people = hall.gather(40)
    lost = people[10:13]
    hall.fault_for(lost, kind="lose_answer", method="sendMessage")
    hall.start()
    broadcast_id = hall.send("Новини 9")
    hall.wait_for(broadcast_id)
    row = hall.check_counts(broadcast_id)
    assert (row["sent"], row["unknown"]) == (37, 3)
    assert sorted(c["chat_id"] for c in hall.calls() if c["chat_id"] in lost) == lost, "one call each"


def test_two_broadcasts_share_the_rate_limiter(hall: Hall) -> None:
    people = hall.gather(500)
    hall.start(rate=60)
    both = hall.send("Новини 10"), hall.send("Новини 11")
    for broadcast_id in both:
        hall.wait_for_sent(broadcast_id, 50)
    before = [hall.row(broadcast_id)["sent"] for broadcast_id in both]
    hall.wait_for_sent(both[0], before[0] + 200)
    more = [hall.row(broadcast_id)["sent"] - had for broadcast_id, had in zip(both, before, strict=True)]
    assert 0.6 < more[1] / more[0] < 1.6, more
    for broadcast_id in both:
        hall.wait_for(broadcast_id, seconds=60)
        assert hall.check_counts(broadcast_id)["sent"] == len(people)


def test_the_default_rate_is_kept_exactly(hall: Hall) -> None:
    """It sends 25 a second under Telegram's own limits, without any refusal."""
    hall.gather(250)
    hall.post(hall.telegram, "/sim/limits", {"enabled": True})
    hall.start(rate=25)
    broadcast_id = hall.send("Новини 12")
    hall.wait_for(broadcast_id)
    calls = hall.calls()
    assert {call["status"] for call in calls} == {200}
    moments = sorted(call["mono_ms"] for call in calls)
    burst, rate = 7, 25
    for earlier, later in itertools.pairwise(moments[::50]):
        assert later - earlier >= (50 - burst) / rate * 1_000, "faster than the rate limiter"


def test_nobody_who_joins_later_is_included(hall: Hall) -> None:
    people = hall.gather(200)
    hall.start(rate=60)
    broadcast_id = hall.send("Новини 13")
    hall.wait_for_sent(broadcast_id, 10)
    hall.rows("INSERT INTO users (telegram_id, language) VALUES (1, 'uk') RETURNING id")
    hall.wait_for(broadcast_id)
    row = hall.check_counts(broadcast_id)
    assert row["recipients"] == len(people)


def test_control_without_the_mark_before_the_call_somebody_gets_it_twice(hall: Hall) -> None:
    """Negative control: rows are marked only after their calls, as a naive version would do."""
    hall.gather(600)
    functions = ROOT / "sql" / "functions" / "broadcasts"
    take = (functions / "take_recipients.sql").read_text(encoding="utf-8")
    record = (functions / "record_recipients.sql").read_text(encoding="utf-8")
    marked, pending = "CASE WHEN page.reachable THEN 'sending' ELSE 'skipped' END", "'pending'"
    assert marked in take
    for text, old, new in (
        (take.replace(marked, pending), "FILTER (WHERE status = 'sending')", "FILTER (WHERE true)"),
        (record, "r.status IN ('sending', 'unknown')", "r.status = 'pending'"),
    ):
        assert old in text
        hall.database.execute(text.replace(old, new).encode())
    hall.post(
        hall.telegram,
        "/sim/faults",
        {"kind": "delay", "method": "sendMessage", "seconds": 0.3, "times": None},
    )
    worker = hall.start(rate=200)
    broadcast_id = hall.send("Новини 14")
    hall.wait_for_sent(broadcast_id, 100)
    hall.kill(worker)
    hall.start(rate=200)
    wait_until(lambda: max(hall.received("Новини").values()) > 1, "somebody gets it twice", 60)


def test_a_restarted_database_repeats_nothing(hall: Hall, postgres_server: PostgresServer) -> None:
    people = hall.gather(600)
    hall.start(rate=100)
    broadcast_id = hall.send("Новини 15")
    hall.wait_for_sent(broadcast_id, 150)
    postgres_server.restart_immediate()
    hall.reconnect()
    hall.wait_for(broadcast_id, seconds=90)
    row = hall.check_counts(broadcast_id)
    received = hall.received("Новини")
    assert max(received.values()) == 1
    assert len(people) - len(received) <= row["unknown"] <= 100
