"""Copies the admins' ids to Redis for bot and web, which have no database. Workers check the table."""

from __future__ import annotations

from collections.abc import Callable

import redis

from socialboost import logs
from socialboost.chat import admins
from socialboost.db import Database
from workers.engine import outages, resources

log = logs.get(__name__)


def share(db: Callable[[], Database]) -> None:
    """Write the ids of the table to Redis. While Redis is down the next call does it."""
    ids = {str(row["telegram_id"]) for row in db().many("list_admins")}
    client = resources.redis()
    try:
        if client.smembers(admins.KEY) == ids:
            return
        with client.pipeline(transaction=True) as together:
            together.delete(admins.KEY)
            if ids:
                together.sadd(admins.KEY, *ids)
            together.execute()
    except redis.RedisError as error:
        if not outages.is_away(error):
            raise
        log.warning("admins_not_shared", error=type(error).__name__)
        return
    log.info("admins_shared", count=len(ids))
