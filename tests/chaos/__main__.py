"""`python -m tests.chaos`: see ./run chaos --help."""

from __future__ import annotations

import sys

from tests.chaos.command import main

sys.exit(main(sys.argv[1:]))
