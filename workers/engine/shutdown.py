"""Shuts a worker process down: once, in order, and within a fixed time even if a service hangs.

    0 s        SIGTERM, from a supervisor, from Dramatiq's master, or from both: the first one counts
    JOBS       running jobs have ended or are abandoned; their claims are soon free for other workers
    + SETTLE   outcomes that PostgreSQL could not take are tried once more
    …          unread messages go back to Redis, everything is closed, each step has a time limit
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
"""Longer than a call to PostgreSQL may take (socialboost/db), and than most other calls take."""
SETTLE_SECONDS: Final = 3.0
CLOSE_SECONDS: Final = 1.5
"""For closing one resource, and for the loops to end their rounds."""

has_begun: Final = threading.Event()
"""Set when the shutdown begins. Long work stops and hands the rest to another worker."""

log = logs.get(__name__)


class Ending:
    """The shutdown of one worker process. Call `install` before any thread is started."""

    def __init__(self) -> None:
        self._began: float | None = None

    def install(self) -> None:
        """Pass only the first SIGTERM on to Dramatiq: a second one would end it at once.

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
        """Shut the process down as if a supervisor had asked for it. May be called from any thread."""
        self.begin()
        os.kill(os.getpid(), signal.SIGTERM)

    def end_jobs(self, worker: Worker) -> None:
        """Stop the worker from starting jobs, wait for the running ones, and abandon those that do not end.

        Dramatiq itself stops the consumers last. They would fetch messages until then, and if Redis hangs
        their time would come on top.
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
    """Run a step of the shutdown. Returns True if it ended in time; otherwise it goes on in its thread."""

    def run() -> None:
        try:
            step()
        except Exception:
            log.exception("ending_step_failed", step=name)  # the next steps must still run

    thread = threading.Thread(target=run, name=f"ending:{name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        log.warning("ending_step_left", step=name, seconds=seconds)
    return not thread.is_alive()
