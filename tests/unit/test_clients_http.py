"""Tests of HTTP failures: which mean "nothing was accepted" and which leave the outcome unknown."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sandbox.servers_process import free_port
from socialboost.clients.answers import Answer, Limits
from socialboost.clients.http import HttpService, dump_json, refuse, retry_after
from socialboost.errors import AmbiguousError, RejectedError, ServiceError, ThrottledError, UnreachableError
from tests.unit import clients_server as wire

SECRET = "731946:AAhTestOnlyToken"
QUICK = Limits(connect_seconds=2.0, read_seconds=0.3, total_seconds=1.0, max_bytes=1000)


@contextmanager
def service(url: str, limits: Limits = QUICK) -> Iterator[HttpService]:
    client = HttpService("telegram", url, limits=limits)
    yield client
    client.close()


def check(answer: Answer) -> None:
    if answer.status >= 300:
        raise refuse("telegram", answer, code="", reason="")


def failure(url: str, *, repeatable: bool = False, calls: int = 1) -> ServiceError:
    """The error of the last of `calls` calls; those before it must succeed."""
    with service(url) as client:
        for _ in range(calls - 1):
            client.call("GET", "/", repeatable=True)
        with pytest.raises(ServiceError) as caught:
            client.call("POST", f"/bot{SECRET}/x", body={"a": 1}, repeatable=repeatable, check=check)
    return caught.value


def test_a_refused_connection_means_nothing_was_accepted() -> None:
    assert isinstance(failure(f"http://127.0.0.1:{free_port()}"), UnreachableError)


def test_an_unknown_host_means_nothing_was_accepted() -> None:
    assert isinstance(failure("http://no-such-host.invalid"), UnreachableError)


@pytest.mark.parametrize("step", [wire.close, wire.reset, wire.silence])
def test_no_answer_after_sending_is_ambiguous(step: wire.Step) -> None:
    with wire.WireServer([step]) as server:
        assert isinstance(failure(server.url), AmbiguousError)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RejectedError), (302, RejectedError), (429, ThrottledError), (503, AmbiguousError)],
)
def test_the_status_code_decides_the_error(status: int, kind: type[ServiceError]) -> None:
    with wire.WireServer([wire.answer(status)]) as server:
        error = failure(server.url)
    assert type(error) is kind
    assert error.status == status


def test_neither_message_nor_cause_holds_the_url() -> None:
    with wire.WireServer([wire.close]) as server:
        errors = [failure(server.url), failure(f"http://127.0.0.1:{free_port()}")]
    for error in errors:
        assert SECRET not in repr(error)
        assert error.__cause__ is None
        assert error.__suppress_context__


def test_connection_is_kept_between_calls() -> None:
    with wire.WireServer([wire.answer(200, {})]) as server, service(server.url) as client:
        for _ in range(5):
            client.call("GET", "/")
    assert {request.connection for request in server.requests} == {1}


def test_each_thread_has_its_own_connection() -> None:
    with wire.WireServer([wire.answer(200, {})]) as server, service(server.url) as client:
        client.call("GET", "/")
        other = threading.Thread(target=client.call, args=("GET", "/"))
        other.start()
        other.join(5)
    assert {request.connection for request in server.requests} == {1, 2}


def test_stale_connection_is_replaced_for_a_repeatable_call() -> None:
    steps = [wire.answer(200, {}), wire.reset, wire.answer(200, {"second": True})]
    with wire.WireServer(steps) as server, service(server.url) as client:
        client.call("GET", "/", repeatable=True)
        assert client.call("GET", "/", repeatable=True).json() == {"second": True}
    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_stale_connection_is_never_repeated_for_others() -> None:
    with wire.WireServer([wire.answer(200, {}), wire.reset, wire.answer(200, {})]) as server:
        assert isinstance(failure(server.url, calls=2), AmbiguousError)
        assert len(server.requests) == 2


def test_a_repeatable_call_is_repeated_once_only() -> None:
    with wire.WireServer([wire.answer(200, {}), wire.reset, wire.reset, wire.answer(200, {})]) as server:
        assert isinstance(failure(server.url, calls=2, repeatable=True), AmbiguousError)
        assert len(server.requests) == 3


def test_connection_the_server_closed_while_idle_is_not_used() -> None:
    """A closed connection is known before it is used: the request goes out on a new one."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with wire.WireServer([wire.raw(body, keep=False), wire.answer(200, {})]) as server:
        with service(server.url) as client:
            client.call("GET", "/")
            time.sleep(0.1)
            client.call("POST", "/", body={})
        assert [request.connection for request in server.requests] == [1, 2]


def test_long_idle_connection_is_not_trusted_with_a_single_shot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socialboost.clients.http.MAX_IDLE_SECONDS", 0.05)
    with wire.WireServer([wire.answer(200, {})]) as server, service(server.url) as client:
        client.call("GET", "/", repeatable=True)
        time.sleep(0.1)
        client.call("GET", "/", repeatable=True)
        time.sleep(0.1)
        client.call("POST", "/", body={})
    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_body_over_the_limit_is_not_read() -> None:
    with wire.WireServer([wire.answer(200, b"x" * 5000)]) as server, service(server.url) as client:
        assert client.call("GET", "/").body is None


def test_endless_body_ends_with_the_limit() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = wire.raw(head + b"100\r\n" + b"x" * 256 + b"\r\n" + b"100\r\n" * 2)
    with wire.WireServer([endless]) as server, service(server.url) as client:
        assert client.call("GET", "/").body is None


def test_dripping_body_ends_with_the_deadline() -> None:
    def drip(connection: object) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")  # type: ignore[attr-defined]
        for _ in range(100):
            connection.sendall(b"x")  # type: ignore[attr-defined]
            time.sleep(0.05)
        return False

    started = time.monotonic()
    with wire.WireServer([drip]) as server, service(server.url) as client:
        assert client.call("GET", "/").body is None
    assert time.monotonic() - started < 4.5


def test_cut_off_body_is_not_taken_for_whole() -> None:
    cut = wire.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"ok":true}', keep=False)
    with wire.WireServer([cut]) as server, service(server.url) as client:
        assert client.call("GET", "/").json() is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 900, b"1" * 990])
def test_a_body_that_is_not_json_gives_none(body: bytes) -> None:
    answer = Answer(200, {}, body)
    assert answer.json_object() == {}


def test_fractions_are_decimal() -> None:
    assert Answer(200, {}, b'{"a": 0.1}').json() == {"a": Decimal("0.1")}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.2", 1.0),
        ("-5", 1.0),
        ("nan", 1.0),
        ("inf", 10800.0),
        ("99999999", 10800.0),
        ("", 5.0),
        ("soon", 5.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1.0),
    ],
)
def test_retry_after_is_read_as_seconds(header: str, seconds: float) -> None:
    assert retry_after(Answer(429, {"Retry-After": header}, b"")) == seconds


def test_equal_values_are_encoded_as_equal_bytes() -> None:
    one = dump_json({"b": Decimal("1.5"), "a": "ї"})
    assert one == dump_json({"a": "ї", "b": Decimal("1.5")}) == '{"a":"ї","b":1.5}'.encode()
    assert json.loads(one) == {"a": "ї", "b": 1.5}


def test_a_certificate_that_does_not_verify_means_nothing_was_sent(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "own.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake_hands() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                context.wrap_socket(connection, server_side=True).close()

        server = threading.Thread(target=shake_hands)
        server.start()
        error = failure(f"https://127.0.0.1:{listener.getsockname()[1]}")
        server.join(5)
    assert isinstance(error, UnreachableError)
