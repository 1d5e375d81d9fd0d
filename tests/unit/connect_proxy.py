"""A web proxy as companies run them: CONNECT only, with a login, and the service itself behind it."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "api.service.example"
"""Found by no resolver: who asks it without the proxy fails."""
BODY = b'{"ok":true,"result":{"id":42,"is_bot":true,"first_name":"Shop"}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)


@dataclass
class ConnectProxy:
    """Takes tunnels to HOST, plays the service in them, and remembers who asked; `status` may refuse all."""

    directory: Path
    status: bytes = b"200 Connection established"
    targets: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.bundle = self.directory / "trusted.pem"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate(self.directory, self.bundle))
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            head = _until(connection.recv, b"\r\n\r\n")
            first, *headers = head.decode().split("\r\n")
            self.targets.append(first.rpartition(" ")[0])
            for header in headers:
                name, _, value = header.partition(": ")
                if name.lower() == "proxy-authorization":
                    self.logins.append(base64.b64decode(value.removeprefix("Basic ")).decode())
            connection.sendall(b"HTTP/1.1 %s\r\n\r\n" % self.status)
            if self.status.startswith(b"200"):
                with self._context.wrap_socket(connection, server_side=True) as tunnel:
                    _until(tunnel.recv, b"\r\n\r\n")
                    tunnel.sendall(ANSWER)
                    tunnel.recv(65536)


def _until(receive: Callable[[int], bytes], end: bytes) -> bytes:
    data = b""
    while end not in data and (more := receive(65536)):
        data += more
    return data


def certificate(directory: Path, bundle: Path) -> Path:
    """Write HOST's certificate with its key, and what to trust to accept it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    names: list[Any] = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    bundle.write_bytes(made.public_bytes(Encoding.PEM))
    both = directory / "own.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + made.public_bytes(Encoding.PEM))
    return both
