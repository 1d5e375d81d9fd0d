"""Processes of the product without the seconds that loading them takes: forked from one that has loaded all.

Loading aiogram costs four seconds of a core, Flask and the job contracts one, and nearly every test of a
process starts a process. A fork server pays once. At least one test of each process starts its real command.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = (
    "gunicorn.app.wsgiapp",
    "socialboost.bot.dispatcher",
    "socialboost.bot.polling",
    "socialboost.bot.session",
    "socialboost.web",
    "socialboost.web.server",
    "uvloop",
)


class Loaded:
    """One process, with the methods of subprocess.Popen that the tests use."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        self.pid = int(process.pid or 0)

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def start(module: str, *arguments: str, directory: Path, output: Path, environment: dict[str, str]) -> Loaded:
    """Run `python -m module arguments` there with this environment only; its output is added to the file."""
    output.touch()  # whoever waits for a line reads it before the process writes one
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(NEEDED))
    with pytest.MonkeyPatch.context() as patch:  # it loads without the path of this process
        patch.setenv("PYTHONPATH", str(ROOT))
        forkserver.ensure_running()
    process = context.Process(
        target=_become, args=(module, arguments, directory, output, environment), name=module
    )
    process.start()
    return Loaded(process)


def _become(
    module: str, arguments: tuple[str, ...], directory: Path, output: Path, environment: dict[str, str]
) -> None:
    with output.open("ab") as file, Path(os.devnull).open("rb") as nothing:
        for number, stream in enumerate((nothing, file, file)):
            os.dup2(stream.fileno(), number)
    missing = [name for name in NEEDED if name not in sys.modules]
    assert not missing, f"the fork server could not load {missing}"
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@pytest.fixture(scope="package")
def together() -> None:
    """Keeps the tests that fork processes together: one fork server loads everything for all of them."""
