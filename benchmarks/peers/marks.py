"""The body of every measured job: it writes one line to a file, with the times of sending and of the start.

CLOCK_MONOTONIC is one clock for all processes of a machine, so the difference is the pick-up time. Standard
library only: every queue's environment can load it, and it costs all of them the same two microseconds.
"""

from __future__ import annotations

import os
import time

MARKS = "BENCH_MARKS"
"""Names the file in the environment."""

_open: list[int] = []


def now() -> int:
    """Nanoseconds, comparable between processes."""
    return time.monotonic_ns()


def mark(sent_ns: int) -> None:
    """Note that the job sent at `sent_ns` begins now."""
    began = now()
    if not _open:
        _open.append(os.open(os.environ[MARKS], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
    os.write(_open[0], b"%d %d\n" % (sent_ns, began))
