"""Tests of a database restored from a backup: its moment, withheld messages, and an admin's decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socialboost import jobs
from socialboost.db import queries
from tests.db.commands import run
from tests.db.store import PRICE, Row, Store, at_once
from tests.db.test_broadcasts import Desk

ADMIN = 900_000_001
MOMENT = timedelta(hours=1)


def note(store: Store, at: datetime | None = None) -> Row:
    answer: Row = store.call("note_restore", at, list(jobs.TELLING))
    return answer


def owe(store: Store, key: str, actor: str = "send_receipt", state: str = "queued", **args: Any) -> None:
    store.run(
        "INSERT INTO job_ledger (key, actor, queue, args, state, lease_until)"
        " VALUES (%s, %s, 'payments', %s, %s, CASE WHEN %s = 'running' THEN now() + interval '1 minute' END)",
        key, actor, args, state, state,
    )  # fmt: skip


def state(store: Store, key: str) -> str:
    return str(store.value("SELECT state FROM job_ledger WHERE key = %s", key))


def query(store: Store, name: str, **arguments: Any) -> list[Row]:
    return store.connection.execute(queries.load()[name].text, arguments).fetchall()


def seen(store: Store) -> str:
    return str(query(store, "count_withheld")[0]["seen"])


def settle(store: Store, ref: str, action: str, seen: str | None) -> Row:
    answer: Row = store.call("settle_withheld", ref, action, ADMIN, seen, "api")
    return answer


def test_messages_in_the_copy_are_withheld_and_other_jobs_are_not(store: Store) -> None:
    owe(store, "receipt:1")
    owe(store, "receipt:2", state="running")
    for key, ended in (("receipt:3", "done"), ("receipt:4", "parked"), ("receipt:5", "discarded")):
        owe(store, key, state=ended)
    owe(store, "cp:1", "activate_order")
    answer = note(store)
    assert (answer["messages"], answer["notices"], answer["broadcasts"]) == (2, 0, 0)
    states = [state(store, f"receipt:{number}") for number in range(1, 6)]
    assert states == ["withheld", "withheld", "done", "parked", "discarded"]
    assert state(store, "cp:1") == "queued", "a payment is worked on, whenever it was made"
    (notice,) = store.rows("SELECT state, args FROM job_ledger WHERE actor = 'notify_admins'")
    assert (notice["state"], notice["args"]["kind"]) == ("queued", "restored")
    (audit,) = store.rows("SELECT admin_telegram_id, data FROM admin_actions WHERE action = 'restored'")
    assert (audit["admin_telegram_id"], audit["data"]["messages"]) == (0, 2)


def test_messages_about_the_time_after_the_restore_are_sent(store: Store) -> None:
    owe(store, "receipt:1")
    note(store, datetime.now(UTC) - MOMENT)
    assert state(store, "receipt:1") == "queued"


@pytest.mark.parametrize(("ago", "told_before"), [(2, True), (0.5, False)])
def test_a_payment_says_whether_its_buyer_may_have_been_told(
    store: Store, ago: float, told_before: bool
) -> None:
    order_id = store.order(store.person(), invoice="I1")
    paid = ("crypto_pay", "I1", order_id, "USDT", PRICE, datetime.now(UTC) - ago * MOMENT, "reconciler", b"")
    note(store, datetime.now(UTC) - MOMENT)
    answer = store.call("apply_payment", *paid)
    assert (answer["outcome"], answer["told_before"]) == ("activated", told_before)


def test_a_shop_that_was_not_restored_withholds_nothing(store: Store) -> None:
    assert store.pay("I1", store.order(store.person(), invoice="I1"))["told_before"] is False
    assert store.value("SELECT told_before('-infinity')") is False
    claimed = "SELECT outcome FROM claim_job(%s, 'send_receipt', 'payments', '{}', 2, 60, 'w', true)"
    assert store.value(claimed, "receipt:1") == "claimed"
    note(store)
    assert store.value(claimed, "receipt:2") == "withheld", "a message without a row is of a lost database"
    assert store.value(claimed, "receipt:2") == "withheld"
    owe(store, "receipt:3")
    assert store.value(claimed, "receipt:3") == "claimed"


def test_a_broadcast_that_had_begun_waits_for_an_admin(store: Store) -> None:
    desk = Desk(store)
    store.person()
    now = datetime.now(UTC)
    running, due, later, draft = desk.running(), desk.draft(), desk.draft(), desk.draft()
    desk.move(due, "send", now + timedelta(minutes=1))
    desk.move(later, "send", now + timedelta(days=1))
    store.run("UPDATE broadcasts SET scheduled_at = now() - interval '1 second' WHERE id = %s", due)
    assert note(store)["broadcasts"] == 2
    found = {str(row["id"]): (row["status"], row["reason"]) for row in store.rows("SELECT * FROM broadcasts")}
    paused = ("paused", "restored")
    assert found == {running: paused, due: paused, later: ("scheduled", None), draft: ("draft", None)}
    assert desk.begin(running, "B")["outcome"] == "over", "nobody sends before an admin resumes it"
    assert desk.move(running, "resume")["moved"]
    assert desk.begin(running, "B", chunk=2)["outcome"] == "ours"


def test_undelivered_notices_are_shown_and_not_sent_as_probes(store: Store) -> None:
    for key in ("notice:old", "notice:new"):
        if key == "notice:new":
            assert note(store)["notices"] == 1
        query_run = queries.load()["owe_notice"].text
        given = {"key": key, "kind": "refund_sent", "data": "{}", "wait_seconds": -1.0}
        store.connection.execute(query_run, given)
    assert [row["key"] for row in query(store, "get_untold_for_chat", chat_id=7, limit=9)] == ["notice:new"]
    assert [row["key"] for row in query(store, "pick_untold_notice", wait_seconds=0.0)] == ["notice:new"]
    store.run("UPDATE owed_notices SET created_at = created_at - interval '1 hour'")
    shown = [row["key"] for row in query(store, "get_untold_notices", limit=9)]
    assert shown == ["notice:old", "notice:new"]


@pytest.mark.parametrize(("action", "told", "withheld"), [("send", None, False), ("discard", ADMIN, False)])
def test_a_decision_about_a_notice_covers_the_undelivered_notice(
    store: Store, action: str, told: int | None, withheld: bool
) -> None:
    store.run("INSERT INTO owed_notices (key, kind, due_at) VALUES ('notice:1', 'refund_sent', now())")
    owe(store, "notice:1:7", "send_admin_notice", chat_id=7)
    note(store)
    assert settle(store, "all", action, seen(store))["count"] == 1
    (notice,) = store.rows("SELECT withheld, told_chat_id FROM owed_notices")
    assert (notice["told_chat_id"], notice["withheld"]) == (told, withheld)


def test_a_decision_is_taken_once_and_only_as_it_was_seen(store: Store) -> None:
    for key in ("receipt:1", "receipt:2"):
        owe(store, key)
    note(store)
    ref = store.value("SELECT md5('receipt:1')")
    all_seen = seen(store)
    one_seen = query(store, "get_withheld_message", ref=ref)[0]["seen"]
    assert settle(store, ref, "discard", None) == {"outcome": "changed_meanwhile", "count": 1}
    assert settle(store, ref, "discard", one_seen) == {"outcome": "discarded", "count": 1}
    assert settle(store, ref, "send", one_seen) == {"outcome": "gone", "count": 0}
    assert settle(store, "all", "send", all_seen) == {"outcome": "changed_meanwhile", "count": 1}
    asked = seen(store)
    outcomes = at_once(store.dsn, 4, lambda other, _: settle(other, "all", "send", asked))
    assert sorted(one["outcome"] for one in outcomes) == ["gone", "gone", "gone", "sent"]
    assert (state(store, "receipt:1"), state(store, "receipt:2")) == ("discarded", "queued")
    actions = store.rows("SELECT action, subject, data ->> 'origin' AS origin FROM admin_actions"
                         " WHERE admin_telegram_id = %s ORDER BY created_at", ADMIN)  # fmt: skip
    assert [tuple(row.values()) for row in actions] == [
        ("message_discard", "receipt:1", "api"), ("message_send", "receipt:2", "api")
    ]  # fmt: skip


@pytest.mark.parametrize("at", ["yesterday", "", "2026-11-28T10:15:00", "0001-01-01T00:00:00+14:00", "12:00"])
def test_an_invalid_time_is_refused_with_a_sentence(database_url: str, at: str) -> None:
    done = run(database_url, "restored", "--at", at)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a time with its offset, such as 2026-11-28T10:15:00+02:00" in done.stderr


def test_the_command_records_the_time_of_the_restore(database_url: str) -> None:
    ahead = run(database_url, "restored", "--at", (datetime.now(UTC) + MOMENT).isoformat())
    assert (ahead.returncode, ahead.stdout) == (2, "")
    assert "is yet to come" in ahead.stderr
    first = run(database_url, "restored")
    assert first.returncode == 0, first.stderr
    at = (datetime.now(UTC) - MOMENT).isoformat()
    again = run(database_url, "restored", "--at", at)
    assert again.returncode == 0, again.stderr
    store = Store(database_url)
    kept = store.value("SELECT value::timestamptz FROM settings WHERE key = 'restored_at'")
    store.connection.close()
    assert kept == datetime.fromisoformat(at), "the last word counts"


def test_a_copy_of_an_older_version_is_migrated_first(empty_database_url: str) -> None:
    done = run(empty_database_url, "restored")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run `python -m socialboost migrate` first" in done.stderr
