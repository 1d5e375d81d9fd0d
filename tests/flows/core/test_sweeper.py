"""The sweeper when Redis answers but takes nothing: what it could not send is due at once, not in 10 s."""

from __future__ import annotations

import psycopg
import redis

from tests.flows.core.system import CoreSystem, wait_until

OWED = ("tg:1:1", "core_work", "interactive", '{"key": "tg:1:1"}')
DUE = "SELECT wake_at <= now() FROM job_ledger WHERE key = 'tg:1:1'"


def test_what_could_not_be_sent_is_due_again_at_once(system: CoreSystem) -> None:
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
