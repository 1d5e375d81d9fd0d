"""An HTTP server that misbehaves on demand, for faults that the stand-ins cannot produce."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

Step = Callable[[socket.socket], bool]
"""Answers one request on the connection; False ends the connection."""


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WireServer:
    """Plays `steps` in order, one a request, on a free port of 127.0.0.1; the last one repeats."""

    steps: list[Step]
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._played = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            number = len(self._connections)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            reader = connection.makefile("rb")
            while request := _read_request(reader, number):
                self.requests.append(request)
                step = self.steps[min(self._played, len(self.steps) - 1)]
                self._played += 1
                if not step(connection):
                    reader.close()
                    return
        except OSError:
            return


def _read_request(reader: Any, number: int) -> Request | None:
    line = reader.readline().decode()
    if not line:
        return None
    method, path, _ = line.split(" ", 2)
    headers = {}
    while header := reader.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body, number)


def answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Step:
    """A complete answer; `body` is JSON unless it is bytes."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + data)


def raw(data: bytes, *, keep: bool = True) -> Step:
    """These bytes, then stay or close."""

    def step(connection: socket.socket) -> bool:
        connection.sendall(data)
        if not keep:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        return keep

    return step


def close(connection: socket.socket) -> bool:
    """Read the request, then end the connection without a word."""
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    return False


def reset(connection: socket.socket) -> bool:
    """Read the request, then reset the connection (RST)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return False


def silence(_: socket.socket) -> bool:
    """Read the request and never answer."""
    return True
