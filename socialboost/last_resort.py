"""Kills a process that was asked to stop and has not stopped in time, whatever hangs."""

from __future__ import annotations

import faulthandler
import sys


def arm(seconds: float) -> None:
    """Have this process exit with status 1 after so many seconds, should it still be there.

    The stacks of all threads go to standard error first: files, lines and functions, no values. Needs no
    Python to run: a thread that never gives the interpreter back stops it no more than a service that hangs.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
