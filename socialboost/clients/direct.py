"""A keep-alive connection to a service that is reached without a proxy: http.client, without a pool.

An exchange needs a third of the processor time that it needs through `requests`, and a full order makes half
a dozen. http.client reads the answer (status line, headers, chunks) with its limits of 100 headers and 64 KiB
a line. This module builds the request's bytes, keeps the time limits, refuses incomplete answers that
http.client accepts, and decides what each failure says about the request.
"""

from __future__ import annotations

import http.client
import io
import re
import select
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlsplit

from socialboost.clients.answers import Answer, Limits, NoAnswerInTimeError, NotConnectedError, ResetError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK_BYTES: Final = 16 * 1024
_MOST_INTERIM: Final = 10
"""The largest number of 1xx answers before the real one. http.client itself skips only 100."""
_PLAIN: Final = re.compile(r"[!-~]*")
_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_HEADER: Final = re.compile(r"[!-9;-~]+: [^\r\n\0]*")


class DirectConnection:
    """A connection of one thread. Only `close` may be called from another thread."""

    def __init__(self, base_url: str, limits: Limits, ca_bundle: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(base_url)
        self._is_tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if self._is_tls else 80)
        self._prefix = parts.path
        self._limits = limits
        self._ca_bundle = ca_bundle
        host = parts.netloc.rpartition("@")[2].encode("idna" if not parts.netloc.isascii() else "ascii")
        self._head = b" HTTP/1.1\r\nHost: " + host + b"\r\n" + _lines(headers)
        self._kept: socket.socket | None = None

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Make one exchange. The connection is kept for the next one only if the answer was read completely.

        It is not kept during the exchange, so an interrupt at any point cannot affect the next one.
        """
        request = self._request(method, path, data, headers)
        sock = self._take()
        is_whole = False
        try:
            reader = _Reader(sock, self._limits)
            response = self._first_line_and_headers(sock, reader, request, method)
            reader.start_body()
            body, is_too_long = self._body(response)
            is_whole = body is not None and not response.will_close and not reader.has_more()
        finally:
            if not is_whole:
                sock.close()
        self._kept = sock
        # HTTPMessage finds a name in any case, as a mapping from strings to strings does.
        return Answer(response.status, cast("Mapping[str, str]", response.headers), body, is_too_long)

    def close(self) -> None:
        """Close the connection. The next exchange opens another."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _request(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> bytes:
        target = self._prefix + path
        if not _PLAIN.fullmatch(target):
            target = quote(target, safe=_SAFE)
        own = _lines(headers)
        if data is not None:
            own += b"Content-Length: %d\r\n" % len(data)
        elif method not in {"GET", "HEAD"}:
            own += b"Content-Length: 0\r\n"
        return b"".join((method.encode(), b" ", target.encode(), self._head, own, b"\r\n", data or b""))

    def _take(self) -> socket.socket:
        """Return the kept connection, or a new one if the server has closed it."""
        kept, self._kept = self._kept, None
        if kept is not None:
            if kept.fileno() >= 0 and not _is_readable(kept):
                return kept
            kept.close()
        connection = self._new()
        try:
            connection.connect()
        except (OSError, UnicodeError, http.client.HTTPException):  # UnicodeError: a host DNS cannot have
            connection.close()
            raise NotConnectedError from None
        except BaseException:
            connection.close()
            raise
        return cast("socket.socket", connection.sock)

    def _new(self) -> http.client.HTTPConnection:
        seconds = self._limits.connect_seconds
        if not self._is_tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        trusted = _context(self._ca_bundle)
        return http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=trusted)

    def _first_line_and_headers(
        self, sock: socket.socket, reader: _Reader, request: bytes, method: str
    ) -> http.client.HTTPResponse:
        try:
            sock.settimeout(self._limits.read_seconds)
            with suppress(BrokenPipeError):  # it may have answered before it had read everything
                sock.sendall(request)
            response = http.client.HTTPResponse(cast("Any", reader), method=method)
            for _ in range(_MOST_INTERIM):
                response.begin()
                if response.status >= 200:
                    _check_framing(response)
                    return response
                cast("Any", response).headers = None  # without them it begins anew, with the next answer
        except TimeoutError:
            raise NoAnswerInTimeError from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ResetError(type(error).__name__) from None
        raise ResetError("only interim answers")

    def _body(self, response: http.client.HTTPResponse) -> tuple[bytes | None, bool]:
        """Return the whole body, or None if it is too long (then with True), too slow or cut off."""
        parts, size, most = [], 0, self._limits.max_bytes
        try:
            while chunk := response.read1(_CHUNK_BYTES):
                parts.append(chunk)
                size += len(chunk)
                if size > most:
                    return None, True
        except (OSError, http.client.HTTPException, ValueError):
            return None, False
        return (None if response.length else b"".join(parts)), False


class _Reader(io.RawIOBase):
    """Reads the answer's bytes within two limits: of each silence, and of the whole time.

    A timeout of the socket alone would begin again with every byte.
    """

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        self._sock = sock
        self._limits = limits
        self._stage = "head"
        self._deadline = time.monotonic() + limits.total_seconds

    def start_body(self) -> None:
        """Record that the head was read. The body has its own time limit and may end with the connection."""
        self._stage = "body"
        self._deadline = time.monotonic() + self._limits.total_seconds

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the file object that http.client asks a socket for."""
        self._buffer = _Buffer(self)
        return self._buffer

    def has_more(self) -> bool:
        """Return True if more bytes than the answer came: they could be read as the next answer."""
        self._stage = "end"
        return bool(self._buffer.peek())

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Receive the available bytes. TimeoutError at either limit, ConnectionError for half a head."""
        if self._stage == "end":
            return 0
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._limits.read_seconds, left))
        count = self._sock.recv_into(buffer)
        if not count and self._stage == "head":  # http.client would take what there is for a whole head
            raise ConnectionResetError
        return count


class _Buffer(io.BufferedReader):
    """Stays readable after http.client has read the answer."""

    def close(self) -> None:
        """Do nothing: the owner of the socket closes or keeps it."""


def _check_framing(response: http.client.HTTPResponse) -> None:
    """Raise HTTPException unless the head states the end of the body in exactly one way.

    http.client uses the first of several lengths, and does not decode an unknown coding.
    """
    headers = response.headers
    lengths = {value.strip() for value in headers.get_all("Content-Length", ())}
    codings = headers.get_all("Transfer-Encoding", ())
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)) or (codings and not response.chunked):
        raise http.client.HTTPException
    if len(codings) > 1:
        raise http.client.HTTPException
    if codings and lengths:  # the chunks count, but somebody on the way may have counted otherwise
        response.will_close = True


def _is_readable(sock: socket.socket) -> bool:
    """Return True if the server closed an idle connection, or sent bytes without a request."""
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):  # closed here
        return True


def _lines(headers: Mapping[str, str]) -> bytes:
    """Return the header lines. Raises ValueError, without the value, for a value with a line break."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if not all(map(_HEADER.fullmatch, lines)):
        raise ValueError("a header's name or value holds what no header may")
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


@lru_cache(maxsize=4)
def _context(ca_bundle: str) -> ssl.SSLContext:
    """Return the TLS settings. All threads share them, because reading the certificates takes long."""
    is_directory = Path(ca_bundle).is_dir()
    context = ssl.create_default_context(
        cafile=None if is_directory else ca_bundle, capath=ca_bundle if is_directory else None
    )
    context.set_alpn_protocols(["http/1.1"])
    return context
