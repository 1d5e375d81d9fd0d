"""Generates docs/states.md and the row types from a migrated database.

It reads the CHECKs, triggers and columns, so the result cannot differ from the database.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import dict_row

from socialboost.db import row_types
from socialboost.db.pool import Statements, connection_string
from socialboost.db.queries import SQL_DIRECTORY
from socialboost.db.rows.migrations import ListStates

ROOT: Final = SQL_DIRECTORY.parent
STATES: Final = ROOT / "docs" / "states.md"
_NEW: Final = "new"
_STATES_HEAD: Final = """\
# States

Written by `python -m socialboost describe` from a migrated database: the states are those of each column's
CHECK, the moves those of its trigger `refuse_transition` (sql/schema.sql gives the reasons). A test compares.
"""


def write(dsn: str) -> list[Path]:
    """Write every generated file and return the paths."""
    texts = {STATES: states(dsn)}
    texts |= row_types.modules(dsn)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return sorted(texts)


def states(dsn: str) -> str:
    """Return the text of docs/states.md: a diagram for each column that has states."""
    url, _ = connection_string(dsn)
    with psycopg.connect(url, connect_timeout=10, row_factory=dict_row) as connection:
        columns = Statements(connection).many("list_states")
    return "\n".join([_STATES_HEAD, *map(_diagram, columns)])


def _diagram(column: ListStates) -> str:
    names = re.findall(r"'(\w+)'", column["states"])
    first = re.findall(r"'(\w+)'", column["first_state"] or "")
    moves = sorted((tuple(move.split(">")) for move in column["moves"]), key=lambda move: move[0] != _NEW)
    left = {source for source, _ in moves}
    arrows = [
        *(f"[*] --> {name}" for name in first),
        *(f"{'[*]' if source == _NEW else source} --> {target}" for source, target in moves),
        *(f"{name} --> [*]" for name in names if name not in left),
    ]
    refusal = (
        "The table refuses every other move."
        if column["refuses_others"]
        else "Each statement names the states it starts from; no trigger refuses other moves."
    )
    lines = "\n".join(f"    {arrow}" for arrow in arrows)
    return (
        f"## {column['table_name']}.{column['column_name']}\n\n{refusal}\n\n"
        f"```mermaid\nstateDiagram-v2\n{lines}\n```\n"
    )
