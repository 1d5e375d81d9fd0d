"""Checks at a worker's start that the database agrees with the process's settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg

from socialboost import logs
from socialboost.db.pool import Database

_DAYS_COMPARED: Final = 400
"""A little more than a year: it covers every change to and from summer time."""

log = logs.get(__name__)


def timezone_difference(db: Database, zone: ZoneInfo) -> str | None:
    """Return the zone of the database's daily limit, or None if its days are the same as `zone`'s.

    Two names of one zone (Europe/Kiev, Europe/Kyiv) do not differ. Raises psycopg.Error if it is down.
    """
    theirs = str(db.value("get_timezone"))
    return None if theirs == zone.key or _same_days(theirs, zone) else theirs


def warn_about_timezone(db: Database, zone: ZoneInfo) -> None:
    """Log a warning if people are shown other days than the daily limit counts.

    It is not a reason to stop, because paid orders are still processed.
    """
    try:
        theirs = timezone_difference(db, zone)
    except psycopg.Error as error:  # not migrated yet, or down again: both are reported elsewhere
        log.warning("timezone_not_compared", error=type(error).__name__)
        return
    if theirs is not None:
        log.error(
            "timezone_differs",
            reason=f"TIMEZONE is {zone.key}, but the database counts the daily limit in {theirs}",
            hint="run `python -m socialboost migrate` with the TIMEZONE that the workers have",
        )


def _same_days(name: str, zone: ZoneInfo) -> bool:
    try:
        other = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    today = datetime.now(UTC)
    moments = [today + timedelta(days=day) for day in range(_DAYS_COMPARED)]
    return all(at.astimezone(zone).utcoffset() == at.astimezone(other).utcoffset() for at in moments)
