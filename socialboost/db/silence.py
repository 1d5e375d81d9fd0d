"""Cuts connections on which PostgreSQL has fallen silent.

statement_timeout is enforced by the server, so it does not help if the server or the network stops answering.
TCP keepalives notice a dead network, but not a frozen server behind a living kernel or a proxy. So every
connection in use must make progress within LIMIT_SECONDS. Otherwise its socket is shut down, and the waiting
thread gets psycopg.OperationalError as after any lost connection.
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
"""Above statement_timeout, so that a live server answers first."""
_PERIOD_SECONDS: Final = 1.0

log = logs.get(__name__)


class SilenceWatch:
    """Watches the connections of a pool. Call `lent`, `progressed` and `returned` as a connection is used."""

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
        """Record that the connection is in use from now on."""
        self._deadlines[connection] = time.monotonic() + LIMIT_SECONDS

    def progressed(self, connection: psycopg.Connection[Any]) -> None:
        """Record that a call on it begins or has ended. Ignored if it was not lent, or was cut."""
        if connection in self._deadlines:
            self._deadlines[connection] = time.monotonic() + LIMIT_SECONDS

    def returned(self, connection: psycopg.Connection[Any]) -> None:
        """Record that it is not in use any more."""
        self._deadlines.pop(connection, None)

    def _run(self) -> None:
        while not self._stop.wait(_PERIOD_SECONDS):
            now = time.monotonic()
            for connection, deadline in list(self._deadlines.items()):
                if now >= deadline and self._deadlines.pop(connection, None) is not None:
                    log.warning("connection_cut", reason=f"nothing happened on it for {LIMIT_SECONDS:g} s")
                    _cut(connection)


def _cut(connection: psycopg.Connection[Any]) -> None:
    """Shut the socket down. Closing the connection is not safe while a thread uses it."""
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except (psycopg.OperationalError, OSError) as error:  # closed meanwhile, which is fine
        log.info("connection_gone_already", error=type(error).__name__)
