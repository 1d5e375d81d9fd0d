"""Tests of wrong settings: each process ends with status 2 and one line that names the setting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.engine.system import ROOT
from tests.unit.settings_environment import VALID

BIN = Path(sys.executable).parent
PROCESSES = {
    "web": [
        str(BIN / "gunicorn"),
        "-c",
        str(ROOT / "deploy/gunicorn.conf.py"),
        "socialboost.web:create_app()",
    ],
    "bot": [sys.executable, "-m", "socialboost.bot"],
    "worker": [str(BIN / "dramatiq"), "workers", "--processes", "1", "--threads", "1"],
    "scheduler": [str(BIN / "periodiq"), "workers"],
    "cli": [sys.executable, "-m", "socialboost", "migrate"],
}
NOWHERE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
CANARY = "Kanarek7Secret"

Break = Callable[[Path, dict[str, str]], str]


def log_dir_is_a_file(directory: Path, environment: dict[str, str]) -> str:
    (directory / "logs").write_text("not a directory")
    environment["LOG_DIR"] = "logs"
    return "LOG_DIR is wrong (File exists); expected: "


def log_dir_cannot_be_made(directory: Path, environment: dict[str, str]) -> str:
    (directory / "file").write_text("not a directory")
    environment["LOG_DIR"] = "file/logs"
    return "LOG_DIR is wrong (Not a directory); expected: "


def env_file_is_in_another_encoding(directory: Path, environment: dict[str, str]) -> str:
    (directory / ".env").write_bytes("# перший рядок\nPORT=8000\n".encode("cp1251"))
    return ".env is not UTF-8 (line 1); expected: "


def env_file_is_a_directory(directory: Path, environment: dict[str, str]) -> str:
    (directory / ".env").mkdir()
    return ".env cannot be read (Is a directory); expected: "


def an_address_has_raw_signs(directory: Path, environment: dict[str, str]) -> str:
    environment["REDIS_URL"] = f"redis://:{CANARY}/{CANARY}@127.0.0.1:1/0"
    environment["DATABASE_URL"] = f"postgresql://worker:{CANARY}#{CANARY}@127.0.0.1/socialboost"
    return "_URL is wrong; expected: "


BROKEN = [
    log_dir_is_a_file,
    log_dir_cannot_be_made,
    env_file_is_in_another_encoding,
    env_file_is_a_directory,
    an_address_has_raw_signs,
]


def outcome(command: list[str], directory: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("broken", BROKEN)
def test_a_refused_start_prints_one_line_and_exits_with_2(broken: Break, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "LOG_DIR": "-"}
    environment |= VALID | NOWHERE | {"PORT": "1"}
    expected = broken(tmp_path, environment)
    started = {name: outcome(command, tmp_path, environment) for name, command in PROCESSES.items()}
    outputs = {name: process.communicate(timeout=90)[0] for name, process in started.items()}
    assert {name: process.returncode for name, process in started.items()} == dict.fromkeys(PROCESSES, 2)
    for name, text in outputs.items():
        assert [line for line in text.splitlines() if expected in line], (name, text)
        assert "Traceback" not in text, (name, text)
        assert CANARY not in text, (name, text)
    for name in ("web", "bot", "cli"):  # the others also have what Dramatiq and periodiq say about themselves
        assert len(outputs[name].splitlines()) == 1, (name, outputs[name])
