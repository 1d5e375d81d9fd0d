"""Rescues jobs of the ledger: sends lost messages again and frees or parks the jobs of dead workers.

Each worker process that consumes `maintenance` has one thread for it; only the one with the lease works.
Every second it sends the rows that are due and have no message (Redis was wiped, a process crashed between
commit and send, a retry is due), frees the rows of dead workers, and parks rows that have no attempt left or
cannot be read. A row that fails does not stop the others.

The loop, its lease and its key in Redis are named `sweeper`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from socialboost import logs
from socialboost.db import Database
from socialboost.errors import QueueUnavailableError
from socialboost.jobs import LedgerJob, sending
from socialboost.queue import broker
from workers.engine import actors, claiming, ledger, resources
from workers.engine.loops import Alarm, Loop

LEASE_SECONDS: Final = 3.0
"""Short, because nothing is rescued while a killed process still has the lease."""
RESEND_SECONDS: Final = 10.0
"""A row that was sent and that nobody claimed is sent again after this time."""
MOST_ROWS: Final = 500
"""The largest number of rows in one round."""
DEEP_QUEUE: Final = 1_000
"""A queue this long is busy, its messages are not lost: nothing is added to it."""
MARK: Final = "sweeper:mark"
"""A key set in Redis each round. If it is missing, Redis was wiped and the messages are gone too."""
DIED: Final = "the lease of the last attempt ran out: its worker died or hung"

log = logs.get(__name__)


class Rescuer(Loop):
    """The loop that rescues jobs, described at the head of this module."""

    name: ClassVar[str] = "sweeper"
    period_seconds: ClassVar[float] = 1.0
    grace_seconds: ClassVar[float] = 3.0
    """Long enough for lease_renewer.py to give back the attempts that the outage interrupted."""

    def __init__(self, db: Callable[[], Database], owner: str, alarm: Alarm) -> None:
        super().__init__(db, owner, alarm)
        self._unknown: set[str] = set()

    def round(self) -> None:
        """Do one round."""
        self._notice_wipe()
        queues = sorted({declared.contract.queue for declared in actors.REGISTRY.values()})
        depths = broker.current().depth(queues)
        rows = self.db().many(
            "sweep_jobs",
            owner=self.owner,
            lease_seconds=LEASE_SECONDS,
            queues=[name for name in queues if depths[name] < DEEP_QUEUE],
            limit=MOST_ROWS,
            resend_seconds=RESEND_SECONDS,
        )
        for done, row in enumerate(rows):
            try:
                self._handle(row)
            except QueueUnavailableError:
                keys = [late["key"] for late in rows[done:] if late["action"] == "send"]
                self.db().run("wake_again", keys=keys)
                raise

    def _notice_wipe(self) -> None:
        """Make every queued row due at once if Redis has lost its data."""
        # It is written in every round, because a full Redis answers reads and refuses writes.
        if not resources.redis().set(MARK, 1, xx=True):
            woken = self.db().run("wake_all_queued")
            log.warning("redis_was_empty", woken=woken)
            resources.redis().set(MARK, 1)

    def _handle(self, row: Mapping[str, Any]) -> None:
        declared = actors.REGISTRY.get(row["actor"])
        if declared is None:
            self._report_unknown(row["actor"])
            return
        args = json.loads(row["args"])
        try:
            job = actors.decode(declared.contract, args)
        except claiming.ContractError as error:  # sending or leaving it would bring it back each round
            ledger.park_unreadable(self.db(), row["key"], row["actor"], str(error))
            return
        if row["action"] == "send":
            sending.wake(row["actor"], row["queue"], args)
        else:
            assert isinstance(job, LedgerJob)  # noqa: S101 (only such jobs have a row)
            ledger.park_exhausted(self.db(), job, DIED, declared.on_exhausted)

    def _report_unknown(self, actor_name: str) -> None:
        """Log once that only a newer worker knows this actor. Here its jobs would become dead letters."""
        if actor_name not in self._unknown:
            self._unknown.add(actor_name)
            log.warning("sweeper_knows_no_such_actor", job=actor_name)
