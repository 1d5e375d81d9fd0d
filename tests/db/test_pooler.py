"""Tests of a transaction pooler: it is detected, and from then on nothing is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from socialboost.db import Database
from socialboost.db.pool import PREPARE_AFTER, Connection, PoolerFoundError
from tests.pooler import pgbouncer

THREADS, ROUNDS = 8, 40


class Unsuspecting(Database):
    """Does not look at who answers, as if the pooler had greeted in the server's name."""

    def _look_for_pooler(self, connection: Connection) -> None:
        """Look away."""


class Blind(Unsuspecting):
    """Negative control: does not learn either."""

    def _found_pooler(self, how: str) -> None:
        """Shrug."""


@pytest.fixture
def pooler_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    with pgbouncer(database_url, tmp_path) as url:
        yield url


def work(db: Database) -> list[psycopg.Error]:
    """Run two queries in turn from many threads; the errors."""

    def one(number: int) -> list[psycopg.Error]:
        found: list[psycopg.Error] = []
        for turn in range(ROUNDS):
            try:
                if (number + turn) % 2:
                    assert db.value("ping") == 1
                else:
                    assert db.value("get_timezone") == "Europe/Kyiv"
            except psycopg.Error as error:
                found.append(error)
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        return [error for errors_of_one in pool.map(one, range(THREADS)) for error in errors_of_one]


def test_a_pooler_is_found_at_the_first_connection(
    pooler_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Database(pooler_url, pool_size=THREADS) as db:
        assert db.pooled
        assert work(db) == []
    assert capsys.readouterr().err.count("transaction_pooler_found") == 1
    with psycopg.connect(pooler_url, autocommit=True, prepare_threshold=None) as other:
        for _ in range(10):  # a session of the pooler's that keeps our limits would bind strangers by them
            assert other.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_pooler_is_found_at_the_first_statement_in_another_session(
    pooler_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Unsuspecting(pooler_url, pool_size=THREADS) as db:
        assert not db.pooled
        assert work(db) == []
        assert db.pooled
        assert work(db) == []
    assert capsys.readouterr().err.count("transaction_pooler_found") == 1


def test_without_the_pooler_mode_statements_fail(pooler_url: str) -> None:
    """Negative control."""
    with Blind(pooler_url, pool_size=THREADS) as db:
        assert any(
            isinstance(error, errors.DuplicatePreparedStatement | errors.InvalidSqlStatementName)
            for error in work(db)
        )


def test_a_plain_server_is_not_taken_for_a_pooler(database_url: str) -> None:
    with Database(database_url, pool_size=THREADS) as db:
        assert work(db) == []
        assert not db.pooled


def names(db: Database) -> list[str]:
    """The statements that the server keeps for the pool's only connection."""
    with db._pool.connection() as connection:
        rows = connection.execute("SELECT name FROM pg_prepared_statements", prepare=False).fetchall()
    return [str(row["name"]) for row in rows]


def prepare(db: Database) -> str:
    """Run one query until it is kept; under which name."""
    for _ in range(PREPARE_AFTER + 1):
        db.value("ping")
    (name,) = names(db)
    return name


def test_two_connections_never_give_a_statement_the_same_name(database_url: str) -> None:
    """Otherwise a pooler that mixes sessions would run another connection's statement under that name."""
    found = []
    for _ in range(2):
        with Database(database_url, pool_size=1) as db:
            found.append(prepare(db))
    assert len(set(found)) == 2


def write_and_ask(db: Database) -> None:
    with db.transaction() as tx:
        tx.run("put_setting", key="half", value="done")
        for _ in range(PREPARE_AFTER + 1):
            tx.value("ping")
            tx.value("get_timezone")


@pytest.mark.parametrize("spoiled", ["taken", "gone"])
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_statement_is_repeated_and_a_transaction_is_left_to_its_job(
    database_url: str, spoiled: str, *, in_transaction: bool
) -> None:
    """A pooler's effect on a session is simulated: a statement's name is missing, or is already used."""
    with Database(database_url, pool_size=1) as db:
        name = prepare(db)
        head, _, number = name.rpartition("_")
        spoil = (
            f'DEALLOCATE "{name}"' if spoiled == "gone" else f'PREPARE "{head}_{int(number) + 1}" AS SELECT 7'
        )
        with db._pool.connection() as connection:
            connection.execute(spoil.encode(), prepare=False)
        if in_transaction:
            with pytest.raises(PoolerFoundError):
                write_and_ask(db)
        else:
            for _ in range(PREPARE_AFTER + 1):
                assert db.value("ping") == 1
                assert db.value("get_timezone") == "Europe/Kyiv"
        assert db.pooled
        assert names(db) == []  # the connection that had prepared something was replaced
        assert db.run("put_setting", key="half", value="done") == 1
        assert db.run("put_setting", key="half", value="done") == 0


def test_the_work_of_others_is_kept_when_the_pool_is_renewed(database_url: str) -> None:
    with Database(database_url, pool_size=2) as db:
        with db.transaction() as tx:
            tx.run("put_setting", key="k", value="1")
            db._found_pooler("by hand")
        assert db.run("put_setting", key="k", value="1") == 0
