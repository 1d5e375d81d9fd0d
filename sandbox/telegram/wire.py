"""The wire log: every exchange between a person, the bot and this stand-in, with times.

One JSON object a line. `at_ms` is wall time and `mono_ms` the monotonic clock, both in milliseconds with
three decimals; differences are taken of `mono_ms`. The token never appears. Kinds and fields: README.md.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

Record = dict[str, Any]
KEPT = 50_000


def stamp() -> Record:
    """Now, on both clocks."""
    return {"at_ms": round(time.time() * 1000, 3), "mono_ms": round(time.monotonic() * 1000, 3)}


class Signal:
    """Wakes all waiters each time it fires."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def fire(self) -> None:
        """Wake all present waiters."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seconds: float) -> bool:
        """True when fired within `seconds`, False when they passed."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True

    async def until(self, ready: Callable[[], Any], seconds: float) -> Any:
        """Wait until `ready` returns a true value and return it, or its last value after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (value := ready()):
            left = deadline - time.monotonic()
            if left <= 0 or not await self.wait(left):
                return ready()
        return value


class Wire:
    """Keeps the last records in memory, appends every one to a file, tells listeners."""

    def __init__(self, path: Path | None = None) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)
        self._seq = 0
        self._file: IO[str] | None = None
        self._listeners: list[Callable[[Record], None]] = []
        self.signal = Signal()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", buffering=1)

    @property
    def seq(self) -> int:
        """Number of the last record."""
        return self._seq

    def record(self, kind: str, **fields: Any) -> Record:
        """Write one record; fields that are None are left out. A given stamp wins over now."""
        self._seq += 1
        entry = {"seq": self._seq, "kind": kind, **stamp()}
        entry |= {name: value for name, value in fields.items() if value is not None}
        self._records.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n")
        for listener in self._listeners:
            listener(entry)
        self.signal.fire()
        return entry

    def listen(self, listener: Callable[[Record], None]) -> None:
        """Call `listener` with every record from now on."""
        self._listeners.append(listener)

    def after(self, seq: int, matches: dict[str, str]) -> list[Record]:
        """Records newer than `seq` whose fields equal `matches` (compared as text)."""
        fresh: list[Record] = []
        for entry in reversed(self._records):
            if entry["seq"] <= seq:
                break
            if all(str(entry.get(name)) == value for name, value in matches.items()):
                fresh.append(entry)
        return fresh[::-1]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
