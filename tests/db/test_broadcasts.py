"""Tests of broadcasts in the database: recipients, the sending process, and outcomes written once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from socialboost.db import Database
from tests.db.store import Row, Store, at_once

ADMIN = 900_000_001
LEASE = 15.0


class Desk:
    """Broadcasts of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def draft(self, segment: str = "all") -> str:
        return str(
            self.store.value(
                "INSERT INTO broadcasts (admin_telegram_id, body, segment)"
                " VALUES (%s, 'hi', %s) RETURNING id",
                ADMIN, segment,
            )
        )  # fmt: skip

    def move(self, broadcast: str, action: str, at: object = None) -> Row:
        answer: Row = self.store.call("move_broadcast", broadcast, action, ADMIN, at)
        return answer

    def running(self, segment: str = "all", runner: str = "A") -> str:
        broadcast = self.draft(segment)
        assert self.move(broadcast, "send")["moved"]
        assert self.begin(broadcast, runner)["outcome"] == "ours"
        return broadcast

    def begin(self, broadcast: str, runner: str = "A", chunk: int = 1) -> Row:
        answer: Row = self.store.call("begin_broadcast", broadcast, chunk, runner, LEASE)
        return answer

    def list_all(self, broadcast: str, runner: str = "A", scan: int = 1000) -> int:
        """List the whole audience; how many steps that took."""
        steps = 1
        while self.store.call("list_recipients", broadcast, runner, scan):
            steps += 1
        return steps

    def pending(self, broadcast: str) -> list[Any]:
        rows = self.store.rows(
            "SELECT user_id FROM broadcast_recipients WHERE broadcast_id = %s AND status = 'pending'"
            " ORDER BY position", broadcast,
        )  # fmt: skip
        return [row["user_id"] for row in rows]

    def take(self, broadcast: str, users: list[Any], runner: str = "A") -> list[str] | None:
        taken: list[str] | None = self.store.call("take_recipients", broadcast, runner, users, LEASE)
        return taken

    def record(self, broadcast: str, users: list[Any], status: str, runner: str = "A") -> int:
        written: int = self.store.call(
            "record_recipients", broadcast, runner, users, [status] * len(users), [None] * len(users)
        )
        return written

    def row(self, broadcast: str) -> Row:
        return self.store.rows("SELECT * FROM broadcasts WHERE id = %s", broadcast)[0]

    def counts(self, broadcast: str) -> Counter[str]:
        """The counts of the broadcast, held against its rows."""
        row = self.row(broadcast)
        rows = self.store.rows(
            "SELECT status, count(*) AS n FROM broadcast_recipients WHERE broadcast_id = %s GROUP BY 1",
            broadcast,
        )
        states = Counter({r["status"]: r["n"] for r in rows})
        named = ("sent", "blocked", "failed", "unknown", "skipped")
        assert {name: row[name] for name in named} == {name: states[name] for name in named}
        assert row["recipients"] == sum(states.values())
        return states


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def people(store: Store) -> list[int]:
    """Five people, oldest first, as they joined: one a minute."""
    made = [store.person() for _ in range(5)]
    for age, telegram_id in enumerate(reversed(made)):
        store.run(
            "UPDATE users SET created_at = now() - %s * interval '1 minute' WHERE telegram_id = %s",
            age + 1,
            telegram_id,
        )
    return made


def listed(desk: Desk, broadcast: str) -> list[int]:
    rows = desk.store.rows(
        "SELECT u.telegram_id FROM broadcast_recipients r JOIN users u ON u.id = r.user_id"
        " WHERE r.broadcast_id = %s ORDER BY r.position", broadcast,
    )  # fmt: skip
    return [row["telegram_id"] for row in rows]


@pytest.mark.parametrize("scan", [1, 2, 5, 1000])
def test_everybody_is_listed_once_newest_first_whatever_the_page(
    desk: Desk, people: list[int], scan: int
) -> None:
    broadcast = desk.running()
    steps = desk.list_all(broadcast, scan=scan)
    assert listed(desk, broadcast) == people[::-1]
    assert steps == len(people) // scan + 1
    assert desk.row(broadcast)["listed"]


def test_people_who_joined_in_one_moment_are_all_listed(desk: Desk, people: list[int]) -> None:
    desk.store.run("UPDATE users SET created_at = now() - interval '1 hour'")
    broadcast = desk.running()
    desk.list_all(broadcast, scan=2)
    assert sorted(listed(desk, broadcast)) == people


def test_somebody_who_joins_later_is_not_listed(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    assert desk.store.call("list_recipients", broadcast, "A", 2)
    newcomer = desk.store.person()
    desk.list_all(broadcast)
    assert newcomer not in listed(desk, broadcast)
    assert len(listed(desk, broadcast)) == len(people)


def test_each_segment_has_its_people(desk: Desk, people: list[int]) -> None:
    """Each segment selects its people, and its count, which the admin confirms, counts the same people."""
    store = desk.store
    active, expired, english, away, blocked = people
    store.buy(active)
    store.buy(expired)
    store.run(
        "UPDATE orders SET activated_at = now() - interval '40 days', expires_at = now() - interval '10 days'"
        " WHERE user_id = %s", store.user_id(expired),
    )  # fmt: skip
    store.order(english)  # never paid
    store.run("UPDATE users SET language = 'en' WHERE telegram_id = %s", english)
    store.run("UPDATE users SET language = 'de' WHERE telegram_id = %s", away)
    store.run("UPDATE users SET last_seen_at = now() - interval '20 days' WHERE telegram_id = %s", away)
    store.run("UPDATE users SET blocked_at = now() WHERE telegram_id = %s", blocked)
    expected = {
        "all": {active, expired, english, away},
        "active": {active},
        "expired": {expired},
        "never_bought": {english, away},
        "language_uk": {active, expired},
        "language_en": {english},
        "language_de": {away},  # another language needs nothing here
        "seen_7": {active, expired, english},
        "seen_30": {active, expired, english, away},
    }
    for segment, wanted in expected.items():
        broadcast = desk.running(segment)
        desk.list_all(broadcast)
        assert set(listed(desk, broadcast)) == wanted, segment
        assert store.call("count_audience", segment) == len(wanted), segment


def test_an_unknown_segment_is_refused(desk: Desk) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        desk.draft("seen_0")


def test_twenty_confirmations_at_once_start_one_run(desk: Desk) -> None:
    broadcast = desk.draft()
    answers = at_once(
        desk.store.dsn, 20, lambda own, _: Desk(own).move(broadcast, "send"), behind="broadcasts"
    )
    assert sum(answer["moved"] for answer in answers) == 1
    assert {answer["status"] for answer in answers} == {"running"}
    assert desk.store.value("SELECT count(*) FROM admin_actions WHERE action = 'broadcast_send'") == 1


def test_a_broadcast_has_one_runner_at_a_time(desk: Desk) -> None:
    broadcast = desk.draft()
    desk.move(broadcast, "send")
    outcomes = at_once(
        desk.store.dsn, 8, lambda own, n: Desk(own).begin(broadcast, f"R{n}")["outcome"], behind="broadcasts"
    )
    assert Counter(outcomes) == {"ours": 1, "busy": 7}


def test_eight_runners_of_one_page_take_each_row_once(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    users = desk.pending(broadcast)
    taken = at_once(desk.store.dsn, 8, lambda own, _: Desk(own).take(broadcast, users))
    assert sorted(user for page in taken for user in page or []) == sorted(map(str, users))
    assert len(people) == len(users)


def test_what_a_dead_runner_was_sending_is_unknown_and_never_pending_again(
    desk: Desk, people: list[int]
) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    users = desk.pending(broadcast)
    assert desk.take(broadcast, users[:2])
    assert desk.begin(broadcast, "B")["outcome"] == "busy"
    assert desk.counts(broadcast)["sending"] == 2
    desk.store.run("UPDATE broadcasts SET runner_until = now() WHERE id = %s", broadcast)
    assert desk.begin(broadcast, "B")["outcome"] == "ours"
    assert desk.counts(broadcast) == {"unknown": 2, "pending": len(people) - 2}
    assert desk.take(broadcast, users, "A") is None, "the dead one is no runner any more"
    assert desk.take(broadcast, users[:2], "B") == []


def test_a_runner_that_comes_back_may_say_how_its_own_calls_ended(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    mine, *others = desk.pending(broadcast)
    desk.take(broadcast, [mine])
    desk.store.run("UPDATE broadcasts SET runner_until = now() WHERE id = %s", broadcast)
    desk.begin(broadcast, "B")
    assert desk.record(broadcast, [mine], "sent", "C") == 0, "nobody else knows"
    assert desk.record(broadcast, [mine], "sent", "A") == 1
    assert desk.record(broadcast, [mine], "sent", "A") == 0, "once"
    assert desk.counts(broadcast) == {"sent": 1, "pending": len(people) - 1}
    assert desk.record(broadcast, others, "sent", "A") == 0, "what was not taken was not sent"


def test_an_outcome_is_recorded_once_whoever_repeats_it(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    users = desk.pending(broadcast)
    desk.take(broadcast, users)
    written = at_once(desk.store.dsn, 8, lambda own, _: Desk(own).record(broadcast, users, "sent"))
    assert sum(written) == len(people)
    assert desk.record(broadcast, users, "pending") == 0, "sent is never given back"
    assert desk.counts(broadcast) == {"sent": len(people)}


def test_blocked_people_are_remembered_and_skipped(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    first, second, *_ = users = desk.pending(broadcast)
    desk.store.run("UPDATE users SET blocked_at = now() WHERE id = %s", second)
    assert desk.take(broadcast, [first, second]) == [str(first)]
    desk.record(broadcast, [first], "blocked")
    assert desk.store.value("SELECT blocked_at IS NOT NULL FROM users WHERE id = %s", first)
    assert desk.counts(broadcast) == {"blocked": 1, "skipped": 1, "pending": len(users) - 2}


def test_a_paused_broadcast_gives_no_recipients_and_resumes_with_the_next_chunk(
    desk: Desk, people: list[int]
) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    users = desk.pending(broadcast)
    assert desk.move(broadcast, "pause")["moved"]
    assert desk.take(broadcast, users) is None
    assert not desk.move(broadcast, "pause")["moved"]
    resumed = desk.move(broadcast, "resume")
    assert (resumed["moved"], resumed["chunk"]) == (True, 2)
    assert desk.begin(broadcast, "B", 1)["outcome"] == "over"
    assert desk.begin(broadcast, "B", 2)["outcome"] == "busy", "the first has not left yet"
    desk.store.run("UPDATE broadcasts SET runner = NULL, runner_until = NULL WHERE id = %s", broadcast)
    assert desk.begin(broadcast, "B", 2)["outcome"] == "ours"
    assert len(desk.take(broadcast, users, "B") or []) == len(people)


def test_a_cancelled_broadcast_closes_its_rows(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    first, second, *_ = desk.pending(broadcast)
    desk.take(broadcast, [first, second])
    assert desk.move(broadcast, "cancel")["moved"]
    desk.record(broadcast, [first], "sent")
    desk.record(broadcast, [second], "pending")
    assert desk.counts(broadcast) == {"sent": 1, "skipped": len(people) - 1}
    for action in ("pause", "resume", "cancel", "send"):
        assert not desk.move(broadcast, action)["moved"]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        desk.store.run("UPDATE broadcasts SET status = 'running' WHERE id = %s", broadcast)


def test_what_a_runner_of_a_cancelled_broadcast_left_is_listed(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    desk.take(broadcast, desk.pending(broadcast)[:1])
    desk.move(broadcast, "cancel")
    desk.store.run("UPDATE broadcasts SET runner_until = now() WHERE id = %s", broadcast)
    assert desk.begin(broadcast, "B")["outcome"] == "over"
    assert desk.counts(broadcast) == {"unknown": 1, "skipped": len(people) - 1}


def test_completed_means_that_no_recipient_is_left(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    assert not desk.store.call("stop_broadcast", broadcast, 1, "completed", None), "not everybody is listed"
    desk.list_all(broadcast)
    users = desk.pending(broadcast)
    assert not desk.store.call("stop_broadcast", broadcast, 1, "completed", None), "pending"
    desk.take(broadcast, users)
    assert not desk.store.call("stop_broadcast", broadcast, 1, "completed", None), "sending"
    desk.record(broadcast, users, "sent")
    assert desk.store.call("stop_broadcast", broadcast, 1, "completed", None)
    assert desk.counts(broadcast) == {"sent": len(people)}


def test_a_scheduled_broadcast_begins_when_it_is_time(desk: Desk) -> None:
    broadcast = desk.draft()
    at = desk.store.value("SELECT now() + interval '1 hour'")
    moved = desk.move(broadcast, "send", at)
    assert (moved["moved"], moved["status"]) == (True, "scheduled")
    assert 3500 < moved["wait"] <= 3600
    early = desk.begin(broadcast)
    assert early["outcome"] == "busy"
    assert early["wait"] > 3500
    desk.store.run("UPDATE broadcasts SET scheduled_at = now() WHERE id = %s", broadcast)
    assert desk.begin(broadcast)["outcome"] == "ours"
    assert desk.row(broadcast)["status"] == "running"


@pytest.mark.breaks("broadcast_counts_do_not_add_up", why="it is what the test provokes")
def test_counts_that_do_not_add_up_are_a_breach(desk: Desk, people: list[int]) -> None:
    broadcast = desk.running()
    desk.list_all(broadcast)
    users = desk.pending(broadcast)
    desk.take(broadcast, users)
    desk.record(broadcast, users, "sent")
    desk.store.call("stop_broadcast", broadcast, 1, "completed", None)
    desk.store.run("UPDATE broadcasts SET ended_at = now() - interval '2 minutes'")
    assert breaches(desk.store) == []
    desk.store.run("UPDATE broadcasts SET sent = sent - 1")
    assert breaches(desk.store) == [("broadcast_counts_do_not_add_up", broadcast)]
    assert len(people) == len(users)


def breaches(store: Store) -> list[tuple[str, str]]:
    with Database(store.dsn, pool_size=1) as db:
        since = datetime.now(UTC) - timedelta(hours=1)
        found = db.many("find_breaches", since=since, late_seconds=600)
    return [(row["breach"], row["subject"]) for row in found]
