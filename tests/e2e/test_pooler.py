"""Whole orders through PgBouncer in transaction mode: from /start to the receipt and the admins' notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from sandbox.servers import PostgresServer
from sandbox.walk import Walk
from sandbox.world import ADMIN_ID, CHANNEL_ID, World, WorldOptions, wait_for
from tests.e2e.test_walk import unsettled
from tests.pooler import SERVER_SESSIONS, pgbouncer

pytestmark = pytest.mark.e2e

BUYERS = 3
"""At once, so that their transactions meet each other's sessions."""


@pytest.fixture
def pooled(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[World]:
    """A world whose workers reach PostgreSQL by way of the pooler, without being told so."""
    with ExitStack() as stack:

        def between(world: World) -> dict[str, str]:
            pooler = tmp_path / "pooler"
            pooler.mkdir()
            return {"DATABASE_URL": stack.enter_context(pgbouncer(world.worker_database_url, pooler))}

        options = WorldOptions(
            directory=tmp_path / "world", postgres=postgres_server, main_bot_step_seconds=0.3, between=between
        )
        with World(options) as running:
            yield running


def events(world: World, name: str) -> list[dict[str, Any]]:
    lines = (line for path in world.log_dir.glob("bot.log*") for line in path.read_text().splitlines())
    return [event for event in map(json.loads, lines) if event["event"] == name]


def notices(world: World) -> str:
    """Return all that the admin and the admins' channel were written."""
    chats = f"people/{ADMIN_ID}", f"chats/{CHANNEL_ID}"
    answers = [requests.get(f"{world.telegram_url}/sim/{chat}/messages", timeout=10).json() for chat in chats]
    return "\n".join(message["text"] for answer in answers for message in answer["messages"])


def test_orders_run_from_start_to_notices_through_a_transaction_pooler(pooled: World) -> None:
    walks = [Walk(pooled) for _ in range(BUYERS)]
    with ThreadPoolExecutor(BUYERS) as pool:
        walked = list(pool.map(lambda walk: [step.saw for step in walk.steps()], walks))
    assert all(any("Оплата успішна" in saw for saw in steps) for steps in walked)
    wait_for(lambda: unsettled(pooled) == [], 60, "every job done")
    wait_for(lambda: all(notices(pooled).count(one.order_id) >= 2 for one in walks), 60, "the notices")

    workers = {event["pid"] for event in events(pooled, "transaction_pooler_found")}
    assert len(workers) == 2, "each worker has found the pooler"
    with psycopg.connect(pooled.database_url) as connection:
        login = psycopg.conninfo.conninfo_to_dict(pooled.worker_database_url)["user"]
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        row = connection.execute(sessions, [login]).fetchone()
    assert row is not None
    assert 1 <= row[0] <= SERVER_SESSIONS, "all of them share the pooler's sessions"
    log = "\n".join(path.read_text() for path in pooled.log_dir.glob("*.log*"))
    assert "PreparedStatement" not in log
    assert "InvalidSqlStatementName" not in log
