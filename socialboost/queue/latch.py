"""A circuit breaker inside one process: after failures all calls fail at once, and one thread tries again.

Without it every thread would wait for the service's timeout at every call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from socialboost import logs

log = logs.get(__name__)


class Latch:
    """Guards calls to one service, for all threads of one process.

    `is_away` tells which errors mean that the service is down. `refusal` makes the error that callers get
    meanwhile. The latch shuts after `failures` in a row. Then one caller at a time may try: the next one at
    once, later ones `pause_seconds` after a failed try. With a `probe`, which raises while the service is
    down, a thread of the latch tries instead of a caller.
    """

    def __init__(
        self,
        is_away: Callable[[BaseException], bool],
        refusal: Callable[[], Exception],
        *,
        pause_seconds: float,
        failures: int = 1,
        probe: Callable[[], object] | None = None,
    ) -> None:
        self._is_away = is_away
        self._refusal = refusal
        self._pause_seconds = pause_seconds
        self._failures_allowed = failures
        self._failures = 0
        self._probe = probe
        self._probing = False
        self._lock = threading.Lock()
        self._shut = False
        self._next_try = 0.0
        self._trying: int | None = None
        """The thread that is trying. It may pass again meanwhile."""

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Guard one call. Raises the error of `refusal` if the service must not be tried now."""
        trying = self._enter()
        try:
            yield
        except BaseException as error:
            self._leave(shut=self._is_away(error), trying=trying)
            raise
        self._leave(shut=False, trying=trying)

    def check(self) -> None:
        """Raise what `passing` would raise now, without counting as a try."""
        with self._lock:
            if self._is_refusing():
                raise self._refusal()

    def _is_refusing(self) -> bool:
        if not self._shut or self._trying == threading.get_ident():
            return False
        return self._probe is not None or self._trying is not None or time.monotonic() < self._next_try

    def _enter(self) -> bool:
        with self._lock:
            if not self._shut or self._trying == threading.get_ident():
                return False
            if self._is_refusing():
                raise self._refusal()
            self._trying = threading.get_ident()
            return True

    def _leave(self, *, shut: bool, trying: bool) -> None:
        with self._lock:
            if trying:
                self._trying = None
            self._failures = self._failures + 1 if shut else 0
            if shut and trying:
                self._next_try = time.monotonic() + self._pause_seconds
            self._shut = self._failures >= self._failures_allowed
            if self._shut and self._probe is not None and not self._probing:
                self._probing = True
                threading.Thread(
                    target=self._try_again, args=(self._probe,), name="latch", daemon=True
                ).start()

    def _try_again(self, probe: Callable[[], object]) -> None:
        """Try until the service answers anything, then let everybody pass."""
        while self._still_away(probe):
            time.sleep(self._pause_seconds)
        with self._lock:
            self._shut, self._probing, self._failures = False, False, 0

    def _still_away(self, probe: Callable[[], object]) -> bool:
        try:
            probe()
        except Exception as error:
            if self._is_away(error):
                return True
            log.exception("probe_broke")  # it answered; the next caller sees the answer
        return False
