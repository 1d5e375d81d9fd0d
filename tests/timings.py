"""The product's times that tests change, in one place: the same course of events in less time.

A test names them in the environment of the processes it starts. The modules that those processes run
(tests/flows/engine/actors.py, tests/flows/shop/hurried_workers.py) apply them; the product has no such
setting. Tests that name none run with the times of production.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from types import ModuleType

VARIABLE = "SOCIALBOOST_TEST_TIMINGS"


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Seconds; None leaves what the product has."""

    lease: float | None = None
    """Of a job: until another process may take it over."""
    end_wait: float | None = None
    """For which an end waits for others; longer, so that a slow machine shows the same."""
    patience: float | None = None
    """Of the watchdog with a thread."""
    watch: float | None = None
    """From one question of the watch to the next."""
    recent: float | None = None
    """From one look through all recent paid invoices to the next."""

    def environment(self) -> dict[str, str]:
        """What tells them to a process."""
        return {VARIABLE: json.dumps(asdict(self))}

    def apply(self) -> None:
        """Change them in this process, before it makes what uses them."""
        from workers.engine import finisher, ledger, rescuer, watchdog
        from workers.operations import watch
        from workers.payments import reconciler

        if self.lease is not None:
            _set(ledger, LEASE_SECONDS=self.lease)
            _set(rescuer, LEASE_SECONDS=self.lease)
        if self.end_wait is not None:
            _set(finisher, WAIT_SECONDS=self.end_wait)
        if self.patience is not None:
            names = ("MARGIN_SECONDS", "ROUND_SECONDS", "LOOP_SECONDS")
            _set(watchdog, PERIOD_SECONDS=1.0, **dict.fromkeys(names, self.patience))
        if self.watch is not None:
            _set(reconciler, PERIOD_SECONDS=self.watch, SOON_SECONDS=self.watch / 2)
            _set(watch, PERIOD_SECONDS=self.watch)
            watch.Watch.period_seconds = min(watch.Watch.period_seconds, self.watch / 5)
        if self.recent is not None:
            _set(watch, RECENT_SECONDS=self.recent)


def apply_those_of_the_environment() -> None:
    """Apply what the test that started this process named, if any."""
    if VARIABLE in os.environ:
        Timings(**json.loads(os.environ[VARIABLE])).apply()


def _set(module: ModuleType, **seconds: float) -> None:
    for name, value in seconds.items():
        assert name in vars(module), f"{module.__name__} has no {name}"
        setattr(module, name, value)
