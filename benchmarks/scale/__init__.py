"""A shop of a million people, and what it costs there what a person or a clock asks for."""

from benchmarks.scale.measure import run

__all__ = ["run"]
