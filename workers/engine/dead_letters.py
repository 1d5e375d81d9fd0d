"""Copies Dramatiq's dead letters from Redis to PostgreSQL before they expire, and notifies the admins.

A job with a ledger row is parked in the ledger. A dead letter is a message that no worker could read: it is
from a newer release, damaged, or lacks fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Final

from socialboost import jobs, logs
from socialboost.db import Database
from socialboost.queue import broker
from socialboost.queue.messages import DeadLetter
from workers.engine import outbox

MOST_LETTERS: Final = 200
"""The largest number copied per queue and round."""

log = logs.get(__name__)


class DeadLetters:
    """Copies dead letters. `collect` is a step of the watch (workers/operations/watch.py)."""

    def __init__(self, db: Callable[[], Database]) -> None:
        self._db = db
        self._seen_ms = dict.fromkeys(jobs.QUEUES, 0)

    def collect(self) -> None:
        """Copy the dead letters that are new since the last call. The first call copies all of them."""
        for queue in jobs.QUEUES:
            letters = broker.current().dead_letters(queue, self._seen_ms[queue], MOST_LETTERS)
            new = [letter.message_id for letter in letters if self._keep(queue, letter)]
            if new:
                self._tell(queue, new)
            if letters:
                self._seen_ms[queue] = letters[-1].died_ms

    def _keep(self, queue: str, letter: DeadLetter) -> bool:
        """Copy one dead letter. Returns True if it was new."""
        actor = _actor(letter.body)
        new = self._db().run(
            "keep_dead_letter", queue=queue, message_id=letter.message_id, actor=actor, body=letter.body
        )
        if new:
            log.error("dead_letter_kept", queue=queue, redis_message_id=letter.message_id, job=actor)
        return new == 1

    def _tell(self, queue: str, message_ids: list[str]) -> None:
        digest = hashlib.sha256("".join(message_ids).encode()).hexdigest()[:32]
        notice = jobs.NotifyAdmins(
            key=f"notice:dead_letters:{digest}",
            kind="dead_letters",
            data={"queue": queue, "count": len(message_ids)},
        )
        with self._db().transaction() as tx:
            outbox.notify_admins(tx, notice)


def _actor(body: bytes) -> str | None:
    """Return the actor's name, or None if the message cannot be read."""
    try:
        name = json.loads(body).get("actor_name")
    except (ValueError, AttributeError, RecursionError):
        return None
    return name[:100].replace("\x00", "") if isinstance(name, str) else None
