"""A screen that waited is looked at once more: one whose place a later tap asked to fill is not made.

Nobody would see it: of two renders of one message the later wins (answers.py). It costs no question to
the database and no token of the rate limiter.
"""

from __future__ import annotations

from typing import Final

import redis

from socialboost import logs
from socialboost.jobs import Job, Tap
from socialboost.queue import deliveries
from workers.engine import resources

SURE_MS: Final = 1_000
"""A screen that comes sooner is not looked at: that would cost every tap a round trip."""

log = logs.get(__name__)


def is_superseded(job: Job, waited_ms: int) -> bool:
    """Whether a later screen of the same place is on its way; the tap's spinner is stopped then."""
    screen = job.wanted()
    if waited_ms < SURE_MS or screen is None or not isinstance(job, Tap):
        return False
    place, number = screen
    try:
        wanted = resources.redis().get(deliveries.WANTED_PREFIX + place)
    except redis.RedisError as error:
        log.warning("later_screen_not_looked_up", error=type(error).__name__)
        return False
    if not wanted or not wanted.isdigit() or int(wanted) <= number:
        return False
    log.info("stale_screen_dropped", seq=number, later=int(wanted))
    from workers.telegram import answers  # noqa: PLC0415 (its own imports lead back here)

    answers.stop_spinner(job)
    return True
