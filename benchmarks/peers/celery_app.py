"""Celery on Redis, acknowledging after the work (else a killed worker loses jobs); results are not kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from celery import Celery

from benchmarks.peers.marks import mark

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_send_task_events=False)


@app.task(name="bench_noop")
def noop(sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    send: Callable[[int], Any] = noop.delay
    return send
