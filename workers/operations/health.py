"""Health: whether a worker answers and its database takes a write."""

from __future__ import annotations

import psycopg

from socialboost import jobs, logs
from workers.engine import resources
from workers.engine.actors import actor

log = logs.get(__name__)


@actor(jobs.CheckHealth, max_retries=0)
def check_health(job: jobs.CheckHealth) -> dict[str, bool]:  # noqa: ARG001 (a question without arguments)
    """Return whether this worker's database accepts a write. The answer itself shows that a worker runs."""
    try:
        resources.db().run("beat", name="health")
    except psycopg.Error as exc:
        log.warning("database_unhealthy", error=type(exc).__name__)
        return {"database": False}
    return {"database": True}
