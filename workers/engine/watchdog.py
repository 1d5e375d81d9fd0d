"""Ends a worker process that has lost a thread, or one of whose threads gets on no more.

It would look healthy and do less than its work. Dramatiq starts its threads once, and no exception reaches
one that waits outside Python. Life alone says little, so what is looked at is progress: a job that goes on
for longer than its time limit, a consumer or a loop that makes no round. The process then asks itself to
stop in order; Dramatiq's master ends too, and the supervisor starts both anew.
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
"""Beyond a job's time limit: the exception that it raises comes first, and a call may end by itself."""
ROUND_SECONDS: Final = 120.0
"""Without a round of a consumer: ten times what one takes while Redis hangs."""
LOOP_SECONDS: Final = 300.0
"""Without a round, or a step of one: a step may ask a slow service fifty times."""

log = logs.get(__name__)


@dataclass(frozen=True, eq=False)
class Begun:
    """A job that a thread has begun; each is another object, so a thread that gets on has another one."""

    job: str
    limit_seconds: float


class Jobs:
    """What each worker thread is at: one write as a job begins, one as it ends."""

    def __init__(self) -> None:
        self._begun: dict[int, Begun] = {}

    def begin(self, job: str, limit_seconds: float) -> None:
        """This thread begins a job."""
        self._begun[threading.get_ident()] = Begun(job, limit_seconds)

    def end(self) -> None:
        """This thread has ended its job."""
        self._begun.pop(threading.get_ident(), None)

    def under_way(self) -> list[tuple[int, Begun]]:
        """Return what is under way, by thread."""
        return list(self._begun.items())


@dataclass(frozen=True)
class _Mark:
    """How far something had got, and when it was first seen there."""

    progress: object
    since: float


class Progress:
    """Tells what has stayed where it was for too long, by a clock of its own.

    The clock moves on by little when nobody looked: a machine that slept, or a process that was stopped and
    continued, is no reason to end it.
    """

    def __init__(self, longest_step: float) -> None:
        self._longest_step = longest_step
        self._looked: float | None = None
        self._now = 0.0
        self._marks: dict[object, _Mark] = {}

    def stuck(self, seen: Sequence[tuple[object, object, float]], now: float) -> list[object]:
        """Return the keys that have not moved for longer than they may. `seen`: key, progress, seconds."""
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
    """Looks at the threads of one worker, at their jobs, and at its loops."""

    def __init__(self, worker: Worker, loops: Sequence[Loop], under_way: Jobs, ending: Ending) -> None:
        self._worker = worker
        self._loops = loops
        self._jobs = under_way
        self._ending = ending
        self._progress = Progress(2 * PERIOD_SECONDS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking: from here on threads end because they were told to."""
        self._stop.set()

    def dead(self) -> list[str]:
        """Return the names of what has ended and should not have."""
        threads = [*self._worker.consumers.values(), *self._worker.workers]
        found = [thread.name for thread in threads if not thread.is_alive()]
        return found + [loop.name for loop in self._loops if not loop.alive]

    def stuck(self, now: float) -> list[str]:
        """Return what has not got on for too long by now."""
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
    """Log where every thread is: files, lines and functions, never a value."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
        places = [f"{place.filename}:{place.lineno} {place.name}" for place in stack]
        log.error("thread_stack", thread=names.get(ident, "?"), ident=ident, stack=places)
