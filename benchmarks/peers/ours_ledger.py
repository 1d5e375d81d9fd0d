"""A job with a row in job_ledger, as every job of the product that changes something: claimed, run, settled.

`dramatiq benchmarks.peers.ours_ledger --queues interactive`, with the environment of a worker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from benchmarks.peers.marks import mark
from socialboost import jobs
from workers.engine.actors import Attempt, actor


@dataclass(frozen=True, kw_only=True)
class Noop(jobs.LedgerJob):
    """A job with a row and no work."""

    actor_name: ClassVar[str] = "bench_ledger_noop"
    queue: ClassVar[str] = jobs.INTERACTIVE
    sent_ns: int


@actor(Noop)
def noop(job: Noop, attempt: Attempt) -> None:  # noqa: ARG001 (the contract of a ledger actor)
    """Begin, and that is all."""
    mark(job.sent_ns)


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    return lambda sent_ns: jobs.send(Noop(key=f"bench:{sent_ns}", sent_ns=sent_ns))
