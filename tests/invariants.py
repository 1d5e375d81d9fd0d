"""Checks the product's invariants (find_breaches) after every test that moves money."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import psycopg
import pytest

from socialboost.db import queries

OWED: Final = frozenset({"buyer_not_told", "job_left_behind", "task_not_handed_over", "task_silent"})
"""What workers owe in time: not looked for where a test calls the functions itself and no worker runs."""
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)

Breach = tuple[str, str]


def find(connection: psycopg.Connection, *, late_seconds: float = 600) -> list[Breach]:
    """Everything find_breaches finds, however long ago it happened."""
    query = queries.get("find_breaches", "many")
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return cursor.execute(query.text, {"since": EVER, "late_seconds": late_seconds}).fetchall()


def breaches(
    database_url: str, *, late_seconds: float = 600, besides: Collection[str] = frozenset()
) -> list[Breach]:
    """The breaches in a database, but for the kinds in `besides`."""
    with psycopg.connect(database_url) as connection:
        return [found for found in find(connection, late_seconds=late_seconds) if found[0] not in besides]


def excused(node: pytest.Item) -> frozenset[str]:
    """The kinds of breach that a test or its module says it causes on purpose, and why."""
    kinds: set[str] = set()
    for marker in node.iter_markers("breaks"):
        assert marker.kwargs.get("why"), f"{node.nodeid}: breaks() needs a why"
        kinds.update(marker.args)
    return frozenset(kinds)
