"""Tests of the chaos proxy: it forwards data, and breaks connections on demand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.programs import own_environment
from tests.chaos.proxy import Proxy

ANSWER = b"heard: "


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that answers every piece of data with it; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    connection.sendall(ANSWER + data)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def proxy(echo: int, tmp_path: Path) -> Iterator[Proxy]:
    running = Proxy({"echo": ("127.0.0.1", echo)}, tmp_path / "proxy.out", own_environment())
    yield running
    running.stop()


def connect(proxy: Proxy) -> socket.socket:
    host, _, port = proxy.url("echo").partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def say(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(65536)


def test_the_proxy_forwards_data_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert say(connection, b"one") == ANSWER + b"one"
        assert say(connection, b"two") == ANSWER + b"two"
    assert proxy.met() == {"echo": {}}


def test_an_accepted_request_can_lose_its_answer(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert say(connection, b"before")
        proxy.order("echo", "lose_answer", times=1)
        with pytest.raises(ConnectionResetError):
            say(connection, b"this was accepted")
    with connect(proxy) as connection:
        assert say(connection, b"after") == ANSWER + b"after"
    assert proxy.met()["echo"] == {"lose_answer": 1}


def test_a_connection_is_cut_after_so_many_bytes(proxy: Proxy) -> None:
    proxy.order("echo", "reset", times=1, bytes=3)
    with connect(proxy) as connection:
        connection.sendall(b"long enough")
        with pytest.raises(ConnectionResetError):
            connection.recv(100)
    with connect(proxy) as connection:
        assert say(connection, b"after") == ANSWER + b"after"
    assert proxy.met()["echo"] == {"reset": 1}


def test_a_deaf_connection_sends_nothing_and_is_cut(proxy: Proxy) -> None:
    proxy.order("echo", "deaf", times=1, seconds=0.5)
    with connect(proxy) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            say(connection, b"is anybody there?")
        connection.settimeout(5)
        with pytest.raises(ConnectionResetError):
            connection.recv(10)


def test_the_proxy_refuses_connections_for_a_while_and_returns_on_the_same_port(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert say(connection, b"before")
        proxy.order("echo", "refuse", seconds=1.0)
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        with pytest.raises(ConnectionResetError):
            say(connection, b"cut as well")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with connect(proxy) as connection:
                assert say(connection, b"back") == ANSWER + b"back"
                return
        except ConnectionRefusedError:
            time.sleep(0.1)
    pytest.fail("the port did not come back")


def test_latency_is_added_and_ends(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        proxy.order("echo", "latency", seconds=5.0, delay=0.2)
        began = time.monotonic()
        assert say(connection, b"slow")
        assert time.monotonic() - began >= 0.4, "there and back"
        proxy.clear()
        assert say(connection, b"again")


def test_while_the_proxy_hangs_data_waits_and_is_forwarded_afterwards(proxy: Proxy) -> None:
    with connect(proxy) as before:
        assert say(before, b"before")
        proxy.order("echo", "hang", seconds=60)
        with connect(proxy) as meanwhile:
            for connection in (before, meanwhile):
                connection.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    say(connection, b"hello?")
            with connect(proxy):  # says nothing: it was not kept waiting
                proxy.clear()
                for connection in (before, meanwhile):
                    connection.settimeout(5)
                    assert connection.recv(100) == ANSWER + b"hello?"
    assert proxy.met()["echo"] == {"hang": 2}


def test_silent_connections_stay_open_and_new_ones_work(proxy: Proxy) -> None:
    with connect(proxy) as old, connect(proxy) as idle:
        assert say(old, b"before")
        assert say(idle, b"before")
        proxy.order("echo", "silence")
        old.settimeout(0.5)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                say(old, b"anybody?")
            with connect(proxy) as new:
                assert say(new, b"new") == ANSWER + b"new"
                assert say(new, b"again") == ANSWER + b"again"
        assert proxy.met()["echo"] == {"silence": 1}, "who said nothing has not noticed"
        idle.settimeout(0.3)
        with pytest.raises(TimeoutError):
            say(idle, b"anybody?")
        assert proxy.met()["echo"] == {"silence": 2}
        proxy.clear()
        with pytest.raises(ConnectionResetError):
            old.recv(100)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[Proxy, socket.socket]]:
    """A proxy before a service that is this test."""
    with socket.create_server(("127.0.0.1", 0)) as service:
        service.settimeout(10)
        running = Proxy({"echo": service.getsockname()[:2]}, tmp_path / "proxy.out", own_environment())
        yield running, service
        running.stop()


def test_a_request_to_a_hanging_service_arrives_after_its_client_left(
    listener: tuple[Proxy, socket.socket],
) -> None:
    """As with a stopped process: data in its kernel's buffer are read when it continues."""
    proxy, service = listener
    proxy.order("echo", "hang", seconds=60)
    with connect(proxy) as client:
        server, _ = service.accept()
        client.sendall(b"accepted?")
    with server:
        server.settimeout(0.3)
        with pytest.raises(TimeoutError):
            server.recv(100)
        proxy.clear()
        server.settimeout(5)
        assert server.recv(100) == b"accepted?"
    assert proxy.met()["echo"] == {"hang": 1}


def test_a_silent_connection_does_not_forward_a_close(listener: tuple[Proxy, socket.socket]) -> None:
    """So a PostgreSQL session stays open, with its locks."""
    proxy, service = listener
    with connect(proxy) as client:
        server, _ = service.accept()
        client.sendall(b"begin")
        assert server.recv(100) == b"begin"
        proxy.order("echo", "silence")
        client.sendall(b"commit")
    with server:
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            server.recv(100)
        proxy.clear()
        server.settimeout(5)
        with pytest.raises(ConnectionResetError):
            server.recv(100)


def test_an_unknown_fault_is_refused(proxy: Proxy) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        proxy.order("echo", "earthquake")
    with pytest.raises(ValueError, match="no such fault"):
        proxy.order("elsewhere", "reset")
