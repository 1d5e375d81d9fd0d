"""Tests of slow clients: they hold no thread of web, and their time is limited."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.flows.updates import only
from tests.flows.web.test_crypto_pay import BODY, PATH, SIGNATURE
from tests.flows.web.test_server import Server, start

__all__ = ["start"]

SLOW = 200
HALF_HEAD = b"GET /heal"
HALF_BODY = b"POST /webhook/cryptobot HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
HALF_CHUNK = b"POST /webhook/cryptobot HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
WEBHOOK = (
    f"POST {PATH} HTTP/1.1\r\nHost: x\r\ncrypto-pay-api-signature: {SIGNATURE}\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY
STOCK = "--worker-class=gthread --workers=1"
HASTY = "--worker-class=tests.flows.web.hasty_worker.HastyWorker"
CRAMPED = "--worker-class=tests.flows.web.hasty_worker.CrampedWorker --workers=1"


@pytest.fixture
def connect() -> Iterator[Callable[..., socket.socket]]:
    with ExitStack() as stack:

        def one(server: Server, data: bytes = b"", timeout: float = 60) -> socket.socket:
            stack.enter_context(closing(server.connect())).close()  # waits until somebody listens
            client = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
            stack.enter_context(client)
            client.sendall(data)
            return client

        yield one


def statuses(client: socket.socket, count: int) -> list[int]:
    """Read `count` answers of a connection; fewer when it was closed before."""
    found: list[int] = []
    with client.makefile("rb") as stream:
        while len(found) < count and (line := stream.readline()):
            found.append(int(line.split()[1]))
            headers = dict(
                header.decode().lower().strip().split(": ", 1) for header in iter(stream.readline, b"\r\n")
            )
            stream.read(int(headers.get("content-length", "0")))
    return found


def is_closed(client: socket.socket) -> bool:
    """Wait until the server has closed; what it said before that is skipped."""
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize(
    "sent", [b"", HALF_HEAD, HALF_BODY, HALF_CHUNK], ids=["silent", "head", "body", "chunk"]
)
def test_slow_clients_hold_no_thread(
    sent: bytes, start: Callable[..., Server], connect: Callable[..., socket.socket], redis_url: str
) -> None:
    """Without this worker class sixteen incomplete requests leave /health and webhooks without an answer."""
    server = start()
    slow = [connect(server, sent) for _ in range(SLOW)]
    assert statuses(connect(server, WEBHOOK), 1) == [200]
    assert only(redis_url).args["key"] == "cp:5500123"
    assert statuses(connect(server, HEALTH), 1) == [503]  # no worker runs here
    del slow


def test_stock_gunicorn_is_stopped_by_few_of_them(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    """The control: without our worker class the same clients hold every thread. Of two processes, which
    share connections as it happens, one might have a thread left.
    """
    server = start(GUNICORN_CMD_ARGS=STOCK)
    slow = [connect(server, HALF_HEAD) for _ in range(32)]
    with pytest.raises(TimeoutError):
        statuses(connect(server, HEALTH, timeout=3), 1)
    del slow


@pytest.mark.parametrize(
    ("sent", "answer"),
    [(b"", []), (HALF_HEAD, [408]), (HALF_BODY, [408]), (HALF_CHUNK, [408])],
    ids=["silent", "head", "body", "chunk"],
)
def test_an_incomplete_request_is_closed_in_time(
    sent: bytes, answer: list[int], start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    client = connect(start(GUNICORN_CMD_ARGS=HASTY), sent)
    assert statuses(client, 2) == answer
    assert is_closed(client)


def test_the_oldest_incomplete_request_is_closed_for_a_new_one(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    """Four have room, for an hour; the fifth closes the first, and whole requests are answered."""
    server = start(GUNICORN_CMD_ARGS=CRAMPED)
    first = connect(server, HALF_HEAD)
    rest = [connect(server, HALF_HEAD) for _ in range(4)]
    assert is_closed(first)
    assert statuses(connect(server, HEALTH), 1) == [503]
    del rest


def test_pipelined_requests_are_answered_in_order(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    client = connect(start(), WEBHOOK + HEALTH + HALF_HEAD)
    assert statuses(client, 2) == [200, 503]
    client.sendall(HEALTH[len(HALF_HEAD) :])
    assert statuses(client, 1) == [503]


def test_a_request_in_single_bytes_is_answered(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    client = connect(start())
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in WEBHOOK:
        client.sendall(bytes([byte]))
    assert statuses(client, 1) == [200]


def test_the_rest_of_a_body_that_is_too_long_is_not_read_as_a_request(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    """The rest of such a body is never read as the next request: one answer, then the end."""
    head = b"POST /webhook/cryptobot HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
    client = connect(start(), head + b" " * 65537 + HEALTH * 20)
    assert statuses(client, 5) in ([413], [401])


def test_a_head_without_end_is_refused(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    client = connect(start(), b"GET /health HTTP/1.1\r\n" + b"X-A: b\r\n" * 5000 + b"X")
    assert statuses(client, 1) == [431]


def test_a_client_that_waits_for_100_continue_is_answered(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    head, _, body = WEBHOOK.partition(b"\r\n\r\n")
    client = connect(start(), head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body)
    assert statuses(client, 2)[-1] == 200


def test_a_client_that_does_not_read_answers_holds_no_thread_for_long(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    """Its requests fill every buffer on the way; others are answered meanwhile."""
    server = start()
    deaf = [connect(server, timeout=1) for _ in range(16)]
    for client in deaf:
        client.setblocking(False)
        try:
            while client.send(HEALTH * 500):
                pass
        except BlockingIOError:
            pass
    assert statuses(connect(server, WEBHOOK), 1) == [200]


def test_a_stopping_server_does_not_wait_for_slow_clients(
    start: Callable[..., Server], connect: Callable[..., socket.socket]
) -> None:
    server = start()
    slow = [connect(server) for _ in range(50)] + [connect(server, HALF_HEAD) for _ in range(50)]
    assert statuses(connect(server, WEBHOOK), 1) == [200]
    server.popen.send_signal(signal.SIGTERM)
    assert server.popen.wait(60) == 0
    del slow
