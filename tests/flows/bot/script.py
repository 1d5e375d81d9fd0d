"""A minimal Telegram server for a poller: getUpdates with offsets, and prepared answers."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.flows.updates import Json

TOKEN = "1234567890:" + "t" * 35


class ScriptedTelegram:
    """Serves `updates` from an offset on; `answers` (status, body) come first, one a call."""

    def __init__(self, port: int = 0) -> None:
        self.updates: list[Json] = []
        self.answers: deque[tuple[int, str | bytes]] = deque()
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.is_silent = False
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def confirmed(self) -> int:
        """The offset: every update below it is forgotten by Telegram."""
        return max((int(form.get("offset", 0)) for _, form in self.calls), default=0)

    def close(self) -> None:
        self.is_silent = False
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _keep_silent(self) -> None:
        """Answer nobody, and no sooner than a caller gives up."""
        deadline = time.monotonic() + 60
        while self.is_silent and time.monotonic() < deadline:
            time.sleep(0.05)

    def _answer(self, form: dict[str, str]) -> tuple[int, str | bytes]:
        if self.answers:
            return self.answers.popleft()
        offset, deadline = int(form.get("offset", 0)), time.monotonic() + float(form.get("timeout", 0))
        while True:
            waiting = [update for update in self.updates if update["update_id"] >= offset]
            if waiting or time.monotonic() > deadline:
                return 200, json.dumps({"ok": True, "result": waiting[:100]})
            time.sleep(0.01)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                script.calls.append((self.path.rsplit("/", 1)[1], form))
                script._keep_silent()
                status, text = script._answer(form)
                try:
                    self.send_response(status)
                    if 300 <= status < 400:
                        self.send_header("Location", f"{script.url}/elsewhere")
                    self.end_headers()
                    self.wfile.write(text if isinstance(text, bytes) else text.encode())
                except OSError:
                    return  # the poller was killed meanwhile

            def do_GET(self) -> None:
                """Only somebody who follows a redirection comes here."""
                script.calls.append((self.path.rsplit("/", 1)[1], {}))
                self.send_error(404)

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        return Handler
