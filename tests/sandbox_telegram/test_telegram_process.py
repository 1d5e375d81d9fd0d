"""Tests of the stand-in as a separate process, and of its page."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_telegram.standin import TOKEN, Sim

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "sandbox" / "static"


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "sandbox.telegram", "--token", TOKEN, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        said = json.loads(process.stdout.readline())
        assert said["event"] == "listening"
        yield process, said["url"]
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        out, trouble = process.communicate(timeout=20)
        assert (process.returncode, out, trouble) == (0, "", "")


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return json.load(answer)


def test_it_says_where_it_listens_logs_the_wire_and_ends_cleanly(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "wire.log"
    with running("--wire-log", str(log), "--checkout-url", "http://127.0.0.1:9/") as (_, url):
        assert ask(f"{url}/bot{TOKEN}/getMe")["result"]["id"] == 4242
        assert ask(f"{url}/sim/info")["checkout_url"] == "http://127.0.0.1:9/"
    (record,) = [json.loads(one) for one in log.read_text().splitlines()]
    assert (record["kind"], record["method"], record["status"]) == ("call", "getMe", 200)
    assert round(record["at_ms"], 3) == record["at_ms"]


def test_people_and_conversations_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with running("--state-file", str(state)) as (_, url):
        ask(f"{url}/sim/people", {"first_name": "Anna"})
        before = ask(f"{url}/sim/people/700000001/messages", {"text": "hi"})
    with running("--state-file", str(state)) as (_, url):
        (message,) = ask(f"{url}/sim/people/700000001/messages")["messages"]
        assert message["text"] == "hi"
        after = ask(f"{url}/sim/people/700000001/messages", {"text": "again"})
        assert after["message_id"] == before["message_id"] + 1
        assert after["update_id"] > before["update_id"]
        assert ask(f"{url}/sim/people", {"first_name": "Leo"})["id"] == 700000002


async def test_the_page_and_its_parts(sim: Sim) -> None:
    async with sim.http.get(f"{sim.url}/") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    names = {path.name for path in STATIC.iterdir()}
    for name in names - {"index.html"}:
        async with sim.http.get(f"{sim.url}/static/{name}") as answer:
            assert answer.status == 200, name
    assert set(re.findall(r'(?:src|href)="/static/([^"]+)"', page)) <= names
    for outside in ("/static/../telegram/server.py", "/static/..%2Ftelegram%2Fserver.py", "/static/none.js"):
        async with sim.http.get(f"{sim.url}{outside}") as answer:
            assert answer.status == 404


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_never_turn_text_into_markup(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert word not in code
    assert not re.search(r"https?://(?!127\.0\.0\.1)[a-z]", code), "the page asks no other host"


def test_the_page_has_no_inline_code() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    assert not re.search(r"https?://", page)
