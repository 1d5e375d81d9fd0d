"""The decisions about a composed broadcast: send, pause, resume or cancel it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.errors import ParkError
from workers.broadcasts.chunks import owe_moved
from workers.engine import deciding, outbox
from workers.engine.actors import Attempt, actor

REPORT_SECONDS: Final = 5.0
"""Time from a cancellation to its report: by then running calls have ended and the counts are final."""

log = logs.get(__name__)


@actor(jobs.MoveBroadcast, right="broadcasts", on_duplicate=deciding.value)
def move_broadcast(job: jobs.MoveBroadcast, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (moves once)
    """Send, pause, resume or cancel a broadcast, once however often it is tapped, and show its card."""
    if job.action not in callbacks.BROADCAST_ACTIONS:
        raise ParkError(f"no such action: {job.action}")
    return deciding.decide(
        job,
        lambda tx: move(tx, job.broadcast_id, job.action, deciding.actor_id(job), None),
        lambda _: deciding.sight(job, "broadcast", job.broadcast_id),
    )


def move(tx: Transaction, broadcast_id: str, action: str, admin: int, at: datetime | None) -> deciding.Value:
    """Move the broadcast and add the jobs that follow.

    Returns {outcome: done | changed_meanwhile | gone, status}.
    """
    moved = tx.value("move_broadcast", broadcast_id=broadcast_id, action=action, admin=admin, at=at)
    if moved is None:
        return {"outcome": "gone"}
    owe_moved(tx, broadcast_id, moved)
    if moved["moved"] and moved["status"] == "cancelled" and moved["begun"]:
        key = f"notice:broadcast:{broadcast_id}:cancelled"
        outbox.add(tx, jobs.ReportBroadcast(key=key, broadcast_id=broadcast_id), REPORT_SECONDS)
    log.info("broadcast_moved", broadcast_id=broadcast_id, action=action, moved=moved["moved"])
    return {"outcome": "done" if moved["moved"] else "changed_meanwhile", "status": moved["status"]}
