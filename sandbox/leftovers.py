"""Finds processes that outlived their world by a mark in their environment, and ends them by process id.

A worker's master killed with SIGKILL cannot end its children, and no other process knows their ids. The
mark is random for every world, so no foreign process can carry it. This works on Linux only: elsewhere the
list is empty, and killasgroup and the tether must suffice.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "SOCIALBOOST_SANDBOX_WORLD"


def marked(value: str) -> list[int]:
    """Return the ids of processes whose environment carries our mark, without this process."""
    wanted = f"{MARK}={value}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        pid = int(entry.parent.name)
        with contextlib.suppress(OSError):
            if pid != os.getpid() and wanted in entry.read_bytes().split(b"\0"):
                found.append(pid)
    return found


def end_marked(value: str, grace_seconds: float = 5.0) -> list[int]:
    """Send SIGTERM to the remaining processes, then SIGKILL. Returns the ids found at first."""
    found = left = marked(value)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        deadline = time.monotonic() + grace_seconds
        while (left := marked(value)) and time.monotonic() < deadline:
            time.sleep(0.05)
    return found
