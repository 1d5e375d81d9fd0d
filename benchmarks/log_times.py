"""Where a job's time goes, from the product's own structured log: the line that ends a job says it all."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

PARTS: Final = {
    "transactions": "PostgreSQL",
    "telegram_calls": "HTTP to Telegram",
    "crypto_pay_calls": "HTTP to Crypto Pay",
    "main_bot_calls": "HTTP to Main Bot",
}
"""What `job_finished` counts, by its name there; `<name>_ms` is how long all of them took."""


@dataclass(frozen=True)
class LogTimes:
    """Milliseconds by part, summed over all jobs; how often each event was logged and each step done."""

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
    parts: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    jobs = waited = 0.0
    for event in events(directory, since, until):
        name = event["event"]
        counts[name] += 1
        if name == "transaction_committed" and "job" not in event and event.get("level") != "DEBUG":
            counts["transactions"] += 1
        elif name == "job_finished":
            jobs += event.get("ms", 0.0)
            waited += event.get("waited_ms", 0)
            for step in PARTS.keys() & event.keys():
                counts[step] += event[step]
                parts[PARTS[step]] += event[f"{step}_ms"]
    return LogTimes(dict(parts), jobs, waited, counts)
