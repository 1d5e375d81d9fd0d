"""Writes the tables of docs/performance.md from benchmarks/results/*.json. Its text is written by hand.

A table stands between `<!-- bench:NAME -->` and `<!-- end -->`; `<!-- bench:goals -->` is all goals together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.results import DIRECTORY, load, show

DOCUMENT: Final = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
PLACE: Final = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(document: Path = DOCUMENT, results: Path = DIRECTORY) -> Path:
    """Write every table of the document again."""
    found = load(results)

    def fill(match: re.Match[str]) -> str:
        name = match[2]
        body = goals(found) if name == "goals" else section(found.get(name), name)
        return f"{match[1]}{body}\n{match[3]}"

    text = document.read_text(encoding="utf-8")
    document.write_text(PLACE.sub(fill, text), encoding="utf-8")
    return document


def goals(found: Mapping[str, Mapping[str, Any]]) -> str:
    """All goals that were measured, in one table."""
    rows = [
        [
            goal["what"],
            goal["goal"],
            goal["measured"],
            "yes" if goal["met"] else "**no**",
            f"`{one['command']}`",
        ]
        for one in found.values()
        for goal in one["goals"]
    ]
    return markdown(["what", "goal", "measured", "reached", "command"], rows)


def section(one: Mapping[str, Any] | None, name: str) -> str:
    """One bench: where and when, how, and its tables."""
    if one is None:
        return f"Not measured yet: `./run bench {name}`."
    machine = one["machine"]
    where = f"{machine['cpu']}, {machine['memory']}, {machine['kernel']}, Python {machine['python']}"
    with_what = "; ".join([machine["libraries"], *one["servers"]])
    parts = [f"`{one['command']}`, {one['taken_at']}. {where}; {with_what}."]
    parts.append(one["how"])
    for table in one["tables"]:
        rows = [[show(cell) for cell in row] for row in table["rows"]]
        parts.append(f"**{table['title']}**\n\n{markdown(table['columns'], rows)}")
    return "\n\n".join(parts)


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """A table; the first column to the left, numbers to the right."""
    rules = ["---", *["---:"] * (len(columns) - 1)]
    lines = [columns, rules, *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
