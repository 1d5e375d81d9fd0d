"""Shared code of the Crypto Pay and Main Bot stand-ins: a log of all calls, and faults on demand.

The code is the same for both services. The log is one JSON object a line, written as it happens, so that a
reader of the file (the walk, a test, the live strip) sees the same thing the stand-in does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

KEPT_LINES = 5000
FAULT_KINDS = ("late", "lost", "refused", "status", "altered")


class WireLog:
    """Every request and answer, in order: the last ones in memory, all of them in a file if one is named."""

    def __init__(self, service: str, path: Path | None) -> None:
        self.service = service
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT_LINES)
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None
        self._count = 0

    def record(self, event: str, **fields: Any) -> None:
        """Append one line: `at` is Unix time in seconds, `n` counts from 1."""
        self._count += 1
        line = {"n": self._count, "at": time.time(), "service": self.service, "event": event, **fields}
        self._kept.append(line)
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def after(self, number: int) -> list[dict[str, Any]]:
        """The kept lines with a higher `n`."""
        return [line for line in self._kept if line["n"] > number]


@dataclass
class Fault:
    """One fault of the next calls of `operation`.

    late: the call takes effect, its answer comes `seconds` later. lost: it takes effect, the connection
    is cut instead of an answer. refused: cut before it takes effect. status: `status` is answered (with
    Retry-After when `retry_after` is set) and nothing takes effect; with a `body` the answer is a proxy's,
    these bytes instead of the service's own envelope. altered: it takes effect, and the answer (of a list:
    its first row, or those that have what `row` names) has these `changes`.
    `times` calls are hit (None: until removed), each with `probability`.
    """

    operation: str = "*"
    kind: str = "status"
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    retry_after: int | None = None
    reason: str = ""
    body: str | None = None
    content_type: str = "text/html"
    changes: dict[str, Any] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"kind: one of {', '.join(FAULT_KINDS)}")

    def strikes(self, operation: str) -> bool:
        """Return True if this call is hit; counts it if so."""
        if self.operation not in ("*", operation) or self.times == 0 or random.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults set now, asked once per call; the first that strikes is the one that happens."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def next(self, operation: str) -> Fault | None:
        """Return the fault that hits this call, if any. A used-up one is removed."""
        struck = next((rule for rule in self.rules if rule.strikes(operation)), None)
        self.rules = [rule for rule in self.rules if rule.times != 0]
        return struck

    def add_routes(self, app: web.Application, prefix: str = "/sim/faults") -> None:
        """GET lists, POST adds one or a list, DELETE removes all."""
        app.router.add_get(prefix, self._list)
        app.router.add_post(prefix, self._add)
        app.router.add_delete(prefix, self._clear)

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": [asdict(rule) for rule in self.rules]})

    async def _add(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            self.rules += [Fault(**rule) for rule in (body if isinstance(body, list) else [body])]
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self._list(request)

    async def _clear(self, request: web.Request) -> web.Response:
        self.rules = []
        return await self._list(request)


async def with_fault(
    request: web.Request,
    fault: Fault | None,
    answer: Callable[[], Awaitable[web.StreamResponse]],
    refusal: Callable[[Fault], web.StreamResponse],
) -> web.StreamResponse:
    """Answer a call, with the fault that hits it, if any. `refusal` makes the service's own error."""
    if fault is None:
        return await answer()
    if fault.kind == "status":
        response = refusal(fault) if fault.body is None else _by_a_proxy(fault)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response
    if fault.kind == "refused":
        return cut(request)
    response = await answer()
    if fault.kind == "lost":
        return cut(request)
    if fault.kind == "altered":
        return _altered(response, fault)
    await asyncio.sleep(fault.seconds)
    return response


def _by_a_proxy(fault: Fault) -> web.Response:
    """Return the answer of a proxy in front of the service."""
    headers = {"Location": "https://elsewhere.example/"} if 300 <= fault.status < 400 else {}
    return web.Response(
        status=fault.status, text=fault.body, content_type=fault.content_type, headers=headers
    )


def _altered(response: web.StreamResponse, fault: Fault) -> web.Response:
    """Return the answer with other values, as if it were about another request."""
    body = json.loads(getattr(response, "text", None) or "{}")
    place = body.get("result", body)
    if isinstance(place, dict) and "items" in place:
        rows = [row for row in place["items"] if fault.row.items() <= row.items()]
        for row in rows if fault.row else rows[:1]:
            row.update(fault.changes)
    elif isinstance(place, dict):
        place.update(fault.changes)
    return web.json_response(body, status=response.status)


def cut(request: web.Request) -> web.StreamResponse:
    """Close the caller's connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # goes nowhere: the connection is gone


def add_wire_route(app: web.Application, log: WireLog) -> None:
    """GET /sim/wire?after=n: the log from memory."""

    async def wire(request: web.Request) -> web.Response:
        lines = log.after(int(request.query.get("after", "0")))
        return web.json_response({"lines": lines}, dumps=lambda value: json.dumps(value, default=str))

    app.router.add_get("/sim/wire", wire)


def parser(description: str) -> argparse.ArgumentParser:
    """The options every stand-in has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options.add_argument("--wire-log", type=Path, default=None, help="file that gets one JSON line a call")
    return options


async def listen(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, str]:
    """Start serving; the runner to clean up and the address it got."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=1024)
    await site.start()
    return runner, f"http://{host}:{runner.addresses[0][1]}"


def announce(**fields: Any) -> None:
    """Print the address for the launcher: one JSON line on standard output."""
    print(json.dumps({"event": "listening", **fields}), flush=True)


async def until_told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
