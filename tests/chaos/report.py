"""The scorecard as a table and as JSON, and the tables of docs/reliability.md made of the JSON kept there."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos import schedule
from tests.chaos.run import Result

DOCS = Path(__file__).parents[2] / "docs"
KEPT = DOCS / "reliability"
PAGE = DOCS / "reliability.md"
SHOWN = 5
"""Cases of each kind that are named."""


def as_json(result: Result) -> dict[str, Any]:
    """Return a run as it is kept: how it was made, where, and what came out."""
    order = result.order
    return {
        "orders": order.orders,
        "seed": order.seed,
        "seconds_arriving": round(order.arriving, 1),
        "seconds_in_all": round(result.seconds, 1),
        "without": order.without,
        "faults": schedule.by_kind(result.saboteur.struck),
        "faults_that_met_nobody": schedule.by_kind(result.saboteur.missed),
        "network": result.met,
        **result.score.figures,
        "broken": result.score.broken,
        "problems": {kind: cases[:SHOWN] for kind, cases in result.score.problems.items()},
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def save(result: Result) -> Path:
    """Keep a run beside the page that shows it."""
    KEPT.mkdir(exist_ok=True)
    order = result.order
    name = f"without-{order.without}" if order.without else "chaos"
    path = KEPT / f"{name}-{order.orders}-seed-{order.seed}.json"
    path.write_text(json.dumps(as_json(result), indent=1, ensure_ascii=False, default=str) + "\n")
    return path


def render(result: Result) -> str:
    """Return the scorecard as text."""
    figures = as_json(result)
    problems = figures.pop("problems")
    lines = []
    for name, value in figures.items():
        shown = (
            "  ".join(f"{key}: {part}" for key, part in value.items()) if isinstance(value, dict) else value
        )
        lines.append(f"{name:<24}{shown}")
    for kind, cases in problems.items():
        total = len(result.score.problems[kind])
        lines += [f"\n{kind} ({total}):", *(f"  {case}" for case in cases)]
    lines.append(f"\n{'RED: ' + '; '.join(result.score.broken) if result.score.broken else 'GREEN'}")
    return "\n".join(lines)
