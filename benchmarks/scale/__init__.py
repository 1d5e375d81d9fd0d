"""Fills a shop with a million people and measures its queries."""

from benchmarks.scale.measure import run

__all__ = ["run"]
