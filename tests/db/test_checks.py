"""Tests of the checks at a worker's start: its settings against the database."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import psycopg
import pytest

from socialboost.db import Database, checks, migrations


@pytest.mark.parametrize(
    ("kept", "ours", "difference"),
    [
        ("Europe/Kyiv", "Europe/Kyiv", None),
        ("Europe/Kyiv", "Europe/Kiev", None),
        ("Europe/Warsaw", "Europe/Kyiv", "Europe/Warsaw"),
        ("Africa/Tunis", "Europe/Paris", "Africa/Tunis"),  # the same in winter only
    ],
)
def test_a_zone_with_other_days_is_named(
    database_url: str, kept: str, ours: str, difference: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    migrations.migrate(database_url, timezone=kept)
    with Database(database_url, pool_size=1) as db:
        assert checks.timezone_difference(db, ZoneInfo(ours)) == difference
        checks.warn_about_timezone(db, ZoneInfo(ours))
    said = capsys.readouterr().err
    assert ("timezone_differs" in said) is (difference is not None)
    assert len(said.splitlines()) == (difference is not None)


def test_a_zone_python_does_not_know_differs(database_url: str) -> None:
    with Database(database_url, pool_size=1) as db:
        db.run("put_setting", key="timezone", value="Mars/Olympus")
        assert checks.timezone_difference(db, ZoneInfo("Europe/Kyiv")) == "Mars/Olympus"


def test_without_a_stored_zone_local_day_s_default_is_compared(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("DELETE FROM settings WHERE key = 'timezone'")
        day = owner.execute("SELECT local_day('2026-01-01 22:30Z')::text").fetchone()
    with Database(database_url, pool_size=1) as db:
        assert db.value("get_timezone") == "Europe/Kyiv"
    assert day == ("2026-01-02",)


def test_a_database_without_tables_is_not_compared(
    empty_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Database(empty_database_url, pool_size=1) as db:
        checks.warn_about_timezone(db, ZoneInfo("Europe/Kyiv"))
    assert "timezone_not_compared" in capsys.readouterr().err
