"""Tests of silent connections, unusable sessions, and the meaning of PostgreSQL's errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from sandbox.silent_way import SilentWay
from socialboost.db import Database, DatabaseAwayError, silence
from socialboost.db.meanings import Meaning, is_unreachable, meaning


@pytest.fixture
def way(database_url: str) -> Iterator[SilentWay]:
    made = SilentWay(database_url)
    yield made
    made.close()


def test_a_silent_connection_is_cut_and_replaced(way: SilentWay, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no FIN and no RST: without the cut the worker would hang until it is killed."""
    monkeypatch.setattr(silence, "LIMIT_SECONDS", 1.0)
    with Database(way.url, pool_size=2) as db:
        assert db.value("ping") == 1
        way.freeze()
        before = way.accepted
        with ThreadPoolExecutor(1) as pool:
            with pytest.raises(psycopg.OperationalError):
                pool.submit(db.value, "ping").result(60)
            assert pool.submit(lambda: _until_answered(db)).result(60) == 1
        assert way.accepted > before


def _until_answered(db: Database) -> object:
    for _ in range(200):
        with suppress(psycopg.OperationalError):
            return db.value("ping")
        threading.Event().wait(0.05)
    pytest.fail("never well again")


def test_without_the_timeout_a_silent_connection_hangs_for_ever(
    way: SilentWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(silence, "LIMIT_SECONDS", 1.0)
    monkeypatch.setattr(silence.SilenceWatch, "start", lambda _: None)
    with Database(way.url, pool_size=1) as db, ThreadPoolExecutor(1) as pool:
        assert db.value("ping") == 1
        way.freeze()
        asking = pool.submit(db.value, "ping")
        with pytest.raises(FutureTimeoutError):
            asking.result(3)
        way.close()
        with pytest.raises(psycopg.OperationalError):
            asking.result(60)


def test_a_slow_answer_does_not_count_as_silence(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many short statements in one long transaction make progress all the time."""
    monkeypatch.setattr(silence, "LIMIT_SECONDS", 1.0)
    with Database(database_url, pool_size=1) as db, db.transaction() as tx:
        for _ in range(8):
            threading.Event().wait(0.3)
            assert tx.value("ping") == 1


def test_sessions_that_cannot_write_are_replaced(database_url: str) -> None:
    """After a failover the pool would otherwise keep read-only sessions for minutes."""
    name = urlsplit(database_url).path[1:]
    with psycopg.connect(database_url, autocommit=True) as owner, Database(database_url, pool_size=2) as db:
        owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        owner.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        refused = 0
        for _ in range(6):
            with suppress(DatabaseAwayError, psycopg.OperationalError):
                try:
                    db.run("beat", name="test")
                except errors.ReadOnlySqlTransaction:
                    refused += 1
        assert refused
        owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        for _ in range(100):
            with suppress(errors.ReadOnlySqlTransaction, psycopg.OperationalError):
                assert db.run("beat", name="test") == 1
                return
            threading.Event().wait(0.05)
    pytest.fail("a session of the outage is still in use")


@pytest.mark.parametrize(("error", "expected", "unreachable"), [
    (errors.ReadOnlySqlTransaction(), Meaning.AWAY, False),
    (errors.DiskFull(), Meaning.AWAY, False),
    (errors.IdleInTransactionSessionTimeout(), Meaning.AWAY, False),
    (errors.AdminShutdown(), Meaning.AWAY, True),
    (errors.CannotConnectNow(), Meaning.AWAY, True),
    (errors.ConnectionFailure(), Meaning.AWAY, True),
    (errors.InvalidPassword(), Meaning.AWAY, True),
    (errors.IoError(), Meaning.AWAY, True),
    (psycopg.OperationalError("lost"), Meaning.AWAY, True),
    (psycopg.InterfaceError("the connection is closed"), Meaning.AWAY, True),
    (PoolTimeout("none free"), Meaning.BUSY, True),
    (errors.TooManyConnections(), Meaning.BUSY, False),
    (errors.LockNotAvailable(), Meaning.BUSY, False),
    (errors.DeadlockDetected(), Meaning.BUSY, False),
    (errors.QueryCanceled(), Meaning.OURS, False),
    (errors.ConfigurationLimitExceeded(), Meaning.OURS, False),
    (errors.InsufficientPrivilege(), Meaning.OURS, False),
    (errors.UniqueViolation(), Meaning.OURS, False),
    (psycopg.ProgrammingError("no such parameter"), Meaning.OURS, False),
])  # fmt: skip
def test_every_error_of_postgresql_has_its_meaning(
    error: psycopg.Error, expected: Meaning, *, unreachable: bool
) -> None:
    assert (meaning(error), is_unreachable(error)) == (expected, unreachable)
