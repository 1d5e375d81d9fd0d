"""The watchdog of a worker process: stops the process when one of its threads has died or hangs.

Such a process looks healthy and does only part of its work. Dramatiq never restarts a thread, and no
exception reaches a thread that waits outside Python. So the watchdog checks progress: a job that exceeds its
time limit, a consumer or a loop without a new round. It then shuts the process down in order. Dramatiq's
master ends as well, and the supervisor starts both again.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dramatiq import Worker

from socialboost import logs
from socialboost.queue.broker import QueueBroker
from workers.engine.loops import Loop
from workers.engine.shutdown import Ending

PERIOD_SECONDS: Final = 5.0
MARGIN_SECONDS: Final = 30.0
"""Added to a job's time limit, whose own exception should come first; a call may also end by itself."""
ROUND_SECONDS: Final = 120.0
"""The longest time without a round of a consumer: ten times a round's length while Redis hangs."""
LOOP_SECONDS: Final = 300.0
"""The longest time without a round of a loop, or a step of it. A step may call a slow service fifty times."""

log = logs.get(__name__)


@dataclass(frozen=True, eq=False)
class Begun:
    """A job that a thread has begun. Every job gets a new object, so a new object means progress."""

    job: str
    limit_seconds: float


class Jobs:
    """The job that each worker thread is working on."""

    def __init__(self) -> None:
        self._begun: dict[int, Begun] = {}

    def begin(self, job: str, limit_seconds: float) -> None:
        """Record that this thread begins a job."""
        self._begun[threading.get_ident()] = Begun(job, limit_seconds)

    def end(self) -> None:
        """Record that this thread has ended its job."""
        self._begun.pop(threading.get_ident(), None)

    def under_way(self) -> list[tuple[int, Begun]]:
        """Return the running jobs with their thread ids."""
        return list(self._begun.items())


@dataclass(frozen=True)
class _Mark:
    """A value of some progress, and when it was first seen."""

    progress: object
    since: float


class Progress:
    """Finds what has made no progress for too long, measured on a clock of its own.

    The clock advances by at most `longest_step` between two checks. So a machine that slept, or a process
    that was stopped and continued, does not count as stuck.
    """

    def __init__(self, longest_step: float) -> None:
        self._longest_step = longest_step
        self._looked: float | None = None
        self._now = 0.0
        self._marks: dict[object, _Mark] = {}

    def stuck(self, seen: Sequence[tuple[object, object, float]], now: float) -> list[object]:
        """Return the keys without progress for too long. `seen` holds (key, progress, seconds allowed)."""
        if self._looked is not None:
            self._now += min(now - self._looked, self._longest_step)
        self._looked = now
        before, self._marks, found = self._marks, {}, []
        for key, progress, seconds in seen:
            mark = before.get(key)
            if mark is None or mark.progress != progress:
                mark = _Mark(progress, self._now)
            elif self._now - mark.since > seconds:
                found.append(key)
            self._marks[key] = mark
        return found


class Watchdog:
    """Checks the threads of one worker, their jobs, and its loops."""

    def __init__(self, worker: Worker, loops: Sequence[Loop], under_way: Jobs, ending: Ending) -> None:
        self._worker = worker
        self._loops = loops
        self._jobs = under_way
        self._ending = ending
        self._progress = Progress(2 * PERIOD_SECONDS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start the checks."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the checks: from now on threads end because the worker shuts down."""
        self._stop.set()

    def dead(self) -> list[str]:
        """Return the names of threads and loops that have died."""
        threads = [*self._worker.consumers.values(), *self._worker.workers]
        found = [thread.name for thread in threads if not thread.is_alive()]
        return found + [loop.name for loop in self._loops if not loop.alive]

    def stuck(self, now: float) -> list[str]:
        """Return the jobs, consumers and loops that hang."""
        return [str(key) for key in self._progress.stuck(list(self._seen()), now)]

    def _seen(self) -> Iterator[tuple[str, object, float]]:
        for thread, begun in self._jobs.under_way():
            yield f"job {begun.job} in thread {thread}", begun, begun.limit_seconds + MARGIN_SECONDS
        if isinstance(self._worker.broker, QueueBroker):
            for queue in self._worker.consumers:
                yield f"consumer {queue}", self._worker.broker.holding(queue).rounds, ROUND_SECONDS
        for loop in self._loops:
            yield f"loop {loop.name}", loop.steps, LOOP_SECONDS

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            if self._end_if("worker_thread_died", self.dead):
                return
            if self._end_if("worker_stuck", lambda: self.stuck(time.monotonic())):
                return

    def _end_if(self, event: str, look: Callable[[], list[str]]) -> bool:
        found = look()
        if not found or self._stop.is_set():
            return False
        log.critical(event, threads=found)
        log_stacks()
        self._ending.end_process()
        return True


def log_stacks() -> None:
    """Log the stack of every thread: files, lines and functions, never a value."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
        places = [f"{place.filename}:{place.lineno} {place.name}" for place in stack]
        log.error("thread_stack", thread=names.get(ident, "?"), ident=ident, stack=places)
