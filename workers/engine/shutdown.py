"""How a worker process ends: once, in order, and within its time whichever service hangs.

    0 s        SIGTERM, from a supervisor, from Dramatiq's master, or from both: the first one counts
    JOBS       the jobs under way have ended, or are left: what each had claimed is soon free for others
    + SETTLE   what PostgreSQL had not taken yet is tried once more
    …          messages nobody began go back to Redis, everything is closed, each step bounded
    TOTAL      the process is gone (socialboost/last_resort.py)

Supervisors wait longer than TOTAL (supervisord.conf, docker-compose.yml; tests/rules/test_ends.py).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from dramatiq import Worker

from socialboost import last_resort, logs

TOTAL_SECONDS: Final = 24.0
JOBS_SECONDS: Final = 12.0
"""Above what a call to PostgreSQL may take (socialboost/db), and what most calls to others do."""
SETTLE_SECONDS: Final = 3.0
CLOSE_SECONDS: Final = 1.5
"""For closing one thing, and for the rounds of the loops to end."""

has_begun: Final = threading.Event()
"""Set for this process: work that can be handed over in the middle is."""

log = logs.get(__name__)


class Ending:
    """One per worker process; `install` it before there are threads."""

    def __init__(self) -> None:
        self._began: float | None = None

    def install(self) -> None:
        """Let the first SIGTERM through to Dramatiq and no other: its second one would end it at once.

        A process gets several: one with its group, one from its master, one as its parent dies.
        """
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._guard(number)

    def _guard(self, number: signal.Signals) -> None:
        stop = signal.getsignal(number)
        told = False

        def handle(signum: int, frame: FrameType | None) -> None:
            nonlocal told
            if told:
                return
            told = True
            self.begin()
            if callable(stop):
                stop(signum, frame)

        signal.signal(number, handle)

    def begin(self) -> None:
        """Start the clock, at the first call."""
        if self._began is None:
            self._began = time.monotonic()
            has_begun.set()
            last_resort.arm(TOTAL_SECONDS)

    def end_process(self) -> None:
        """As if a supervisor had told the process to end; from any thread."""
        self.begin()
        os.kill(os.getpid(), signal.SIGTERM)

    def end_jobs(self, worker: Worker) -> None:
        """Have the worker begin nothing more, wait for what it has begun, and leave what does not end.

        Dramatiq would stop its consumers afterwards: they would fetch until then, and with a Redis that
        hangs their time would come on top.
        """
        threads = list(worker.workers)
        for consumer in worker.consumers.values():
            consumer.stop()
        for thread in threads:
            thread.stop()
        began = self._began or time.monotonic()
        for thread in threads:
            thread.join(max(began + JOBS_SECONDS - time.monotonic(), 0.0))
        left = [thread.name for thread in threads if thread.is_alive()]
        if left:
            log.warning("jobs_left", threads=left, seconds=JOBS_SECONDS)
            worker.workers[:] = [thread for thread in threads if not thread.is_alive()]


def within(seconds: float, name: str, step: Callable[[], object]) -> bool:
    """Do a step of the ending; whether it was over in time. One that was not goes on in its own thread."""

    def run() -> None:
        try:
            step()
        except Exception:
            log.exception("ending_step_failed", step=name)  # the steps after it are to be done all the same

    thread = threading.Thread(target=run, name=f"ending:{name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        log.warning("ending_step_left", step=name, seconds=seconds)
    return not thread.is_alive()
