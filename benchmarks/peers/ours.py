"""Our broker with its worker middleware, and a job without a ledger row: `dramatiq benchmarks.peers.ours`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import dramatiq

from benchmarks.peers.marks import mark
from socialboost.queue import broker

QUEUE = "bench_ours"

_installed = broker.install(os.environ["REDIS_URL"], consuming=True)


@dramatiq.actor(actor_name="bench_noop", queue_name=QUEUE, broker=_installed)
def noop(sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    return lambda sent_ns: noop.send(sent_ns=sent_ns)
