"""Procrastinate: rows in PostgreSQL, workers told by LISTEN/NOTIFY."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import App, PsycopgConnector

from benchmarks.peers.marks import mark

app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))


@app.task(name="bench_noop")
async def noop(sent_ns: int) -> None:
    """Begin, and that is all."""
    mark(sent_ns)


async def sender() -> Callable[[int], Awaitable[Any]]:
    """Return what enqueues one no-op."""
    await app.open_async()
    return lambda sent_ns: noop.defer_async(sent_ns=sent_ns)
