"""Calculates percentiles and ratios in the same way for every benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The distribution of a set of times."""

    count: int
    p50: float
    p95: float
    p99: float
    worst: float


def spread(times: Sequence[float]) -> Spread:
    """Return the spread; ValueError without a single time, since nothing measured is no result."""
    if not times:
        raise ValueError("nothing was measured")
    ordered = sorted(times)
    p50, p95, p99 = (percentile(ordered, part) for part in (50, 95, 99))
    return Spread(len(ordered), p50, p95, p99, ordered[-1])


def percentile(ordered: Sequence[float], part: float) -> float:
    """Return the nearest-rank percentile of sorted times: one that was measured, none in between."""
    rank = max(1, -(-len(ordered) * part // 100))
    return ordered[int(rank) - 1]


def ratio(value: float, base: float) -> str:
    """Return how many times `base` the value is."""
    return f"{value / base:.2f}×" if base else "–"


def middle_rate(moments: Sequence[float], unit: float = 1.0) -> float:
    """Return events a second over the middle 80 %; `unit` is that of the moments, in seconds."""
    ordered = sorted(moments)
    cut = len(ordered) // 10
    first, last = ordered[cut], ordered[-1 - cut]
    took = (last - first) * unit
    return (len(ordered) - 1 - 2 * cut) / took if took > 0 else float("nan")
