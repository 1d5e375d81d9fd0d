"""Tests of `./run demo` from outside: the walk, the pages, and that no process is left behind."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox.leftovers import MARK, marked
from sandbox.programs import ROOT
from tests.sandbox_world.conftest import until

pytestmark = pytest.mark.e2e

STEPS = (
    "/start",
    "confirm the order",
    "pay, tapped twice",
    "pay → receipt",
    "a link to no post",
    "a link to a post",
    "Main Bot done → notice",
    "📊 statistics",
)


@contextmanager
def demo(output: Path, mark: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The demo as a process, ended if the test did not end it."""
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment | {MARK: mark},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)


@pytest.fixture
def mark() -> str:
    """Return what all processes of this test's demo carry."""
    return secrets.token_hex(8)


def test_demo_once_walks_and_leaves_nothing_behind(tmp_path: Path, mark: str) -> None:
    output = tmp_path / "demo.out"
    with demo(output, mark, "--once") as process:
        code = process.wait(300)
    said = output.read_text()
    assert code == 0, said
    for step in STEPS:
        assert re.search(rf"^{re.escape(step)}\s.*\d+ ms$", said, re.MULTILINE), (step, said)
    assert re.search(r"^a link to no post\s+⚠️ Це не сайт Telegram", said, re.MULTILINE), said
    assert marked(mark) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_demo_stays_up_and_stops_everything_at_its_end(
    tmp_path: Path, mark: str, ending: signal.Signals
) -> None:
    output = tmp_path / "demo.out"
    with demo(output, mark) as process:
        until(lambda: "Ctrl-C stops everything" in output.read_text() or process.poll() is not None, 300)
        urls = re.findall(r"http://127\.0\.0\.1:\d+/\S*", output.read_text())
        assert len(urls) == 4, output.read_text()
        for url in urls:
            assert requests.get(url, timeout=10).status_code == 200, url
        assert len(marked(mark)) > 8
        process.send_signal(ending)
        process.wait(120)
        until(lambda: marked(mark) == [], 120)
    if ending == signal.SIGTERM:
        assert process.returncode == 0, output.read_text()
    for url in urls:
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=5)
