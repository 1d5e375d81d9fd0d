"""Tests of shutdown times: a supervisor waits longer than a process needs (workers/engine/shutdown.py)."""

from __future__ import annotations

import configparser
import importlib
import re
from typing import Any

import pytest
import yaml

from socialboost.bot.__main__ import END_SECONDS
from tests.rules.source import ROOT

REST_SECONDS = 2.0
"""Until a master has noticed that its last process has ended, and has ended itself."""


def supervised() -> dict[str, tuple[str, float]]:
    """Each program's command, and after how many seconds supervisord kills it."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read(ROOT / "supervisord.conf", encoding="utf-8")
    programs = [parser[name] for name in parser.sections() if name.startswith("program:")]
    return {found.name: (found["command"], float(found["stopwaitsecs"])) for found in programs}


def composed() -> dict[str, tuple[str, float]]:
    """The same of docker-compose.yml, but for the servers that are not ours."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    ours = {name: service for name, service in services.items() if service["image"].startswith("socialboost")}
    return {
        name: (str(service["command"]), float(service["stop_grace_period"].removesuffix("s")))
        for name, service in ours.items()
        if name != "migrate"
    }


@pytest.mark.parametrize("programs", [supervised, composed])
def test_supervisors_wait_for_the_end(programs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    ending = importlib.import_module("workers.engine.shutdown")
    found = programs()
    assert len(found) == 5
    for name, (command, seconds) in found.items():
        if "dramatiq" in command:
            (timeout,) = re.findall(r"--worker-shutdown-timeout (\d+)", command)
            assert ending.JOBS_SECONDS < int(timeout) / 1000 < ending.TOTAL_SECONDS, name
            assert seconds >= ending.TOTAL_SECONDS + REST_SECONDS, name
        elif "socialboost.bot" in command:
            assert seconds >= END_SECONDS + REST_SECONDS, name
        elif "gunicorn" in command:
            (graceful,) = re.findall(r"^graceful_timeout = (\d+)", config(), re.MULTILINE)
            assert int(graceful) + REST_SECONDS <= seconds, name


def config() -> str:
    """The text of gunicorn's configuration."""
    return (ROOT / "deploy/gunicorn.conf.py").read_text(encoding="utf-8")


def test_the_steps_of_an_end_fit_into_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hanging database uses the whole time of the settlements, the lease renewer and its own closing."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    ending = importlib.import_module("workers.engine.shutdown")
    notice, giving_back = 1.0, 2.0
    steps = notice + ending.JOBS_SECONDS + ending.SETTLE_SECONDS + giving_back + 3 * ending.CLOSE_SECONDS
    assert steps < ending.TOTAL_SECONDS
