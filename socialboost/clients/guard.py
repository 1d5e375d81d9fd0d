"""What one partner may hold of a process: so many calls in flight, and none while it is known to be away.

A partner that takes connections and says nothing would otherwise take every worker thread in turn, those of
taps and payments with them. Whoever is refused here has sent nothing: its job waits as a row with a due time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from socialboost.errors import AmbiguousError, RefusesUsError, UnreachableError
from socialboost.queue.latch import Latch


class CallGuard:
    """One per client and process.

    `most_calls` in flight; another waits `wait_seconds` for its turn. After `failures` calls in a row that
    brought no answer of the partner's own, one call at a time tries, every `pause_seconds`, and the others
    are refused at once. Both refusals are UnreachableError, with code "busy" or "circuit_open".
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
        """Guard one call, the reading of its answer included."""
        self._latch.check()  # before waiting for a turn that would be of no use
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
    """Whether the call ended without a word of the partner's own; a refusal is one, whatever it says."""
    silent = isinstance(error, UnreachableError | AmbiguousError)
    return silent and not isinstance(error, RefusesUsError)
