"""Runs commands of `python -m socialboost`: in this process, or as the process that an operator starts."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest

from socialboost import __main__ as commands
from socialboost import logs

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
"""Where there is no .env."""


class Done(NamedTuple):
    """What a command said, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


def run(dsn: str, *arguments: str, by_command: bool = False, **environment: str) -> Done:
    """Run one command with this environment only. `by_command` starts a process, which takes a second."""
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LOG_DIR": "-", "DATABASE_URL": dsn} | environment
    if not by_command:
        return _run_here(arguments, env)
    done = subprocess.run(
        [sys.executable, "-m", "socialboost", *arguments],
        cwd=HERE,
        env={"PYTHONPATH": str(ROOT)} | env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _run_here(arguments: tuple[str, ...], environment: dict[str, str]) -> Done:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    with pytest.MonkeyPatch.context() as patch, _written(1) as output, _written(2) as errors:
        for name in set(os.environ) - set(environment):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(HERE)
        try:
            with redirect_stdout(output), redirect_stderr(errors):
                status = commands.main(list(arguments))
        except SystemExit as refused:  # argparse
            status = int(refused.code or 0)
        finally:
            root.handlers = handlers
            root.setLevel(level)
            logs._output = None
        return Done(status, _text(output), _text(errors))


@contextmanager
def _written(descriptor: int) -> Iterator[TextIO]:
    """Send what is written to the descriptor to a file, as log lines are written past sys.stderr."""
    kept = os.dup(descriptor)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        os.dup2(file.fileno(), descriptor)
        try:
            yield file
        finally:
            os.dup2(kept, descriptor)
            os.close(kept)


def _text(file: TextIO) -> str:
    file.flush()
    file.seek(0)
    return file.read()
