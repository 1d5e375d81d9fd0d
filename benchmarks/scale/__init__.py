"""A shop of a million people, and the cost of its queries."""

from benchmarks.scale.measure import run

__all__ = ["run"]
