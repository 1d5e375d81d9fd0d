"""Sends again what the fast path lost: the guarantee behind every message on Redis.

One thread in each worker process that consumes `maintenance`; of all of them the one with the lease works.
Every second it wakes the rows that are due and that nobody seems to have been told about (a wiped Redis, a
crash between commit and send, a retry's due time), frees the rows of dead workers, and parks those that
have used up their attempts, or cannot be read: no row keeps the others from their turn.
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
from workers.engine import actors, ledger, resources
from workers.engine.loops import Loop
from workers.notices.infrastructure import Alarm

LEASE_SECONDS: Final = 3.0
"""Short, since nothing is freed or sent again while a killed rescuer still has it."""
RESEND_SECONDS: Final = 10.0
"""Until a row whose message went out and that nobody claimed is sent again."""
MOST_ROWS: Final = 500
"""Sent in one round."""
DEEP_QUEUE: Final = 1_000
"""A queue this long is busy, not lost: nothing is added to it."""
MARK: Final = "sweeper:mark"
"""A key that is in Redis for as long as what was sent there is: a wipe takes both."""
DIED: Final = "the lease of the last attempt ran out: its worker died or hung"

log = logs.get(__name__)


class Rescuer(Loop):
    """See the module."""

    name: ClassVar[str] = "sweeper"
    period_seconds: ClassVar[float] = 1.0
    grace_seconds: ClassVar[float] = 3.0
    """The attempts that the outage interrupted are given back first (workers/engine/lease_renewer.py)."""

    def __init__(self, db: Callable[[], Database], owner: str) -> None:
        super().__init__(db, owner, Alarm())
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
        """Have everything sent again at once when Redis has forgotten what it was sent (failures.md D1)."""
        if not resources.redis().exists(MARK):
            woken = self.db().run("wake_all_queued")
            log.warning("redis_was_empty", woken=woken)
        resources.redis().set(MARK, 1)  # in every round: a Redis that is full answers and takes nothing

    def _handle(self, row: Mapping[str, Any]) -> None:
        declared = actors.REGISTRY.get(row["actor"])
        if declared is None:
            self._report_unknown(row["actor"])
            return
        args = json.loads(row["args"])
        try:
            job = actors.decode(declared.contract, args)
        except actors.ContractError as error:  # sent, it would only come back; left, it would come each round
            ledger.park_unreadable(self.db(), row["key"], row["actor"], str(error))
            return
        if row["action"] == "send":
            sending.wake(row["actor"], row["queue"], args)
        else:
            assert isinstance(job, LedgerJob)  # noqa: S101 (only such jobs have a row)
            ledger.park_exhausted(self.db(), job, DIED, declared.on_exhausted)

    def _report_unknown(self, actor_name: str) -> None:
        """Say once that a newer worker must take over: its jobs would only become dead letters here."""
        if actor_name not in self._unknown:
            self._unknown.add(actor_name)
            log.warning("sweeper_knows_no_such_actor", job=actor_name)
