"""The command line options of a benchmark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """The options of one run."""

    quick: bool = False
    """The smallest complete run: it shows that the benchmark works, and measures nothing."""
    arguments: tuple[str, ...] = ()
    """What is left for the bench itself, for example the queues to measure."""
