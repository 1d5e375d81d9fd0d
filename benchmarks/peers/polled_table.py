"""The specification's own design: rows in PostgreSQL, polled every second, ten at a time.

It needs one commit to enqueue, one to take a batch, one to finish each job. A crash loses no job here either.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.peers.marks import mark

POLL_SECONDS = 1.0


def statements() -> dict[str, str]:
    """The statements of polled_table.sql by name."""
    parts = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split("-- name: ")[1:]
    return dict(part.split("\n", 1) for part in parts)


def connect() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection whose every statement is its own transaction."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def sender() -> Callable[[int], Any]:
    """Return what enqueues one no-op."""
    connection, insert = connect(), statements()["send"]
    return lambda sent_ns: connection.execute(insert, {"sent_ns": sent_ns})


def create() -> None:
    """Make the table."""
    named, connection = statements(), connect()
    connection.execute(named["create"])
    connection.execute(named["index"])


def work() -> None:
    """Take what is there; ask again in a second when nothing is."""
    named, connection = statements(), connect()
    while True:
        rows = connection.execute(named["take"]).fetchall()
        for identifier, sent_ns in rows:
            mark(sent_ns)
            connection.execute(named["finish"], {"id": identifier})
        if not rows:
            time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    create() if sys.argv[1:] == ["create"] else work()
