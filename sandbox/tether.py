"""A helper process that outlives its parent just long enough to stop the parent's other processes.

A launcher killed with SIGKILL cannot clean up, and its children would stay behind and hold ports. So the
launcher starts one tether, keeps the write end of its standard input, and reports its processes in lines:
`add <pid> <signal> <name>` and `drop <pid>`. When the pipe closes with processes still listed, the tether
signals them, newest first, waits, and kills the rest. It is a plain script with the standard library only, so
it needs few resources.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 20.0


@dataclass(frozen=True)
class Tethered:
    """A process to end, recognised by when it started as well as by its number."""

    pid: int
    signal_number: int
    started: str


def started_at(pid: int) -> str:
    """The kernel's start time of a process; empty where /proc does not exist or the process is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state == "Z" else fields[18]


def is_same_process(process: Tethered) -> bool:
    """True while the process that was registered is alive: a reused number is somebody else's."""
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(process.pid, 0)
        except OSError:
            return False
        return True
    return bool(process.started) and started_at(process.pid) == process.started


def end(process: Tethered, grace_seconds: float) -> None:
    """Send a process its own stop signal, then SIGKILL."""
    deadline = time.monotonic() + grace_seconds
    for number in (process.signal_number, signal.SIGKILL):
        if not is_same_process(process):
            return
        with contextlib.suppress(OSError):
            os.kill(process.pid, number)
        while is_same_process(process) and time.monotonic() < deadline:
            time.sleep(0.05)
        deadline = time.monotonic() + 2.0


def main() -> None:
    """Follow the parent's list until the pipe closes, then end whatever is still on it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    processes: dict[int, Tethered] = {}
    for line in sys.stdin:
        verb, pid_text, *rest = line.split()
        pid = int(pid_text)
        if verb == "add":
            processes[pid] = Tethered(pid, int(rest[0]), started_at(pid))
        else:
            processes.pop(pid, None)
    for process in reversed(list(processes.values())):
        end(process, GRACE_SECONDS)


class Tether:
    """The parent's side: one helper process, started at the first registration."""

    def __init__(self) -> None:
        self._helper: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def add(self, pid: int, signal_number: int) -> None:
        """End `pid` when this process ends, however that happens. `signal_number` is sent first."""
        self._tell(f"add {pid} {signal_number}")

    def drop(self, pid: int) -> None:
        """Remove `pid`: it has ended, or must not be ended by the tether any more."""
        if self._helper is not None:
            self._tell(f"drop {pid}")

    def close(self) -> None:
        """Close the pipe. The helper then ends all registered processes and exits."""
        helper, self._helper = self._helper, None
        if helper is None:
            return
        if helper.stdin is not None:
            helper.stdin.close()
        helper.wait(timeout=GRACE_SECONDS * 3)

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._helper is None:
                self._helper = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
                    stdin=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                    cwd="/",
                    env={},
                )
            if self._helper.stdin is not None:
                self._helper.stdin.write(line + "\n")
                self._helper.stdin.flush()


if __name__ == "__main__":
    main()
