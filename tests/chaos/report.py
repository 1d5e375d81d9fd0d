"""Writes the score as a table and as JSON, and the tables of docs/reliability.md from the stored JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos import schedule
from tests.chaos.crash_points import Coverage
from tests.chaos.run import Result

DOCS = Path(__file__).parents[2] / "docs"
KEPT = DOCS / "reliability"
PAGE = DOCS / "reliability.md"
SHOWN = 5
"""The number of cases of each kind that are named."""
BEGIN, END = "<!-- {}: made by ./run chaos --report -->", "<!-- end of {} -->"

COLUMNS: Mapping[str, str] = {
    "seed": "seed",
    "orders_paid": "orders paid",
    "invoices_paid": "payments",
    "lost": "lost",
    "double": "double",
    "silent": "silent",
    "untold_but_listed": "not told, listed",
    "repeats": "most repeats",
    "active_p50": "paid→active p50, s",
    "active_p99": "p99",
    "active_max": "max",
    "told_p50": "paid→told p50, s",
    "told_p99": "p99",
    "told_max": "max",
    "webhook": "by webhook",
    "reconciler": "by reconciler",
    "parked": "parked",
    "receipts_edited_away": "receipts edited away",
    "kinds": "kinds of faults",
    "load_median": "load, median",
    "load_max": "load, most",
}


def as_json(result: Result) -> dict[str, Any]:
    """Return a run as it is stored: its parameters, its machine, and its figures."""
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
        "load_median": round(statistics.median(result.loads or [0.0]), 1),
        "load_max": round(max(result.loads, default=0.0), 1),
        **_where(),
    }


def save(result: Result) -> Path:
    """Store a run beside the page that shows it."""
    order = result.order
    name = f"without-{order.without}" if order.without else f"chaos-{order.orders:05d}-seed-{order.seed}"
    return _write(name, as_json(result))


def save_coverage(coverage: Coverage, *, cut: bool) -> Path:
    """Keep the list of crash points, or of lost connections, beside the page that shows it."""
    return _write("cuts" if cut else "points", coverage.as_json() | _where())


def _write(name: str, figures: dict[str, Any]) -> Path:
    KEPT.mkdir(exist_ok=True)
    path = KEPT / f"{name}.json"
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False, default=str) + "\n")
    return path


def _where() -> dict[str, str]:
    return {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


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


def rewrite(page: Path = PAGE, kept: Path = KEPT) -> None:
    """Write the stored figures into the page's tables. A table without figures says so."""
    runs = [json.loads(path.read_text()) for path in sorted(kept.glob("chaos-*.json"))]
    controls = [json.loads(path.read_text()) for path in sorted(kept.glob("without-*.json"))]
    points = [json.loads(path.read_text()) for path in sorted(kept.glob("points.json"))]
    cuts = [json.loads(path.read_text()) for path in sorted(kept.glob("cuts.json"))]
    text = page.read_text()
    for name, body in (
        ("scorecards", _scorecards(runs)),
        ("controls", _controls(controls)),
        ("points", _points(points, "died")),
        ("cuts", _points(cuts, "cut")),
    ):
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{page.name} has no place for {name}")
        text = f"{before}{begin}\n\n{body or 'No figures yet.'}\n\n{end}{after}"
    page.write_text(text)


def _table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _scorecards(runs: list[dict[str, Any]]) -> str:
    if not runs:
        return ""
    counted = [run | run["by_source"] | {"kinds": len(run["faults"])} for run in runs]
    rows = [[_cell(run, name) for name in COLUMNS] for run in counted]
    faults: dict[str, int] = {}
    for run in runs:
        for name, times in run["faults"].items():
            faults[name] = faults.get(name, 0) + times
    listed = ", ".join(f"{name} {times}" for name, times in sorted(faults.items()))
    machines = ", ".join(sorted({run["machine"] for run in runs}))
    dates = f"{min(run['at'] for run in runs)[:10]} to {max(run['at'] for run in runs)[:10]}"
    return (
        f"{_table(COLUMNS.values(), rows)}\n\nOn {machines}, stand-ins beside it; {dates}.\n\n"
        f"Faults in these runs together: {listed}."
    )


def _controls(runs: list[dict[str, Any]]) -> str:
    names = ("orders_paid", "lost", "double", "silent", "repeats")
    heads = ("without", *(COLUMNS[name] for name in names), "bars broken")
    rows = [[run["without"], *(_cell(run, name) for name in names), "; ".join(run["broken"])] for run in runs]
    return _table(heads, rows) if rows else ""


def _points(found: list[dict[str, Any]], verb: str) -> str:
    if not found:
        return ""
    figures = found[0]
    groups: dict[str, list[str]] = {}
    for name in figures["covered"]:
        what, _, doer = name.rpartition(" @ ")
        groups.setdefault(doer, []).append(what)
    rows = [[doer, len(points), "; ".join(points)] for doer, points in sorted(groups.items())]
    head = (
        f"{figures['points']} points, {verb} at {figures['killed_at']} of {figures['armed']} armed, "
        f"{len(figures['violations'])} violations ({figures['at'][:10]}, {figures['machine']})."
    )
    missed = "; ".join(figures["not_reached_again"]) or "none"
    table = _table(("job, loop", "points", f"{verb} there"), rows)
    return f"{head}\n\n{table}\n\nArmed and not reached again: {missed}."


def _cell(run: Mapping[str, Any], name: str) -> str:
    return str(run.get(name, "-" if name.startswith("load") else 0))
