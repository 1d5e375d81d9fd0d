"""What single steps of a job cost, in microseconds of this thread's processor time, beside their floors.

The other end of each exchange is a program of its own, so its cost is not counted.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import requests

from benchmarks.options import Options
from benchmarks.results import Result, Table
from socialboost import logs
from socialboost.clients.answers import Limits
from socialboost.clients.http import HttpService
from socialboost.clients.proxied import ProxiedConnection
from socialboost.logs import redaction

ROUNDS: Final = 7
CALLS: Final = 2_000
SECRETS: Final = 14
"""As many as a worker knows, with their spellings."""
ANSWER: Final = json.dumps({"ok": True, "result": {"message_id": 7, "date": 1, "chat": {"id": 5}}}).encode()
BODY: Final = {
    "chat_id": 700_100_200,
    "text": "Pay 24.00 USDT, and the package starts at once. " * 4,
    "parse_mode": "HTML",
    "reply_markup": {
        "inline_keyboard": [[{"text": f"Button {n}", "callback_data": f"b_{n}"}] for n in "1234"]
    },
}
SERVER: Final = """\
import socket
answer = %r
head = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nConnection: keep-alive\\r\\n"
answer = head + b"Content-Length: %%d\\r\\n\\r\\n" %% len(answer) + answer
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while request := connection.recv(65536):
            length = int(request.lower().partition(b"content-length: ")[2].split(b"\\r", 1)[0])
            while len(request.partition(b"\\r\\n\\r\\n")[2]) < length:
                request += connection.recv(65536)
            connection.sendall(answer)
"""
"""Reads a request and answers it, without looking at anything else."""

HOW: Final = f"""\
{CALLS} calls in a row, the best of {ROUNDS} rounds, the ways taking turns. An exchange is a message with four
buttons and its answer, over a connection that is kept. A line is what a worker says about a call: to standard
output and to two of the four files."""

Call = Callable[[], Any]


def run(options: Options) -> Result:
    """Measure exchanges and lines."""
    calls, rounds = (20, 1) if options.quick else (CALLS, ROUNDS)
    tables = [
        Table("One exchange", ("how", "CPU µs"), _exchanges(calls, rounds)),
        Table("One log line", ("how", "CPU µs"), _lines(calls, rounds)),
    ]
    return Result("steps", tables, [], HOW)


def _measured(ways: dict[str, Call], calls: int, rounds: int) -> list[tuple[str, float]]:
    """Return each way's cost in its best round: whatever disturbs a round only adds."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, call in ways.items():
            call()
            began = time.thread_time()
            for _ in range(calls):
                call()
            best[name] = min(best[name], (time.thread_time() - began) / calls * 1e6)
    return list(best.items())


@contextmanager
def _server() -> Iterator[str]:
    """Yield the URL of a server that answers one connection after another."""
    command = [sys.executable, "-c", SERVER % ANSWER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def _exchanges(calls: int, rounds: int) -> list[tuple[str, float]]:
    with _server() as url:
        service = HttpService("telegram", url)
        proxied = ProxiedConnection(url, Limits(), "", {"User-Agent": "SocialBoost"}, url)
        plain = http.client.HTTPConnection(url.removeprefix("http://"))
        session = requests.Session()
        body = json.dumps(BODY).encode()
        headers = {"Content-Type": "application/json"}

        def floor() -> Any:
            plain.request("POST", "/bot1:x/sendMessage", json.dumps(BODY), headers)
            return json.loads(plain.getresponse().read())

        ways: dict[str, Call] = {
            "ours": lambda: service.call("POST", "/bot1:x/sendMessage", body=BODY).json(),
            "ours through a proxy: requests' adapter": lambda: proxied.send(
                "POST", "/x", body, headers
            ).json(),
            "http.client as it is": floor,
            "requests.Session": lambda: session.post(f"{url}/bot1:x/sendMessage", json=BODY).json(),
        }
        found = []
        closes = (service.close, proxied.close, plain.close, session.close)
        for (name, call), close in zip(ways.items(), closes, strict=True):
            found += _measured({name: call}, calls, rounds)
            close()  # the server talks to one at a time
        return found


def _lines(calls: int, rounds: int) -> list[tuple[str, float]]:
    """A worker's line about a call; standard output goes nowhere, the files are on this disk."""
    log = logs.get("socialboost.clients.http")
    redaction.hide(f"secret-{number}-of-this-worker" for number in range(SECRETS))
    standard = os.dup(1)
    with TemporaryDirectory() as directory, Path(os.devnull).open("wb") as nowhere:
        try:
            os.dup2(nowhere.fileno(), 1)
            logs.configure("worker", "INFO", Path(directory))

            def line() -> None:
                log.info("crypto_pay_called", method="createInvoice", status=200, ms=12.3)

            def left_out() -> None:
                log.debug("crypto_pay_called", method="createInvoice", status=200, ms=12.3)

            with logs.context(job="create_invoice", queue="payments", key="tg:1:0", job_id="9f0c", attempt=1):
                return _measured({"at INFO": line, "at DEBUG, left out": left_out}, calls, rounds)
        finally:
            os.dup2(standard, 1)
            os.close(standard)
