"""Starts the product's workers with the chaos rig's hooks: `dramatiq tests.chaos.hooked_workers`."""

from __future__ import annotations

import os
from pathlib import Path

import workers
from tests.chaos import points, sabotage

__all__ = ["workers"]

if _without := os.environ.get("CHAOS_WITHOUT"):
    sabotage.WAYS[_without]()
if _directory := os.environ.get("CHAOS_POINTS"):
    points.install(Path(_directory))
