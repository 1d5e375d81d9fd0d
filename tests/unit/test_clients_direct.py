"""Tests of connections without a proxy: what a server may send, and that no exchange affects the next."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from socialboost.clients.answers import Limits
from socialboost.clients.http import HttpService
from socialboost.errors import AmbiguousError, UnreachableError
from tests.unit import clients_server as wire
from tests.unit.connect_proxy import ANSWER, HOST, certificate

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PATIENT = Limits(connect_seconds=5.0, read_seconds=20.0, total_seconds=30.0, max_bytes=1000)


@contextmanager
def service(url: str, limits: Limits = PATIENT) -> Iterator[HttpService]:
    client = HttpService("telegram", url, limits=limits)
    yield client
    client.close()


def connections(server: wire.WireServer) -> list[int]:
    return [request.connection for request in server.requests]


def test_a_chunked_answer_is_read_whole_and_its_connection_kept() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b'6;name=value\r\n{"ok":\r\n5\r\ntrue}\r\n0\r\nTrailer: x\r\n\r\n'
    with wire.WireServer([wire.raw(head + body)]) as server, service(server.url) as client:
        for _ in range(2):
            assert client.call("GET", "/").json() == {"ok": True}
        assert connections(server) == [1, 1]


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
    ],
)
def test_a_body_without_its_end_is_none_and_ends_the_connection(broken: bytes) -> None:
    steps = [wire.raw(broken, keep=False), wire.raw(OK)]
    with wire.WireServer(steps) as server, service(server.url) as client:
        assert client.call("GET", "/").body is None
        assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


def test_a_connection_whose_answer_has_no_end_is_not_used_again() -> None:
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"
    with wire.WireServer([wire.raw(broken), wire.raw(OK)]) as server, service(server.url) as client:
        assert client.call("GET", "/").body is None
        assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    with wire.WireServer([wire.raw(b"HTTP/1.0 200 OK\r\n\r\n{}", keep=False)]) as server:
        with service(server.url) as client:
            assert client.call("GET", "/").body == b"{}"
            assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_an_interim_answer_is_not_taken_for_the_answer(interim: bytes) -> None:
    step = wire.raw(b"HTTP/1.1 %s\r\nLink: </x>\r\n\r\n" % interim * 2 + OK)
    with wire.WireServer([step]) as server, service(server.url) as client:
        for _ in range(2):
            answer = client.call("GET", "/")
            assert (answer.status, answer.body, answer.headers.get("Link")) == (200, b"{}", None)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nDate: today\r\nX",
        b"HTTP/1.1 200 OK\r\nDate: today\r\n",
        b"HTTP/1.1 204 OK\r\nDate: today\r\n",
        b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_answer_leaves_the_outcome_unknown(nonsense: bytes) -> None:
    steps = [wire.raw(nonsense, keep=False), wire.raw(OK)]
    with wire.WireServer(steps) as server, service(server.url) as client:
        with pytest.raises(AmbiguousError, match="the exchange broke off"):
            client.call("POST", "/", body={})
        assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"Content-Length: 2", b"Content-Length: 2\r\ncontent-length:  2"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_length_given_twice_is_read_where_it_leaves_no_doubt(answer: bytes) -> None:
    with wire.WireServer([wire.raw(answer)]) as server, service(server.url) as client:
        assert client.call("POST", "/", body={}).body == b"{}"


@pytest.mark.parametrize(
    "first",
    [
        OK + b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"foreign"',
        OK + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_connection_with_more_or_less_than_one_answer_is_not_used_again(first: bytes) -> None:
    with wire.WireServer([wire.raw(first), wire.raw(OK)]) as server, service(server.url) as client:
        for _ in range(2):
            assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


def test_a_head_that_drips_ends_with_the_deadline() -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        with contextlib.suppress(OSError):
            while not ended.wait(0.02):
                connection.sendall(b"y")
        return False

    limits = Limits(read_seconds=20.0, total_seconds=0.5)
    with wire.WireServer([drip]) as server, service(server.url, limits) as client:
        threading.Timer(30, ended.set).start()
        with pytest.raises(AmbiguousError, match="no answer in time"):
            client.call("POST", "/", body={})
        assert not ended.is_set()
        ended.set()


def test_what_nobody_asked_for_is_not_the_next_answer() -> None:
    sent = threading.Event()

    def twice(connection: socket.socket) -> bool:
        connection.sendall(OK)
        read.wait(10)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"foreign"')
        sent.set()
        return True

    read = threading.Event()
    with wire.WireServer([twice, wire.raw(OK)]) as server, service(server.url) as client:
        client.call("GET", "/")
        read.set()
        assert sent.wait(10)
        assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


class InterruptError(BaseException):
    """As Dramatiq raises in a thread whose job has run too long."""


def test_an_interrupted_exchange_leaves_nothing_to_the_next() -> None:
    """The server hangs, the job is ended, and the answer comes when the next request does."""
    thread = ctypes.c_ulong(threading.get_ident())
    late = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"foreign"'
    hung: list[socket.socket] = []

    def interrupt(connection: socket.socket) -> bool:
        hung.append(connection)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(InterruptError))
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")  # the thread only sees it when it wakes
        return True

    def then(connection: socket.socket) -> bool:
        connection.sendall(late if connection in hung else OK)
        return True

    with wire.WireServer([interrupt, then]) as server, service(server.url) as client:

        def call() -> None:
            client.call("GET", "/")
            pytest.fail("the exchange was not interrupted")

        with pytest.raises(InterruptError):
            call()
        assert client.call("POST", "/", body={}).body == b"{}"
        assert connections(server) == [1, 2]


@pytest.mark.parametrize(
    ("path", "sent"), [("/tasks?a=%20b&c=d", "/tasks?a=%20b&c=d"), ("/їжа x", "/%D1%97%D0%B6%D0%B0%20x")]
)
def test_the_request_is_what_a_server_expects(path: str, sent: str) -> None:
    with wire.WireServer([wire.raw(OK)]) as server, service(server.url + "/base/") as client:
        address = server.url.removeprefix("http://")
        client.call("POST", path, body={"a": 1}, headers={"Idempotency-Key": "k"})
        client.call("POST", path)
    first, second = server.requests
    assert (first.method, first.path, first.body) == ("POST", "/base" + sent, b'{"a":1}')
    assert first.headers["host"] == address
    assert first.headers["idempotency-key"] == "k"
    assert first.headers["content-type"] == "application/json"
    assert second.headers["content-length"] == "0"


def test_a_header_cannot_bring_a_second_one() -> None:
    with wire.WireServer([wire.raw(OK)]) as server, service(server.url) as client:
        with pytest.raises(ValueError, match="header") as error:
            client.call("GET", "/", headers={"Idempotency-Key": "k-secret\r\nX: y"})
        assert "k-secret" not in str(error.value)
        assert server.requests == []


@contextmanager
def tls_server(address: str, pem: Path) -> Iterator[tuple[str, list[int]]]:
    """Answers every request; yields its URL and, request by request, the connection's number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    seen: list[int] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            for number in range(1, 10):
                connection, _ = listener.accept()
                threading.Thread(target=talk, args=(connection, number), daemon=True).start()

    def talk(connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tunnel:
            while tunnel.recv(65536):
                seen.append(number)
                tunnel.sendall(ANSWER)

    with socket.create_server((address, 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"https://{address}:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)


def test_tls_keeps_its_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "trusted.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with tls_server("127.0.0.1", certificate(tmp_path, bundle)) as (url, seen), service(url) as client:
        for _ in range(3):
            assert client.call("GET", "/").json_object()["ok"] is True
    assert seen == [1, 1, 1]


def test_a_certificate_for_another_name_means_nothing_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "trusted.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    pem = certificate(tmp_path, bundle)
    with (
        tls_server("127.0.0.2", pem) as (url, seen),
        service(url) as client,
        pytest.raises(UnreachableError),
    ):
        client.call("POST", "/", body={})
    assert seen == []


def test_a_handshake_that_is_no_tls_means_nothing_was_sent() -> None:
    def talk() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionResetError):
            connection.recv(65536)
            connection.sendall(OK)
            connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=talk)
        server.start()
        with (
            service(f"https://127.0.0.1:{listener.getsockname()[1]}") as client,
            pytest.raises(UnreachableError),
        ):
            client.call("POST", "/", body={})
        server.join(20)


def test_a_proxy_is_asked_in_the_absolute_form(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire.WireServer([wire.raw(OK)]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with service(f"http://{HOST}/base") as client:
            assert client.call("POST", "/x", body={}).body == b"{}"
    assert proxy.requests[0].path == f"http://{HOST}/base/x"
