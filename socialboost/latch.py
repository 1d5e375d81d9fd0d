"""A latch in front of a service that may be away: its absence is learnt once and tried again by one caller.

Without it every thread of a process would sit out the service's timeout for every call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Latch:
    """Guards calls to one service, for all threads of one process.

    `is_away` tells which errors mean that the service is away; `refusal` makes the error that callers get
    meanwhile. After `pause_seconds` one caller is let through to try, and the others are refused until it
    has succeeded.
    """

    def __init__(
        self,
        is_away: Callable[[BaseException], bool],
        refusal: Callable[[], Exception],
        *,
        pause_seconds: float,
    ) -> None:
        self._is_away = is_away
        self._refusal = refusal
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._shut = False
        self._next_try = 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Guard one call; raises what `refusal` makes when the service is not to be tried now."""
        trying = self._enter()
        try:
            yield
        except BaseException as error:
            self._leave(shut=self._is_away(error), trying=trying)
            raise
        self._leave(shut=False, trying=trying)

    def _enter(self) -> bool:
        with self._lock:
            if not self._shut:
                return False
            if time.monotonic() < self._next_try:
                raise self._refusal()
            self._next_try = float("inf")  # ours is the try; the others wait for its end
            return True

    def _leave(self, *, shut: bool, trying: bool) -> None:
        with self._lock:
            if shut and (trying or not self._shut):
                self._next_try = time.monotonic() + self._pause_seconds
            self._shut = shut
