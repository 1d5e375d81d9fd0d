"""Sends again what the fast path lost: the guarantee behind every message on Redis.

One thread in each worker process that consumes `maintenance`; of all of them the one with the lease works.
Every second it wakes the rows that are due and that nobody seems to have been told about (a wiped Redis, a
crash between commit and send, a retry's due time), frees the rows of dead workers, and parks those that
have used up their attempts.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
import redis
from dramatiq.errors import BrokerConnectionError

from socialboost import broker, logs, sending
from socialboost.db import Database
from socialboost.errors import QueueUnavailableError
from socialboost.jobs import LedgerJob
from workers import base, ledger

PERIOD_SECONDS: Final = 1.0
LEASE_SECONDS: Final = 10.0
RESEND_SECONDS: Final = 10.0
"""Until a row whose message went out and that nobody claimed is sent again."""
MOST_ROWS: Final = 500
"""Sent in one round."""
DEEP_QUEUE: Final = 1_000
"""A queue this long is busy, not lost: nothing is added to it."""
GRACE_SECONDS: Final = 3.0
"""After an outage of PostgreSQL the attempts it interrupted are given back first (workers/keeper.py)."""
DIED: Final = "the lease of the last attempt ran out: its worker died or hung"

log = logs.get(__name__)


class Sweeper:
    """`start` it once per process; `stop` returns when the round under way is over."""

    def __init__(self, db: Callable[[], Database], owner: str) -> None:
        self._db = db
        self._owner = owner
        self._stop = threading.Event()
        self._database_away = False
        self._unknown: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            try:
                if self._database_away:
                    self._wait_for_database()
                self.sweep()
            except psycopg.OperationalError as error:
                if not self._database_away:
                    log.warning("sweeper_waits", reason="database away", error=type(error).__name__)
                self._database_away = True
            except (redis.RedisError, BrokerConnectionError, QueueUnavailableError) as error:
                log.warning("sweeper_waits", reason="Redis away", error=type(error).__name__)
            except Exception:
                log.exception("sweep_failed")  # a bug in one row must not end the guarantee for the others

    def sweep(self) -> None:
        """Do one round."""
        queues = sorted({declared.contract.queue for declared in base.REGISTRY.values()})
        depths = broker.current().depth(queues)
        rows = self._db().many(
            "sweep_jobs",
            owner=self._owner,
            lease_seconds=LEASE_SECONDS,
            queues=[name for name in queues if depths[name] < DEEP_QUEUE],
            limit=MOST_ROWS,
            resend_seconds=RESEND_SECONDS,
        )
        for row in rows:
            declared = base.REGISTRY.get(row["actor"])
            if declared is None:
                self._report_unknown(row["actor"])
            elif row["action"] == "send":
                sending.wake(row["actor"], row["queue"], json.loads(row["args"]))
            else:
                self._park(declared, row)

    def _park(self, declared: base.Actor, row: Mapping[str, Any]) -> None:
        job = base.decode(declared.contract, json.loads(row["args"]))
        assert isinstance(job, LedgerJob)  # noqa: S101 (only such jobs have a row)
        ledger.park_exhausted(self._db(), job, DIED, declared.on_exhausted)

    def _wait_for_database(self) -> None:
        """Return once it answers and the others had their moment; OperationalError while it does not."""
        self._db().value("ping")
        self._stop.wait(GRACE_SECONDS)
        self._database_away = False

    def _report_unknown(self, actor_name: str) -> None:
        """Say once that a newer worker must take over: its jobs would only become dead letters here."""
        if actor_name not in self._unknown:
            self._unknown.add(actor_name)
            log.warning("sweeper_knows_no_such_actor", job=actor_name)
