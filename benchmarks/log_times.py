"""Where a job's time goes, from the product's own structured log: every slow step says its `ms`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

PARTS: Final = {
    "transaction_committed": "PostgreSQL",
    "telegram_called": "HTTP to Telegram",
    "crypto_pay_called": "HTTP to Crypto Pay",
    "main_bot_called": "HTTP to Main Bot",
}


@dataclass(frozen=True)
class LogTimes:
    """Milliseconds by part, summed over all jobs, and how often each event was logged."""

    parts: dict[str, float]
    jobs_ms: float
    waited_ms: float
    counts: Counter[str]


def events(directory: Path, since: float, until: float) -> Iterator[dict[str, Any]]:
    """Return the log's lines of that time (Unix seconds), rotated files too; a torn line is left out."""
    for path in sorted(directory.glob("bot.log*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.endswith("}"):
                continue
            event: dict[str, Any] = json.loads(line)
            if since <= moment(event) <= until:
                yield event


def moment(event: dict[str, Any]) -> float:
    """When the line was written, in Unix seconds."""
    return datetime.fromisoformat(event["timestamp"]).timestamp()


def read(directory: Path, since: float, until: float) -> LogTimes:
    """Add everything up."""
    parts: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    jobs = waited = 0.0
    for event in events(directory, since, until):
        name = event["event"]
        counts[name] += 1
        if name in PARTS and "job" in event:
            parts[PARTS[name]] += event["ms"]
        elif name == "job_finished":
            jobs += event.get("ms", 0.0)
        elif name == "job_started":
            waited += event["waited_ms"]
    return LogTimes(dict(parts), jobs, waited, counts)
