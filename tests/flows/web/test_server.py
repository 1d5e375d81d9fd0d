"""Tests of gunicorn with the real application over real sockets: chunked bodies, stops, refused starts."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sandbox.servers import ValkeyServer
from sandbox.servers_process import free_port
from tests import loaded
from tests.flows.frozen import children, frozen
from tests.flows.updates import only, queued
from tests.flows.web.conftest import WEB_NEEDS
from tests.flows.web.test_crypto_pay import BODY, SIGNATURE
from tests.loaded import Loaded
from tests.unit.settings_environment import VALID

ROOT = Path(__file__).resolve().parents[3]


class Server:
    """The web process as supervisord starts it, without the secrets it must not hold."""

    def __init__(self, directory: Path, environment: dict[str, str], *, by_command: bool = False) -> None:
        self.port = free_port()
        self.output = directory / "output"
        whole = {
            "PATH": os.environ["PATH"],
            "PORT": str(self.port),
            "LOG_DIR": "-",
            **{name: VALID[name] for name in WEB_NEEDS},
            **environment,
        }
        arguments = ["-c", str(ROOT / "deploy/gunicorn.conf.py"), "socialboost.web:create_app()"]
        self.popen: Loaded | subprocess.Popen[bytes]
        if not by_command:
            self.popen = loaded.start(
                "gunicorn", *arguments, directory=directory, output=self.output, environment=whole
            )
            return
        with self.output.open("ab") as output:
            self.popen = subprocess.Popen(
                [str(Path(sys.executable).with_name("gunicorn")), *arguments],
                cwd=directory,
                env=whole,
                stdout=output,
                stderr=output,
            )

    def connect(self) -> http.client.HTTPConnection:
        """Connect as soon as somebody listens."""
        deadline = time.monotonic() + 30
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.connect()
            except ConnectionRefusedError:
                assert self.popen.poll() is None, self.output.read_text()
                assert time.monotonic() < deadline, self.output.read_text()
                time.sleep(0.05)
            else:
                return connection

    def memory(self) -> int:
        """Kilobytes of the largest of its processes."""
        sizes = [
            int(line.split()[1])
            for pid in children(self.popen.pid)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        ]
        return max(sizes)


@pytest.fixture
def start(redis_url: str, tmp_path: Path, together: None) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def one(*, by_command: bool = False, **environment: str) -> Server:
        started.append(Server(tmp_path, {"REDIS_URL": redis_url} | environment, by_command=by_command))
        return started[-1]

    yield one
    for server in started:
        if server.popen.poll() is None:
            server.popen.send_signal(signal.SIGQUIT)
            server.popen.wait(60)  # graceful_timeout is 20 s: then it kills a worker that reads on


def status_of(server: Server, chunk: bytes, count: int) -> int:
    """Send a chunked body and return the answer's status; stop sending when the server closes."""
    with closing(server.connect()) as connection:
        connection.putrequest("POST", "/webhook/cryptobot")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("crypto-pay-api-signature", SIGNATURE)
        connection.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):  # it refused before everything was sent
            for _ in range(count):
                connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            connection.send(b"0\r\n\r\n")
        with closing(connection.getresponse()) as response:
            return response.status


def test_chunked_bodies_are_read_and_bounded(start: Callable[..., Server], redis_url: str) -> None:
    server = start()
    assert status_of(server, BODY, 1) == 200
    assert only(redis_url).args["key"] == "cp:5500123"
    before = server.memory()
    # One byte over the limit, so that nothing is left unread that would reset the connection.
    assert status_of(server, b" " * 65537, 1) == 413
    with suppress(ConnectionResetError):  # closed on what is still coming; the answer may be lost on the way
        assert status_of(server, b" " * 1_000_000, 200) == 413
    assert server.memory() < before + 10_000
    assert queued(redis_url) == []
    assert status_of(server, BODY, 1) == 200


def test_health_over_http_and_a_clean_stop(start: Callable[..., Server]) -> None:
    server = start(by_command=True)
    with closing(server.connect()) as connection:
        connection.request("GET", "/health")
        response = connection.getresponse()
        assert (response.status, response.getheader("Content-Type")) == (503, "application/json")
        assert b'"redis":true' in response.read().replace(b" ", b"")
    server.popen.send_signal(signal.SIGTERM)
    assert server.popen.wait(30) == 0


def test_the_server_stops_in_time_while_redis_hangs(
    start: Callable[..., Server], valkey_server: ValkeyServer
) -> None:
    """The whole group gets the signal, with a webhook in progress and clients that never finish."""
    server = start()
    with closing(server.connect()) as asking, closing(server.connect()) as silent, frozen(valkey_server):
        silent.send(b"GET /heal")
        asking.request("POST", "/webhook/cryptobot", BODY, {"crypto-pay-api-signature": SIGNATURE})
        for _ in range(2):
            for process in (*children(server.popen.pid), server.popen.pid):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGTERM)
            time.sleep(0.1)
        assert server.popen.wait(30) == 0  # supervisord.conf: then it would be killed


@pytest.mark.parametrize(
    ("name", "value"),
    [("CRYPTOBOT_TOKEN", ""), ("ADMIN_API_KEY", "short"), ("REDIS_URL", ""), ("PORT", "http")],
)
def test_a_wrong_setting_stops_the_start(name: str, value: str, start: Callable[..., Server]) -> None:
    server = start(**{name: value})
    assert server.popen.wait(30) == 2
    text = server.output.read_text()
    assert text.startswith(f"{name} is ")
    assert "Traceback" not in text


def test_nobody_mounts_the_application_elsewhere_by_a_header(start: Callable[..., Server]) -> None:
    with closing(start().connect()) as connection:
        connection.request("GET", "/api/tasks/pending", headers={"SCRIPT_NAME": "/x", "PATH_INFO": "/health"})
        with closing(connection.getresponse()) as response:
            assert response.status == 401
            assert response.headers["Content-Type"] == "application/json"
