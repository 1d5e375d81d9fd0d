"""A gunicorn threaded worker that gives a thread a request only when it has arrived completely.

gunicorn's own worker reads a request in one of its threads, so a few silent or slow clients can occupy all
threads. Its event loop also waits up to two seconds for a client to hang up. Here the event loop reads,
without blocking, until the request is complete. A thread then parses and answers it from memory.

It uses private parts of gunicorn 27.0.1: TConn and the hooks that are overridden here.
tests/flows/web/test_slow_clients.py fails if they change.

An incomplete request may take `head_seconds` for its head and `body_seconds` for its body. Each process keeps
`most_arriving` of them and closes the oldest to make room; a new connection is never refused. How many
connections one address may have is decided by the proxy in front.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any, Final

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import TConn, ThreadWorker

from socialboost.web.arriving import Arriving

SEND_SECONDS: Final = 5
"""The longest time that a client which does not read its answer can hold a thread."""
HANG_UP_SECONDS: Final = 2.0
"""Time for a client to read the answer and close. If we closed first, unread data could be lost."""
_READ_BYTES: Final = 64 * 1024
_TIMED_OUT: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_HEAD_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class WholeRequests(RequestParser):  # type: ignore[misc]
    """Parses requests from memory and never reads from a socket."""

    def __init__(self, connection: TConn) -> None:
        super().__init__(connection.cfg, (), connection.client)
        self.cut = False
        """True if the body continues beyond what was read. The start of the next request is then unknown."""

    def __next__(self) -> Request:
        """Return the next request. A cut one is the last on its connection."""
        request = super().__next__()
        if self.cut:
            request.force_close()
        return request

    def give(self, data: bytes) -> None:
        """Append bytes that have arrived."""
        self.unreader.unread(data)

    def take_rest(self) -> bytes:
        """Return the bytes after the request that was just answered."""
        rest: bytes = self.unreader.take_buffered()
        return rest


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]
    """The worker class of deploy/gunicorn.conf.py. It serves plain HTTP/1 behind a proxy, without TLS."""

    head_seconds = 5.0
    body_seconds = 10.0
    most_arriving = 512

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: OrderedDict[TConn, Arriving] = OrderedDict()
        self._hanging_up: OrderedDict[TConn, float] = OrderedDict()
        self._stopping_since: float | None = None

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and wait in the event loop for its request."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                raise
            return
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.parser = WholeRequests(connection)
        connection.initialized = True
        self.nr_conns += 1
        self._await_request(connection, b"")

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Start reading the next request of a keep-alive connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn, b"")

    def finish_request(self, conn: TConn, fs: Future[bool]) -> None:
        """After the answer, hang up, go on with a request that has arrived, or keep the connection."""
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._hang_up(conn)
            return
        rest = conn.parser.take_rest()
        if rest:
            self._await_request(conn, rest)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close connections that have timed out. gunicorn calls this once a second."""
        now = time.monotonic()
        if not self.alive and self._stopping_since is None:
            self._stopping_since = now
        for connection, arriving in list(self._arriving.items()):
            if now >= arriving.deadline:
                self._refuse(connection, _TIMED_OUT if arriving.data else b"")
            elif self._stopping_since and not arriving.data and now >= self._stopping_since + HANG_UP_SECONDS:
                self._refuse(connection, b"")
        for connection, deadline in list(self._hanging_up.items()):
            if now >= deadline:
                self._close(connection)

    def _await_request(self, connection: TConn, data: bytes) -> None:
        """Collect a request that begins with `data`, and answer it when it is complete."""
        if len(self._arriving) >= self.most_arriving:
            oldest = next(iter(self._arriving))
            self._refuse(oldest, _TIMED_OUT if self._arriving[oldest].data else b"")
        connection.sock.setblocking(False)
        self._arriving[connection] = Arriving(time.monotonic() + self.head_seconds)
        self.poller.register(connection.sock, EVENT_READ, partial(self._read, connection))
        if data:
            self._arrived(connection, data)

    def _read(self, connection: TConn, client: socket.socket) -> None:
        try:
            data = client.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._arrived(connection, data)
        else:  # it left before a complete request
            self._forget(connection)
            self._drop(connection)

    def _arrived(self, connection: TConn, data: bytes) -> None:
        arriving = self._arriving[connection]
        had_head = arriving.has_head
        arriving.add(data)
        if arriving.head_too_long:
            self._refuse(connection, _HEAD_TOO_LONG)
        elif arriving.is_whole:
            self._forget(connection)
            connection.parser.cut = arriving.is_cut
            connection.parser.give(bytes(arriving.data))
            self.enqueue_req(connection)
        elif arriving.has_head and not had_head:
            arriving.deadline = time.monotonic() + self.body_seconds
            if arriving.expects_continue:
                _say(connection, _CONTINUE)

    def _forget(self, connection: TConn) -> None:
        del self._arriving[connection]
        self.poller.unregister(connection.sock)

    def _refuse(self, connection: TConn, answer: bytes) -> None:
        """End a connection whose request was never completed."""
        self._forget(connection)
        _say(connection, answer)
        self._drop(connection)

    def _drop(self, connection: TConn) -> None:
        self.nr_conns -= 1
        connection.close()

    def _hang_up(self, connection: TConn) -> None:
        """Shut down the sending side, and close when the client has closed or HANG_UP_SECONDS are over."""
        self.nr_conns -= 1
        try:
            connection.sock.setblocking(False)
            connection.sock.shutdown(socket.SHUT_WR)
            self.poller.register(connection.sock, EVENT_READ, partial(self._drain, connection))
        except (OSError, ValueError):  # gone already, or closed by the thread that answered
            connection.close()
            return
        if len(self._hanging_up) >= self.most_arriving:
            self._close(next(iter(self._hanging_up)))
        self._hanging_up[connection] = time.monotonic() + HANG_UP_SECONDS

    def _drain(self, connection: TConn, client: socket.socket) -> None:
        with suppress(BlockingIOError, InterruptedError):
            try:
                ended = not client.recv(_READ_BYTES)
            except ConnectionError:
                ended = True
            if ended:
                self._close(connection)

    def _close(self, connection: TConn) -> None:
        del self._hanging_up[connection]
        self.poller.unregister(connection.sock)
        connection.close()


def _say(connection: TConn, answer: bytes) -> None:
    """Send a few bytes if the client takes them without blocking."""
    send: Callable[[bytes], int] = connection.sock.send
    if answer:
        with suppress(OSError):
            send(answer)
