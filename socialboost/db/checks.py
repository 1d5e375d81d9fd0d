"""Whether the database agrees with this process's settings: asked at a worker's start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg

from socialboost import logs
from socialboost.db.pool import Database

_DAYS_COMPARED: Final = 400
"""A year and a bit: every change to and from summer time that both zones know of."""

log = logs.get(__name__)


def timezone_difference(db: Database, zone: ZoneInfo) -> str | None:
    """Return the zone in which the database counts the days of the daily limit, None if they are `zone`'s.

    Two names of the same zone (Europe/Kiev, Europe/Kyiv) do not differ. psycopg.Error when it is away.
    """
    theirs = str(db.value("get_timezone"))
    return None if theirs == zone.key or _same_days(theirs, zone) else theirs


def warn_about_timezone(db: Database, zone: ZoneInfo) -> None:
    """Say in one line that people are shown other days than they are counted by.

    No reason to stop: what is paid is worked on all the same.
    """
    try:
        theirs = timezone_difference(db, zone)
    except psycopg.Error as error:  # not migrated yet, or gone again: both are said elsewhere
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
