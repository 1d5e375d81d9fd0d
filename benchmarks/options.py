"""What the command line of a bench said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How to run."""

    quick: bool = False
    """The smallest form that still goes the whole way: proves the bench, measures nothing."""
    arguments: tuple[str, ...] = ()
    """What is left for the bench itself, for example the queues to measure."""
