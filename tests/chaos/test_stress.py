"""Tests of the chaos rig: its faults really happen, and damage it does itself is not a lost order."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.servers import start_valkey
from tests.chaos.rig import stopped
from tests.chaos.run import unmet
from tests.chaos.schedule import Fault
from tests.chaos.score import Evidence, judge
from tests.chaos.stress import QUESTIONS, Planted, is_silent, slow_client


def test_a_stopped_server_takes_connections_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    server = start_valkey(tmp_path / "valkey")
    try:
        assert server.process is not None
        port, question = urlsplit(server.url).port or 0, QUESTIONS["valkey"]
        with stopped(server.process.pid):
            assert is_silent(port, question)
        assert not is_silent(port, question), "the control: it goes on"
    finally:
        server.stop()
    assert not is_silent(port, question), "nobody listens: that is no silence"


async def test_a_slow_client_holds_its_connection_until_the_given_time() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port, until = server.sockets[0].getsockname()[1], time.monotonic() + 1.2
    assert await slow_client("127.0.0.1", port, b"POST / HTTP/1.1\r\n\r\n", until)
    assert time.monotonic() >= until
    said = await asyncio.wait_for(heard.get(), 30)
    assert said.startswith(b"POST / HTTP/1.1\r\n\r\nx"), "it drips"
    server.close()


async def test_an_unreachable_server_is_not_taken_for_a_slow_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not await slow_client("127.0.0.1", port, b"", time.monotonic())


def evidence(**changes: Any) -> Evidence:
    """An invoice that was paid and of which the shop knows nothing."""
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("payments", "activations", "jobs", "tasks")
    }
    values: dict[str, Any] = {
        "paid": {"7": {"at": 1.0, "order_id": "an-order"}},
        "rows": {**rows, "posts_told": [{"count": 0}]},
        "sent": [],
        "invoices": [],
        "executions": {"tasks": []},
        "breaches": [],
        "denied": [],
    }
    return Evidence(**{**values, **changes})


def test_an_order_spoilt_by_the_rig_is_not_counted_as_lost() -> None:
    assert judge(evidence(), [], {}).figures["lost"] == 1
    figures = judge(evidence(), [], {}, Planted(invoices={"7"}, orders={"an-order"})).figures
    assert (figures["lost"], figures["silent"], figures["orders_paid"]) == (0, 0, 0)
    assert figures["bad_rows"] == {"payment unknown": 1}
    assert judge(evidence(), [], {}, Planted(invoices={"8"})).figures["lost"] == 1


def test_an_order_spoilt_by_the_rig_must_not_be_activated_twice() -> None:
    twice = [{"order_id": "an-order", "active_at": 2.0}] * 2
    rows = {**evidence().rows, "activations": twice}
    judged = judge(evidence(rows=rows), [], {}, Planted(invoices={"7"}, orders={"an-order"}))
    assert judged.figures["double"] == 1


def test_breaches_caused_by_the_rig_are_not_reported() -> None:
    found = ["job_left_behind: planted:1 queued", "job_left_behind: receipt:2 queued"]
    judged = judge(evidence(breaches=found), [], {}, Planted(keys={"planted:1"}))
    assert judged.problems["breaches"] == found[1:]


def test_a_fault_that_hit_nothing_is_named_and_fails_the_run() -> None:
    struck = [Fault(1.0, "net_hang", "telegram"), Fault(1.0, "flood", "telegram"), Fault(1.0, "kill")]
    assert unmet(struck, {"telegram": {"hang": 0, "flood": 400}}) == ["hang"]
    assert unmet(struck, {"telegram": {"hang": 0, "flood": 400}, "valkey": {"hang": 1}}) == []
    judged = judge(evidence(paid={}), [], {})
    assert judged.broken == []
    judged.figures["met_nobody"] = ["hang"]
    assert judged.broken == ["met_nobody: ['hang']"]
