"""Enqueues no-ops through one queue's own client, in that queue's own environment.

    python -m benchmarks.peers.produce MODULE idle COUNT     one at a time, 0.5 to 1.5 s apart
    python -m benchmarks.peers.produce MODULE burst COUNT    as fast as one client can; prints what it cost

`MODULE.sender()` gives a function (or, from a coroutine, an async one) that enqueues one job.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.peers.marks import now

GAP_SECONDS = (0.5, 1.5)

Send = Callable[[int], Awaitable[Any]]


async def idle(send: Send, count: int) -> dict[str, float]:
    """Send one job after another with time to fall idle in between; one more first, which connects."""
    for _ in range(1 + count):
        await asyncio.sleep(random.uniform(*GAP_SECONDS))
        await send(now())
    return {"count": count}


async def burst(send: Send, count: int) -> dict[str, float]:
    """Send them all; microseconds of wall and CPU time for each."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(count):
        await send(now())
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {"count": count, "wall_us": wall / count * 1e6, "cpu_us": processor / count * 1e6}


def awaitable(send: Callable[[int], Any]) -> Send:
    """A plain function as an async one, without another thread between."""

    async def run(sent_ns: int) -> Any:
        return send(sent_ns)

    return run


async def main(module: str, what: str, count: int) -> dict[str, float]:
    """Open the client, send, and say what it cost."""
    opening = importlib.import_module(module).sender()
    is_async = inspect.isawaitable(opening)
    sender = await opening if is_async else opening
    send: Send = sender if is_async else awaitable(sender)
    return await {"idle": idle, "burst": burst}[what](send, count)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))), flush=True)
