"""Starts and stops the stand-ins, which print the address they listen on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.servers_process import ServersUnavailableError, release, spawn, tail

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class Program:
    """`python -m <module> …` in its own session, its output in a file, ended by process number."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.module = module
        self.log = log
        self.stop_signal = stop_signal
        self.announced: dict[str, Any] = {}
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        self.popen: subprocess.Popen[bytes] = spawn(
            [sys.executable, "-m", module, *arguments],
            log=log,
            environment=own_environment() if environment is None else environment,
            cwd=ROOT,
            stop_signal=stop_signal,
        )

    @property
    def url(self) -> str:
        """The address the program announced."""
        return str(self.announced["url"])

    @property
    def running(self) -> bool:
        """False once the process has ended."""
        return self.popen.poll() is None

    def wait_for_address(self, timeout_seconds: float = START_SECONDS) -> str:
        """Wait for the program's {"event": "listening", …} line; its address."""
        deadline = time.monotonic() + timeout_seconds
        while not self.announced:
            for line in self.log.read_text(errors="replace").splitlines(keepends=True):
                if line.startswith("{") and line.endswith("\n") and '"listening"' in line:
                    self.announced = json.loads(line)
                    break
            else:
                if not self.running or time.monotonic() > deadline:
                    raise ServersUnavailableError(f"{self.module} did not start:\n{tail(self.log)}")
                time.sleep(0.02)
        return self.url

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> int:
        """Ask it to end, insist after the deadline; its exit code."""
        if self.running:
            self.popen.send_signal(self.stop_signal)
        try:
            self.popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(timeout_seconds)
        release(self.popen)
        return int(self.popen.returncode)


def own_environment() -> dict[str, str]:
    """The environment of a program that needs no secret: the paths Python needs and nothing else."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT", "TZ")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONUNBUFFERED": "1"}
