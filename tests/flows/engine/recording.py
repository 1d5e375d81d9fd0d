"""The record of the test actors: one line per event in the file CORE_RECORD.

So it is known what they did, whatever happens to Redis, PostgreSQL or the process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


def record(event: str, name: str, detail: object = "") -> None:
    """Append one line."""
    with _path().open("a", encoding="utf-8") as file:
        file.write(f"{event} {name} {os.getpid()} {time.time():.3f} {detail}\n")


def recorded(event: str, name: str) -> int:
    """Return how often this event was recorded for this name."""
    return sum(line.split()[:2] == [event, name] for line in _path().read_text(encoding="utf-8").splitlines())


def _path() -> Path:
    return Path(os.environ["CORE_RECORD"])
