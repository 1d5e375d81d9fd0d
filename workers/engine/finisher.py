"""Records the ends of several jobs in one statement: one commit for all that end within a few milliseconds.

This is only for contracts that allow it (`LedgerJob.may_finish_later`). If the process dies in between, such
a job stays `running`, and the rescuer repeats it when its lease ends, which is harmless for those contracts.
Jobs that send an unrequested message or move money are recorded one by one, before anything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

import psycopg

from socialboost import logs
from socialboost.db import Database
from socialboost.errors import SettingsError
from workers.engine import ledger, outages
from workers.engine.lease_renewer import LeaseRenewer
from workers.engine.ledger import Claim

WAIT_SECONDS: Final = 0.005
"""How long an end waits for others."""
MOST: Final = 50
"""The largest number of ends in one statement."""

log = logs.get(__name__)


class Finisher:
    """Collects claims whose jobs are done and records them together. Until then their leases are renewed."""

    def __init__(self, db: Callable[[], Database], renewer: LeaseRenewer) -> None:
        self._db = db
        self._renewer = renewer
        self._lock = threading.Lock()
        self._done: list[Claim] = []
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="finisher", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Record the remaining ends, then stop the thread."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def add(self, claim: Claim) -> None:
        """Record the claim's job as done within WAIT_SECONDS and one commit."""
        with self._lock:
            self._done.append(claim)
        self._wake.set()

    def record(self, claims: list[Claim]) -> None:
        """Record these jobs as done now. While PostgreSQL is down each is retried by the lease renewer."""
        keys, workers = [claim.key for claim in claims], [claim.worker for claim in claims]
        try:
            self._db().many("finish_jobs", keys=keys, workers=workers)
        except (psycopg.Error, SettingsError) as error:
            log.warning("ends_deferred", count=len(claims), error=outages.describe(error))
            for claim in claims:
                self._renewer.settle_later(claim, partial(self._finish, claim))
            return
        for claim in claims:
            self._renewer.release(claim.worker)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            is_last = self._stop.wait(WAIT_SECONDS)
            while claims := self._take():
                self.record(claims)
            if is_last:
                return

    def _take(self) -> list[Claim]:
        with self._lock:
            taken, self._done = self._done[:MOST], self._done[MOST:]
            if not self._done and not self._stop.is_set():
                self._wake.clear()
        return taken

    def _finish(self, claim: Claim) -> bool:
        return ledger.finish(self._db(), claim)
