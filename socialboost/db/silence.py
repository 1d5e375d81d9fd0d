"""Cuts connections on which PostgreSQL has fallen silent.

statement_timeout is the server's: it ends nothing when the server, or the way to it, no longer answers. TCP
keepalives see a dead way, but not a frozen server behind a living kernel or a proxy. So every connection that
is in use must get on within LIMIT_SECONDS; one that does not is shut from outside, and the thread that waits
for it gets psycopg.OperationalError as after any lost connection.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any, Final

import psycopg

from socialboost import logs

LIMIT_SECONDS: Final = 8.0
"""Above statement_timeout, so that a server that lives answers first."""
_PERIOD_SECONDS: Final = 1.0

log = logs.get(__name__)


class SilenceWatch:
    """One per pool. `lent` and `returned` bound a use of a connection, `progressed` says that it got on."""

    def __init__(self) -> None:
        self._deadlines: dict[psycopg.Connection[Any], float] = {}
        self._stop = threading.Event()

    def start(self) -> None:
        """Start watching."""
        threading.Thread(target=self._run, name="silence-watch", daemon=True).start()

    def stop(self) -> None:
        """Stop watching; the thread ends within a second."""
        self._stop.set()

    def lent(self, connection: psycopg.Connection[Any]) -> None:
        """The connection is in use from now on."""
        self._deadlines[connection] = time.monotonic() + LIMIT_SECONDS

    def progressed(self, connection: psycopg.Connection[Any]) -> None:
        """A call on it begins or has ended. Nothing for one that was not lent, or was cut."""
        if connection in self._deadlines:
            self._deadlines[connection] = time.monotonic() + LIMIT_SECONDS

    def returned(self, connection: psycopg.Connection[Any]) -> None:
        """It is not in use any more."""
        self._deadlines.pop(connection, None)

    def _run(self) -> None:
        while not self._stop.wait(_PERIOD_SECONDS):
            now = time.monotonic()
            for connection, deadline in list(self._deadlines.items()):
                if now >= deadline and self._deadlines.pop(connection, None) is not None:
                    log.warning("connection_cut", reason=f"nothing happened on it for {LIMIT_SECONDS:g} s")
                    _cut(connection)


def _cut(connection: psycopg.Connection[Any]) -> None:
    """Shut the socket; closing the connection here would pull it from under the thread that uses it."""
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except (psycopg.OperationalError, OSError) as error:  # closed meanwhile, which is as good
        log.info("connection_gone_already", error=type(error).__name__)
