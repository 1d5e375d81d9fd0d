"""Kills a process that did not stop in time, whatever hangs."""

from __future__ import annotations

import faulthandler
import sys


def arm(seconds: float) -> None:
    """Exit this process with status 1 after so many seconds, if it still runs then.

    The stacks of all threads go to standard error first: files, lines and functions, no values. This runs
    without Python, so neither a thread that never releases the interpreter nor a hanging service can stop it.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
