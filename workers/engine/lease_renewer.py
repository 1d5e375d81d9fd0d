"""Renews the leases of running jobs, and retries recording an outcome that PostgreSQL could not take.

One thread per worker process; it sleeps while nothing is claimed. It renews the short lease of every running
job up to the contract's `lease_seconds`. It also repeats a settlement (the recording of a claim's outcome)
that failed because PostgreSQL was down, so that an outage of the database costs no job an attempt.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg

from socialboost import logs
from socialboost.db import Database
from workers.engine import outages
from workers.engine.ledger import Claim

PERIOD_SECONDS: Final = 1.0

log = logs.get(__name__)


@dataclass
class _Held:
    key: str
    lease_seconds: float
    renew_at: float
    hold_until: float

    def renewed(self, now: float) -> None:
        """Set the time of the next renewal, early enough that one failed renewal does no harm."""
        self.renew_at = now + self.lease_seconds / 3


class LeaseRenewer:
    """Renews claims between `hold` and `settle`. Use: `hold` a claim, do the work, `settle` the claim."""

    def __init__(self, db: Callable[[], Database]) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._unsettled: dict[str, Callable[[], object]] = {}
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="lease_renewer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and try the deferred settlements once more. Safe to call twice."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._settle_rest()

    def let_go(self) -> None:
        """End the leases of all running jobs, as the process is about to end. Others can claim them at once.

        The attempt counts as used, as always when a process ends in the middle of a job.
        """
        with self._lock:
            left = [(worker, held.key, 0.0) for worker, held in self._held.items()]
        if left:
            log.warning("claims_let_go", keys=[key for _, key, _ in left])
            self._prolong(left)

    def hold(self, claim: Claim, seconds: float) -> None:
        """Renew the claim's lease until `settle`, for at most `seconds` in all."""
        now = time.monotonic()
        held = _Held(claim.key, claim.lease_seconds, 0.0, now + seconds)
        held.renewed(now)
        with self._lock:
            self._held[claim.worker] = held
        self._wake.set()

    def settle(self, claim: Claim, action: Callable[[], object]) -> None:
        """Run `action`, which records the claim's outcome. While PostgreSQL is down it is retried later.

        `action` must be safe to repeat. Every settlement is, because it names its claim.
        """
        try:
            action()
        except psycopg.Error as error:
            if not outages.is_away(error):
                raise
            log.warning("settlement_deferred", key=claim.key, error=type(error).__name__)
            self.settle_later(claim, action)
        else:
            self.release(claim.worker)

    def settle_later(self, claim: Claim, action: Callable[[], object]) -> None:
        """Queue the settlement for a retry without trying it first (PostgreSQL is known to be down)."""
        with self._lock:
            self._unsettled[claim.worker] = action
        self._wake.set()

    def release(self, worker: str) -> None:
        """Stop renewing the claim of this `worker` id: its outcome is recorded."""
        with self._lock:
            self._held.pop(worker, None)
            self._unsettled.pop(worker, None)
            if not self._held and not self._unsettled:
                self._wake.clear()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            if self._stop.wait(PERIOD_SECONDS):
                return
            self._settle_rest()
            self._renew()

    def _settle_rest(self) -> None:
        with self._lock:
            waiting = list(self._unsettled.items())
        for worker, action in waiting:
            try:
                action()
            except Exception as error:
                if outages.is_away(error):
                    return
                log.exception("settlement_failed", worker=worker)  # the lease runs out, the rescuer goes on
            self.release(worker)

    def _renew(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [
                (worker, held.key, held.lease_seconds)
                for worker, held in self._held.items()
                if held.renew_at <= now < held.hold_until
            ]
        if not due or not self._prolong(due):
            return
        with self._lock:
            for worker, _, _ in due:
                if worker in self._held:
                    self._held[worker].renewed(now)

    def _prolong(self, claims: list[tuple[str, str, float]]) -> bool:
        """Set the end of these leases (worker, key, seconds from now). Returns False on a database error."""
        workers, keys, seconds = (list(column) for column in zip(*claims, strict=True))
        try:
            self._db().run("renew_leases", keys=keys, workers=workers, seconds=seconds)
        except psycopg.Error as error:
            log.warning("leases_not_renewed", count=len(claims), error=type(error).__name__)
            return False
        return True
