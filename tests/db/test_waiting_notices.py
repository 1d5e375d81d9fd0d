"""Tests of batching: however many notices wait for a chat, one page of them is moved at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from socialboost.db import queries

WAITING, PAGE, CHAT = 25_000, 100, 77
SPACING: dict[str, Any] = {"chat_id": CHAT, "together": 20, "seconds": 0.5, "page": PAGE, "longest": 60.0}
NEXT: dict[str, Any] = {
    "chat_id": CHAT, "key": "n", "ahead_seconds": 1.1, "page": PAGE, "limit": 19,
    "actor": "send_admin_notice", "queue": "notifications", "args": "{}", "max_attempts": 2,
    "lease_seconds": 10, "worker": "w", "tells": True,
}  # fmt: skip


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A ledger in which notices wait for a chat, and as many for another."""
    with psycopg.connect(database_url, row_factory=dict_row, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO job_ledger (key, actor, queue, args, created_at)"
            " SELECT format('n:%%s:%%s', chat, n), 'send_admin_notice', 'notifications',"
            "        jsonb_build_object('chat_id', chat, 'n', n), now() - make_interval(secs => %(n)s - n)"
            " FROM generate_series(1, %(n)s) AS n, unnest(ARRAY[%(chat)s::bigint, -5]) AS chat",
            {"n": WAITING, "chat": CHAT},
        )
        connection.execute("ANALYZE job_ledger")
        yield connection


def run(connection: psycopg.Connection[dict[str, Any]], name: str, arguments: dict[str, Any]) -> Any:
    return connection.execute(queries.load()[name].text, arguments)


def moved(connection: psycopg.Connection[dict[str, Any]], since: str) -> list[float]:
    """In how many seconds the chat's notices are due, oldest first."""
    rows = connection.execute(
        "SELECT extract(epoch FROM run_at - %s::timestamptz)::float8 AS due FROM job_ledger"
        " WHERE args ->> 'chat_id' = %s ORDER BY created_at, key",
        (since, str(CHAT)),
    )
    return [row["due"] for row in rows]


def test_spacing_moves_one_page_and_as_many_notices_behind_it(
    connection: psycopg.Connection[dict[str, Any]],
) -> None:
    waiting = run(connection, "claim_admin_notice", NEXT).fetchone()["waiting"]
    assert [json.loads(args)["n"] for args in waiting] == list(range(1, 20))
    since = connection.execute("SELECT now()::text AS now").fetchall()[0]["now"]
    assert run(connection, "space_waiting_notices", SPACING).rowcount == 2 * PAGE
    due = moved(connection, since)
    assert due[0] < due[1]
    assert max(due[:PAGE]) < 30
    assert min(due[PAGE : 2 * PAGE]) >= 60
    assert max(due[2 * PAGE :]) <= 0, "what is far behind is left for a later turn"
    assert run(connection, "space_waiting_notices", SPACING).rowcount == 2 * PAGE
    assert min(moved(connection, since)[2 * PAGE : 3 * PAGE]) >= 60, "those not moved yet come next"


def test_a_notice_that_changes_meanwhile_is_checked_again(
    connection: psycopg.Connection[dict[str, Any]], database_url: str
) -> None:
    """PostgreSQL 17 itself crashed in that second look when the query asked for a maximum of its own rows."""
    blocked = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with psycopg.connect(database_url) as other, psycopg.connect(database_url, autocommit=True) as watcher:
        other.execute("UPDATE job_ledger SET run_at = run_at WHERE args ->> 'chat_id' = %s", (str(CHAT),))
        with ThreadPoolExecutor(1) as pool:
            spacing = pool.submit(run, connection, "space_waiting_notices", SPACING)
            while watcher.execute(blocked).fetchone() == (0,) and not spacing.done():
                time.sleep(0.02)
            other.commit()
            assert spacing.result(60).rowcount >= 1


def test_waiting_notices_are_read_from_the_oldest(connection: psycopg.Connection[dict[str, Any]]) -> None:
    names = ("claim_admin_notice", "get_notice_delay")
    assert max(most_rows(plan(connection, name)) for name in names) <= PAGE
    connection.execute("DROP INDEX idx_job_ledger_notices")  # negative control
    assert min(most_rows(plan(connection, name)) for name in names) > PAGE


def plan(connection: psycopg.Connection[dict[str, Any]], name: str) -> dict[str, Any]:
    """How the query was gone about."""
    explained = b"EXPLAIN (ANALYZE, FORMAT JSON) " + queries.load()[name].text
    found: dict[str, Any] = connection.execute(explained, NEXT).fetchall()[0]["QUERY PLAN"][0]["Plan"]
    return found


def most_rows(node: dict[str, Any]) -> int:
    """The most rows that a step of the plan has looked at."""
    own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return max([int(own), *(most_rows(child) for child in node.get("Plans", []))])
