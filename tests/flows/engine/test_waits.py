"""Tests of another service's outage: no attempt is used, and the wait grows from 2 s to a minute."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from socialboost import jobs
from socialboost.errors import (
    AmbiguousError,
    ParkError,
    PostponeError,
    RefusesUsError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)
from tests.flows.engine.actors import Look, Work
from tests.flows.engine.system import CoreSystem, wait_until
from workers.engine import outages

Row = dict[str, Any]


def put_off(system: CoreSystem, key: str) -> Row:
    """Wait until the row has run and was put off; the row then."""

    def find() -> Row | None:
        row = system.row(key)
        return row if row and row["state"] == "queued" and row["error"] else None

    return wait_until(find, what=f"{key} to be put off: {system.row(key)}")


def wait_of(row: Row) -> float:
    """For how long it was put off."""
    return float((row["run_at"] - row["updated_at"]).total_seconds())


def grown(row: Row) -> float:
    """For how long an outage puts it off: half of what it has been waiting, from 2 s to a minute."""
    waited = (row["updated_at"] - row["waiting_since"]).total_seconds()
    return min(max(waited / 2, 2.0), 60.0)


def run_again(system: CoreSystem, key: str, waited_seconds: float) -> Row:
    """Have it run once more as one that has been waiting for so long; the row after that."""
    move = (
        "UPDATE job_ledger SET waiting_since = now() - make_interval(secs => %s), run_at = now(),"
        " wake_at = now(), error = NULL WHERE key = %s AND state = 'queued'"
    )
    with psycopg.connect(system.database_url, autocommit=True) as connection:
        wait_until(lambda: connection.execute(move, [waited_seconds, key]).rowcount)  # it may be running
    return put_off(system, key)


@pytest.mark.parametrize("mode", ["away", "refuses us", "throttled", "outage"])
def test_the_wait_grows_to_a_minute_and_no_attempt_is_used(system: CoreSystem, mode: str) -> None:
    key = f"tg:1:{mode}"
    system.start()
    jobs.send(Work(key=key, mode=mode))
    row = put_off(system, key)
    assert wait_of(row) == pytest.approx(grown(row))
    for waited, least in ((60.0, 30.0), (90.0, 45.0), (3600.0, 60.0)):
        row = run_again(system, key, waited)
        assert wait_of(row) == pytest.approx(grown(row))
        assert wait_of(row) >= least
        assert row["attempts"] == 0


def test_a_requested_wait_is_kept_and_only_outages_make_waits_grow(system: CoreSystem) -> None:
    system.start()
    jobs.send(Work(key="tg:2:long", mode="told to wait"))
    jobs.send(Work(key="tg:2:gate", mode="not now"))
    for key, seconds in (("tg:2:long", 300.0), ("tg:2:gate", 20.0)):
        for row in (put_off(system, key), run_again(system, key, 3600.0)):
            assert (wait_of(row), row["attempts"]) == (seconds, 0)


def test_a_failure_that_uses_an_attempt_ends_the_wait(system: CoreSystem) -> None:
    """The next outage of the same job is a new one."""
    system.start()
    jobs.send(Work(key="tg:3:1", mode="away, then unknown"))
    put_off(system, "tg:3:1")
    row = run_again(system, "tg:3:1", 3600.0)
    assert row["attempts"] >= 1, "unknown whether it was accepted: that is an attempt"
    assert row["waiting_since"] is None


def test_a_refused_api_key_parks_no_job_and_is_reported_once(system: CoreSystem) -> None:
    system.start()
    jobs.send(Work(key="tg:4:1", mode="refuses us"))
    jobs.send(Work(key="tg:4:2", mode="refuses us"))
    jobs.send(Look(name="tg:4:3", refused=True))
    for key in ("tg:4:1", "tg:4:2"):
        put_off(system, key)
        for _ in range(3):
            run_again(system, key, 600.0)
    wait_until(lambda: system.log_text().count("job_postponed") >= 9)
    assert [data["setting"] for data in told(system)] == ["MAIN_BOT_API_KEY"]
    with psycopg.connect(system.database_url) as connection:  # a quarter of an hour without one
        connection.execute(
            "UPDATE service_refusals SET since = now() - interval '1 hour',"
            " last_at = now() - interval '16 minutes'"
        )
    run_again(system, "tg:4:1", 3600.0)
    wait_until(lambda: len(told(system)) == 2, what="word of another outage")
    assert system.states()["parked"] == 0


def told(system: CoreSystem) -> list[dict[str, str]]:
    """Return the notices that were added for the admins."""
    query = "SELECT data FROM owed_notices WHERE kind = 'refuses_us'"
    with psycopg.connect(system.database_url) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


AWAY = UnreachableError("main_bot", "no connection")
NOT_US = RefusesUsError("main_bot", "bad key", setting="MAIN_BOT_API_KEY", status=401)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (AWAY, (2.0, 2.0, 30.0, 60.0)),
        (NOT_US, (2.0, 2.0, 30.0, 60.0)),
        (psycopg.OperationalError("gone"), (2.0, 2.0, 2.0, 2.0)),  # written down when it is over
        (ThrottledError("telegram", "slow down", retry_after=7.0), (7.0, 7.0, 30.0, 60.0)),
        (PostponeError(10.0, "down", outage=True), (10.0, 10.0, 30.0, 60.0)),
        (PostponeError(10.0, "later"), (10.0, 10.0, 10.0, 10.0)),
    ],
)
def test_a_job_without_a_ledger_row_waits_as_long(error: Exception, seconds: tuple[float, ...]) -> None:
    wait = outages.wait(error)
    assert wait is not None
    assert tuple(wait.after(waited) for waited in (0.0, 4.0, 60.0, 600.0)) == seconds


@pytest.mark.parametrize(
    "error",
    [
        AmbiguousError("telegram", "no answer"),
        AmbiguousError("telegram", "502", status=502, by_front=True),
        RejectedError("telegram", "no"),
        ParkError("no"),
        ValueError("bug"),
    ],
)
def test_errors_that_do_not_count_as_an_outage(error: Exception) -> None:
    assert outages.wait(error) is None
