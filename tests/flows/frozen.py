"""Simulates services that hang: they accept connections and never answer."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.servers import PostgresServer, ValkeyServer


@contextmanager
def frozen(*servers: PostgresServer | ValkeyServer) -> Iterator[None]:
    """SIGSTOP the servers with all their processes for the block, like a paused machine."""
    found: list[int] = []
    try:
        for server in servers:
            assert server.process is not None, "a server that the tests only know by its address"
            os.kill(server.process.pid, signal.SIGSTOP)
            found.append(server.process.pid)  # it has no new children from here on
            for child in children(server.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGSTOP)
                    found.append(child)
        yield
    finally:
        for process in reversed(found):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def children(pid: int) -> list[int]:
    """The processes that this one started and that are there."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def silence() -> Iterator[str]:
    """Return the URL of a service that accepts every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
