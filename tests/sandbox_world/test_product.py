"""Tests of supervisord.conf: secrets stay where they belong, dead programs restart, none is left."""

from __future__ import annotations

import configparser
import json
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.leftovers import MARK, end_marked, marked
from sandbox.product import CONFIGURATION, Product
from sandbox.programs import ROOT
from sandbox.servers_process import ServersUnavailableError
from tests.sandbox_world.conftest import until

SECRETS = (
    "DATABASE_URL",
    "TELEGRAM_BOT_TOKEN",
    "CRYPTOBOT_TOKEN",
    "MAIN_BOT_API_KEY",
    "ADMIN_API_KEY",
    "SECRET_KEY",
    "PAYMENT_DATA_KEY",
    "SMTP_URL",
)
MAY_HOLD = {
    "web": {"CRYPTOBOT_TOKEN", "MAIN_BOT_API_KEY", "ADMIN_API_KEY", "SECRET_KEY"},
    "bot": {"TELEGRAM_BOT_TOKEN"},
    "scheduler": {"MAIN_BOT_API_KEY", "ADMIN_API_KEY", "SECRET_KEY"},
    "worker-interactive": set(SECRETS),
    "worker-background": set(SECRETS),
}
SLEEP = f'"{sys.executable}" -c "import time; time.sleep(600)"'
TELL = f'"{sys.executable}" -c "import os, json; print(json.dumps(dict(os.environ)), flush=True)"'


def environment(mark: str) -> dict[str, str]:
    """An operator's environment, every secret in it."""
    return {"PATH": os.environ["PATH"], MARK: mark} | {name: f"the {name}" for name in SECRETS}


def commands() -> dict[str, str]:
    """Program name to command line, as the repository's supervisord.conf has them."""
    parsed = configparser.RawConfigParser(comment_prefixes=(";",))
    parsed.read(CONFIGURATION)
    return {
        section.removeprefix("program:"): parsed[section]["command"]
        for section in parsed.sections()
        if section.startswith("program:")
    }


def only_env(command: str) -> str:
    """The `env -u … ` in front of a command line, or nothing."""
    words = shlex.split(command)
    if words[0] != "env":
        return ""
    end = 1
    while words[end] == "-u":
        end += 2
    return shlex.join(words[:end]) + " "


@pytest.fixture
def mark() -> Iterator[str]:
    """A mark of this test's own; whatever still carries it at the end is a failure."""
    value = secrets.token_hex(8)
    yield value
    assert end_marked(value) == []


def test_each_program_is_started_without_the_secrets_it_must_not_hold(tmp_path: Path, mark: str) -> None:
    tell = {name: only_env(command) + TELL for name, command in commands().items()}
    product = Product(tmp_path / "a b", environment(mark), commands=tell)
    product.start()
    try:
        for name, allowed in MAY_HOLD.items():
            until(lambda name=name: product.output(name).exists() and "}" in product.output(name).read_text())
            held = json.loads(product.output(name).read_text().splitlines()[0])
            assert {secret for secret in SECRETS if secret in held} == allowed, name
    finally:
        product.stop()
    assert set(MAY_HOLD) == set(product.names)


def test_a_killed_program_comes_back_and_stop_leaves_nothing(tmp_path: Path, mark: str) -> None:
    product = Product(tmp_path, environment(mark), commands=dict.fromkeys(MAY_HOLD, SLEEP))
    product.start()
    try:
        product.wait_until(lambda: set(product.processes) == set(MAY_HOLD))
        before = product.processes["worker-interactive"]
        until(lambda: product.state("worker-interactive") == "RUNNING")
        os.kill(before, signal.SIGKILL)
        until(lambda: product.processes.get("worker-interactive", before) != before)
        product.stop_program("worker-background")
        assert "worker-background" not in product.processes
    finally:
        product.stop()
    assert marked(mark) == []


def test_a_program_runs_as_often_as_it_is_wanted_and_each_comes_back_at_once(
    tmp_path: Path, mark: str
) -> None:
    product = Product(
        tmp_path, environment(mark), commands=dict.fromkeys(MAY_HOLD, SLEEP), copies={"worker-interactive": 3}
    )
    product.start()
    copies = ["worker-interactive", "worker-interactive-2", "worker-interactive-3"]
    try:
        assert set(product.names) == {*MAY_HOLD, *copies}
        product.wait_until(lambda: set(product.processes) == set(product.names))
        for _ in range(3):  # each before it has lived long enough to count as started
            before = product.processes[copies[1]]
            os.kill(before, signal.SIGKILL)
            until(lambda before=before: product.processes.get(copies[1], before) != before, 5)
    finally:
        product.stop()
    assert marked(mark) == []


def test_a_program_that_cannot_start_is_reported_with_its_output(tmp_path: Path, mark: str) -> None:
    refuse = f'"{sys.executable}" -c "import sys; sys.exit(\'PORT is wrong\')"'
    others = set(commands()) - {"web"}
    product = Product(tmp_path, environment(mark), commands={"web": refuse}, without=others)
    product.start()
    try:
        with pytest.raises(ServersUnavailableError, match=r"(?s)web does not stay up.*PORT is wrong"):
            product.wait_until(lambda: False)
    finally:
        product.stop()


def test_leftover_processes_are_found_only_by_their_mark(tmp_path: Path) -> None:
    import subprocess

    ours, theirs = secrets.token_hex(8), secrets.token_hex(8)
    sleepers = [
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={MARK: value})
        for value in (ours, theirs)
    ]
    try:
        until(lambda: marked(ours) == [sleepers[0].pid] and marked(theirs) == [sleepers[1].pid])
        assert end_marked(ours) == [sleepers[0].pid]
        assert sleepers[0].wait(10) == -signal.SIGTERM
        assert sleepers[1].poll() is None
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()


def test_the_compose_file_gives_web_and_bot_no_database() -> None:
    import yaml

    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(commands()) <= set(services)
    for name, allowed in MAY_HOLD.items():
        held = {secret for secret in SECRETS if secret in services[name]["environment"]}
        assert held <= allowed, name
    for name in ("worker-interactive", "worker-background"):
        assert "DATABASE_URL" in services[name]["environment"]
    for name in ("postgres", "valkey"):
        assert "ports" not in services[name]
