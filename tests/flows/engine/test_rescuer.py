"""Tests of the rescuer: a full Redis or an unreadable row does not keep it from other rows."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest
import redis

from tests.flows.engine.system import CoreSystem, wait_until

OWED = ("tg:1:1", "core_work", "interactive", '{"key": "tg:1:1"}')
INSERT = """
INSERT INTO job_ledger (key, actor, queue, args, state, attempts, wake_at, lease_until)
VALUES (%s, 'core_work', 'interactive', %s, %s, %s, now() + %s::interval, now())
"""
BAD = {"list": '["nonsense"]', "null": "null", "number": "7", "fields missing": '{"nonsense": 1}'}
DUE = "SELECT wake_at <= now() FROM job_ledger WHERE key = 'tg:1:1'"


def test_a_job_that_could_not_be_sent_is_due_again_at_once(system: CoreSystem) -> None:
    system.start("maintenance")
    with (
        redis.Redis.from_url(system.redis_url) as client,
        psycopg.connect(system.database_url, autocommit=True) as connection,
    ):
        wait_until(lambda: client.exists("sweeper:mark") == 1)
        client.config_set("maxmemory", "1")
        try:
            connection.execute(
                "INSERT INTO job_ledger (key, actor, queue, args) VALUES (%s, %s, %s, %s)", OWED
            )
            wait_until(lambda: '"loop":"sweeper","reason":"Redis away"' in system.log_text())
            wait_until(lambda: connection.execute(DUE).fetchone() == (True,), 5, "due again")
        finally:
            client.config_set("maxmemory", "0")
    system.start("interactive")
    wait_until(lambda: system.state("tg:1:1") == "done")


@pytest.mark.parametrize(("state", "attempts"), [("queued", 0), ("running", 3)])
def test_a_row_that_cannot_be_read_is_parked_and_the_others_are_sent(
    state: str, attempts: int, system: CoreSystem
) -> None:
    """A broken release may have left such a row. Without the guard it would stop every round."""
    keys = [f"bad:{name}" for name in BAD]
    with psycopg.connect(system.database_url, autocommit=True) as connection:
        for key, args in zip(keys, BAD.values(), strict=True):
            connection.execute(INSERT, (key, args, state, attempts, "-1 minute"))
        connection.execute(INSERT, ("tg:1:1", '{"key": "tg:1:1"}', "queued", 0, "0 s"))
        system.start("maintenance", "interactive")
        wait_until(lambda: system.state("tg:1:1") == "done")
        wait_until(lambda: all(system.state(key) == "parked" for key in keys), what="all parked")
        notices = "SELECT key FROM owed_notices WHERE key LIKE 'notice:parked:bad:%'"
        told = Counter(key.rpartition(":")[0] for (key,) in connection.execute(notices).fetchall())
    assert told == {f"notice:parked:{key}": 1 for key in keys}
    assert '"event":"round_failed"' not in system.log_text()
