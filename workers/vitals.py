"""Ends a worker process one of whose threads has died: it would look healthy and do less than its work.

Dramatiq starts its threads once. When one ends by an error nobody foresaw, the process asks itself to stop in
order; Dramatiq's master then ends too, and the supervisor starts both anew.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from typing import Final

from dramatiq import Worker

from socialboost import logs
from workers.loop import Loop

PERIOD_SECONDS: Final = 5.0

log = logs.get(__name__)


class Vitals:
    """Looks at the threads of one worker and at its loops."""

    def __init__(self, worker: Worker, loops: Sequence[Loop]) -> None:
        self._worker = worker
        self._loops = loops
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vitals", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking: from here on threads end because they were told to."""
        self._stop.set()
        self._thread.join()

    def dead(self) -> list[str]:
        """Return the names of what has ended and should not have."""
        threads = [*self._worker.consumers.values(), *self._worker.workers]
        found = [thread.name for thread in threads if not thread.is_alive()]
        return found + [loop.name for loop in self._loops if not loop.alive]

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            dead = self.dead()
            if dead:
                log.critical("worker_thread_died", threads=dead)
                os.kill(os.getpid(), signal.SIGTERM)
                return
