"""Tells if the client of a request has closed its connection before the answer."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any


def has_left(environ: Mapping[str, Any]) -> bool:
    """Return True if the client, or the proxy in front of it, has closed the connection.

    Use it before the answer is written: afterwards a client that got it may close as well. It is False if the
    server does not expose its socket.
    """
    client = environ.get("gunicorn.socket")
    if client is None:
        return False
    try:
        return not client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:  # nothing to read, and not closed
        return False
    except OSError:
        return True
