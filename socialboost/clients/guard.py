"""Limits the calls to one partner in a process: a maximum in flight, and none while the partner is down.

A partner that accepts connections and never answers would otherwise occupy every worker thread. A refused
call has sent nothing: its job waits in the ledger with a due time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from socialboost.errors import AmbiguousError, RefusesUsError, UnreachableError
from socialboost.queue.latch import Latch


class CallGuard:
    """Limits calls; one per client and process.

    At most `most_calls` are in flight; another call waits up to `wait_seconds`. After `failures` calls in a
    row without an answer of the partner itself, one call at a time tries, every `pause_seconds`, and the
    others are refused at once. Both refusals are UnreachableError, with code "busy" or "circuit_open".
    """

    def __init__(
        self, service: str, *, most_calls: int, wait_seconds: float, failures: int, pause_seconds: float
    ) -> None:
        self._service = service
        self._most_calls = most_calls
        self._wait_seconds = wait_seconds
        self._calls = threading.BoundedSemaphore(most_calls)
        self._latch = Latch(_is_silent, self._refusal, pause_seconds=pause_seconds, failures=failures)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Guard one call, including the reading of its answer."""
        self._latch.check()  # before a wait that would be useless
        if not self._calls.acquire(timeout=self._wait_seconds):
            text = f"{self._most_calls} calls are in flight"
            raise UnreachableError(self._service, text, code="busy")
        try:
            with self._latch.passing():
                yield
        finally:
            self._calls.release()

    def _refusal(self) -> Exception:
        return UnreachableError(self._service, "it did not answer a moment ago", code="circuit_open")


def _is_silent(error: BaseException) -> bool:
    """Return True if the partner itself did not answer. A refusal is an answer."""
    silent = isinstance(error, UnreachableError | AmbiguousError)
    return silent and not isinstance(error, RefusesUsError)
