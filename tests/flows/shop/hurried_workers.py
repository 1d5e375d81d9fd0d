"""`dramatiq tests.flows.shop.hurried_workers`: the product's workers, with the times that a test names."""

from __future__ import annotations

import workers
from tests import timings

__all__ = ["workers"]

timings.apply_those_of_the_environment()
