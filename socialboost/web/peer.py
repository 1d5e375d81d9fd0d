"""Whether the client of a request is still there to get the answer."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any


def has_left(environ: Mapping[str, Any]) -> bool:
    """Whether the client (or the proxy in front, for one that left it) has closed its connection.

    Known before the answer is written only: afterwards whoever got it may close, too. False where the server
    does not show its socket.
    """
    client = environ.get("gunicorn.socket")
    if client is None:
        return False
    try:
        return not client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:  # nothing to read, and no end either
        return False
    except OSError:
        return True
