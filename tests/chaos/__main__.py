"""Runs the chaos rig: `python -m tests.chaos` is `./run chaos` (see its --help)."""

from __future__ import annotations

import sys

from tests.chaos.command import main

sys.exit(main(sys.argv[1:]))
