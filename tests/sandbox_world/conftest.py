"""Fixtures of the stand-ins' tests: stand-ins as processes, and an HTTP sink in place of the shop."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox.programs import Program

TOKEN = "731946:AAhTestOnly"
API_KEY = "key-of-main-bot"


@dataclass
class Received:
    """One request that reached the sink."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass
class Shop:
    """What plays the product here: answers with the next status of `statuses`, 200 when none is left."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=lambda: {"success": True})

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        """The first `count` requests, as soon as they are there."""
        until(lambda: len(self.received) >= count, seconds)
        return self.received[:count]


def until(ready: Callable[[], bool], seconds: float = 20) -> None:
    """Poll with a generous deadline."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A listening sink."""
    state = Shop()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.received.append(Received(self.command, self.path, headers, body))
            answer = json.dumps(state.answer).encode()
            self.send_response(state.statuses.pop(0) if state.statuses else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_POST = handle_any  # noqa: N815 - the base class looks these names up

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def crypto_pay(shop: Shop, tmp_path: Path) -> Iterator[Program]:
    """Crypto Pay, its webhook pointed at the sink."""
    arguments = ["--port", "0", "--token", TOKEN, "--webhook-url", f"{shop.url}/webhook"]
    arguments += ["--retry-seconds", "0.05", "--wire-log", str(tmp_path / "wire.jsonl")]
    program = Program("sandbox.crypto_pay", arguments, log=tmp_path / "crypto_pay.log")
    program.wait_for_address()
    yield program
    assert program.stop() == 0, program.log.read_text()


@pytest.fixture
def main_bot(shop: Shop, tmp_path: Path) -> Iterator[Program]:
    """Main Bot that works only when told to, reporting to the sink."""
    arguments = ["--port", "0", "--api-key", API_KEY, "--callback-url", shop.url]
    arguments += ["--auto", "off", "--step-seconds", "0.01", "--wire-log", str(tmp_path / "wire.jsonl")]
    program = Program("sandbox.main_bot", arguments, log=tmp_path / "main_bot.log")
    program.wait_for_address()
    yield program
    assert program.stop() == 0, program.log.read_text()
