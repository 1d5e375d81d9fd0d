"""What the log says of a job: what each of its lines carries, and how it begins."""

from __future__ import annotations

from typing import Any

from dramatiq.message import Message

from socialboost import logs
from socialboost.jobs import Job

log = logs.get(__name__)


def labels(job: Job, message: Message[Any]) -> dict[str, Any]:
    """Return what every line logged during this job carries."""
    own = {name: getattr(job, name, None) for name in ("key", "telegram_id", "update_id")}
    return {
        "job": job.actor_name,
        "queue": job.queue,
        "job_id": message.message_id,
        **{name: value for name, value in own.items() if value},
    }


def started(attempt: int, waited_ms: int) -> None:
    """Log the begin of an attempt; of the first one at DEBUG only, since its end says as much."""
    (log.info if attempt > 1 else log.debug)("job_started", waited_ms=waited_ms)
