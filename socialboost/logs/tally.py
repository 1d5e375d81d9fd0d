"""What the job under way has done so far, its transactions and calls, for the one line that ends it.

A line for each of them would cost more than many of them do. They are there at LOG_LEVEL=DEBUG.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_steps: ContextVar[list[tuple[str, float]] | None] = ContextVar("steps", default=None)


@contextmanager
def counting() -> Iterator[None]:
    """Count what is done in the block, also by threads that got a copy of its context."""
    token = _steps.set([])
    try:
        yield
    finally:
        _steps.reset(token)


def add(what: str, ms: float) -> bool:
    """Count a step. False if nobody counts here: then its own line is the only one that tells of it."""
    steps = _steps.get()
    if steps is None:
        return False
    steps.append((what, ms))  # in one operation: the thread that stops a spinner adds at the same time
    return True


def fields() -> dict[str, float]:
    """Return how often each step was done and how long it took in all (`transactions_ms`)."""
    found: dict[str, float] = {}
    for what, ms in _steps.get() or ():
        found[what] = found.get(what, 0) + 1
        found[f"{what}_ms"] = round(found.get(f"{what}_ms", 0.0) + ms, 1)
    return found
