"""Kills the worker that has just logged a given line: a crash at a chosen step of a job."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.002


@dataclass
class Killer:
    """Watches the product's log and SIGKILLs the writer of the first line that matches each step."""

    log_dir: Path
    steps: list[tuple[str, str]]
    """(event, job): kill the worker that logs this event while it works on this job, once."""
    killed: list[tuple[str, str]] = field(default_factory=list)
    _read: dict[Path, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watching(self) -> Iterator[Killer]:
        """Kill for as long as the block runs."""
        self._lines()  # what was written before does not count
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join(timeout=10)

    def _watch(self) -> None:
        while not self._stop.is_set():
            for line in self._lines():
                step = (str(line.get("event")), str(line.get("job")))
                if step in self.steps and step not in self.killed and line.get("process") == "worker":
                    self.killed.append(step)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(line["pid"]), signal.SIGKILL)
            time.sleep(POLL_SECONDS)

    def _lines(self) -> list[dict[str, Any]]:
        """Return what was appended to the workers' own log since the last call, whole lines only."""
        lines: list[dict[str, Any]] = []
        for path in self.log_dir.glob("*.log"):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            lines += [json.loads(line) for line in whole.splitlines()]
        return lines
