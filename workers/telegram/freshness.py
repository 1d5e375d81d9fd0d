"""Drops a screen's job that waited in the queue if a later tap asked for another screen in the same message.

Nobody would see the older screen, because the later render wins (answers.py). Dropping it saves a database
query and a token of the rate limiter.
"""

from __future__ import annotations

from typing import Final

import redis

from socialboost import logs
from socialboost.jobs import Job, Tap
from socialboost.queue import deliveries
from workers.engine import hooks, resources
from workers.telegram import answers

SURE_MS: Final = 1_000
"""A screen that waited less is not checked: the check would cost every tap a round trip."""

log = logs.get(__name__)


@hooks.IS_SUPERSEDED.register
def is_superseded(job: Job, waited_ms: int) -> bool:
    """Return True if a later screen for the same message is on its way, and stop the tap's spinner."""
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
    answers.stop_spinner(job)
    return True
