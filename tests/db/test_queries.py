"""Tests of the named-query loader and the connection pool: results, errors and transactions."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from socialboost.db import Database, queries
from socialboost.db.pool import connection_string
from socialboost.errors import SettingsError

GOOD = "-- name: get_it :one\n-- What it does.\nSELECT 1;\n"


def test_a_file_is_read_into_its_queries() -> None:
    text = f"{GOOD}\n-- name: list_them :many\n-- Two lines.\nSELECT 2 -- inline\nFROM users\n"
    first, second = queries.parse(text, "x.sql")
    assert (first.name, first.kind, first.description, first.text) == (
        "get_it", "one", "What it does.", b"SELECT 1",
    )  # fmt: skip
    assert second.text == b"SELECT 2 -- inline\nFROM users"


@pytest.mark.parametrize(("text", "words"), [
    ("-- name: Upper :one\n-- Does.\nSELECT 1", "not '-- name"),
    ("-- name: nokind\n-- Does.\nSELECT 1", "not '-- name"),
    ("-- name: get_it :some\n-- Does.\nSELECT 1", "not '-- name"),
    ("-- name: get_it :one\nSELECT 1", "not followed by a line"),
    ("-- name: get_it :one\n-- Does.\n", "no statement"),
])  # fmt: skip
def test_what_breaks_the_grammar_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        queries.parse(text, "x.sql")


def test_a_name_used_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(GOOD)
    (tmp_path / "b.sql").write_text(GOOD)
    with pytest.raises(ValueError, match="both define get_it"):
        queries.load(tmp_path)


def test_a_query_can_only_be_called_by_its_kind(database_url: str) -> None:
    with Database(database_url, pool_size=1) as db:
        assert db.value("ping") == 1
        with pytest.raises(ValueError, match="ping is :value"):
            db.one("ping")
        with pytest.raises(KeyError):
            db.one("no_such_query")


@pytest.mark.parametrize("pooler", ["", "?pgbouncer=true"])
def test_values_are_converted_to_the_program_s_types(database_url: str, pooler: str) -> None:
    with Database(database_url + pooler, pool_size=2) as db:
        assert db.pooled is bool(pooler)
        person = {"telegram_id": 1, "username": "u", "first_name": "f", "last_name": None, "language": "uk"}
        claim = {"key": "k", "actor": "a", "queue": "q", "args": "{}", "worker": "w"}
        limits = {"max_attempts": 3, "lease_seconds": 10, "tells": False}
        db.one("claim_and_register_user", **person, **claim, **limits, start_payload=None)
        person = db.one("get_user", telegram_id=1)
        assert person is not None
        assert isinstance(person["user_id"], str)
        assert db.value("get_user_stats", telegram_id=1)["balance"] == Decimal("0.00")
        assert isinstance(db.value("get_user_stats", telegram_id=1)["balance"], Decimal)
        assert db.one("get_user", telegram_id=2) is None
        assert db.many("get_history", telegram_id=1, limit=5, offset=0) == []
        assert db.run("set_language", telegram_id=1, language="en") == 1
        assert db.run("set_language", telegram_id=2, language="en") == 0


def test_the_limits_hold_in_every_transaction(database_url: str) -> None:
    for pooler in ("", "?pgbouncer=true"):
        with Database(database_url + pooler, pool_size=1) as db, db.transaction() as tx:
            settings = tx._connection.execute(
                "SELECT current_setting('statement_timeout') AS a, current_setting('lock_timeout') AS b,"
                " current_setting('idle_in_transaction_session_timeout') AS c"
            ).fetchone()
            assert settings == {"a": "5s", "b": "2s", "c": "10s"}


def test_hooks_run_after_the_commit_and_never_after_a_rollback(database_url: str) -> None:
    seen: list[object] = []
    with Database(database_url, pool_size=2) as db:
        with db.transaction() as tx:
            tx.run("put_setting", key="k", value="1")
            tx.after_commit(lambda: seen.append(db.run("put_setting", key="k", value="1")))
            assert seen == []
        assert seen == [0]  # another connection saw it: nothing left to write

        def broken() -> None:
            with db.transaction() as tx:
                tx.run("put_setting", key="gone", value="1")
                tx.after_commit(lambda: seen.append("never"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            broken()
        assert seen == [0]
        assert db.run("put_setting", key="gone", value="1") == 1


@pytest.mark.parametrize("end", ["server", "client"])
def test_an_error_during_commit_is_raised(database_url: str, end: str) -> None:
    with Database(database_url, pool_size=1) as db, psycopg.connect(database_url, autocommit=True) as other:
        seen: list[str] = []

        def cut_off() -> None:
            with db.transaction() as tx:
                tx.after_commit(lambda: seen.append("never"))
                if end == "client":
                    tx._connection.close()
                else:
                    pid = tx._connection.info.backend_pid
                    other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))

        with pytest.raises(psycopg.OperationalError):
            cut_off()
        assert seen == []
        assert db.value("ping") == 1  # the pool replaces the connection


def test_a_server_that_may_lose_commits_is_refused(database_url: str) -> None:
    name = database_url.rsplit("/", 1)[1]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    with pytest.raises(SettingsError, match="synchronous_commit"):
        Database(database_url, pool_size=1).open()


def test_a_database_that_is_down_is_reported_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        Database("postgresql://nobody@127.0.0.1:1/none", pool_size=1).open()
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(("dsn", "url", "pooled"), [
    ("postgresql://u:p@h/d", "postgresql://u:p@h/d", False),
    ("postgresql://u:p@h:6543/d", "postgresql://u:p@h:6543/d", False),
    ("postgresql://u:p@h/d?pgbouncer=true", "postgresql://u:p@h/d", True),
    ("postgresql://u:p@h/d?sslmode=require&pgbouncer=true", "postgresql://u:p@h/d?sslmode=require", True),
    ("postgresql://u:p%40@h/d?sslmode=require", "postgresql://u:p%40@h/d?sslmode=require", False),
])  # fmt: skip
def test_a_transaction_pooler_can_be_configured(dsn: str, url: str, *, pooled: bool) -> None:
    assert connection_string(dsn) == (url, pooled)
