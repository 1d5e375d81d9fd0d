"""The product's own processes, run by the repository's supervisord.conf, seen from outside.

The file is used with four changes: the control socket becomes a password-protected port of 127.0.0.1 (a
socket's path may not exceed 107 bytes), each program's output goes to a file of its own, and a caller may
replace, repeat or leave out a program, and give it other settings.
"""

from __future__ import annotations

import configparser
import contextlib
import secrets
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sandbox.programs import ROOT
from sandbox.servers_process import ServersUnavailableError, free_port, release, spawn, tail

CONFIGURATION = ROOT / "supervisord.conf"
PREFIX = "program:"
START_SECONDS = 90.0
STOP_SECONDS = 60.0
RESTARTS_ALLOWED = 3


class Product:
    """supervisord and its programs; `directory` holds the derived configuration and all output."""

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        *,
        commands: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        own: Mapping[str, Mapping[str, str]] | None = None,
        copies: Mapping[str, int] | None = None,
    ) -> None:
        self.directory = directory
        self.environment = dict(environment)
        self._own = dict(own or {})
        directory.mkdir(parents=True, exist_ok=True)
        self._port, self._password = free_port(), secrets.token_hex(16)
        self._configuration = directory / "supervisord.conf"
        self._configuration.touch(mode=0o600)
        self.names = self._write_configuration(dict(commands or {}), set(without), dict(copies or {}))
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start supervisord and with it every program; returns when it answers, not when they do."""
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._configuration)]
        # The directory holds no .env, so an operator's own settings never reach these processes.
        self._popen = spawn(
            command,
            log=self.directory / "supervisord.out",
            environment=self.environment,
            cwd=self.directory,
            stop_signal=signal.SIGTERM,
        )
        self.wait_until(lambda: bool(self._states()))

    def wait_until(self, ready: Any, timeout_seconds: float = START_SECONDS) -> None:
        """Poll `ready`. Raises an error with the programs' output after the timeout or a failed start."""
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            self._raise_if_hopeless()
            if time.monotonic() > deadline:
                raise ServersUnavailableError(f"the product did not come up:\n{self.last_words()}")
            time.sleep(0.05)

    @property
    def processes(self) -> dict[str, int]:
        """Name to process number of every program that runs now."""
        return {name: info["pid"] for name, info in self._states().items() if info["pid"]}

    @property
    def alive(self) -> bool:
        """False once supervisord has ended."""
        return self._popen is not None and self._popen.poll() is None

    def state(self, name: str) -> str:
        """supervisord's word for a program: RUNNING, STOPPED, EXITED, BACKOFF…"""
        return str(self._states()[name]["statename"])

    def stop_program(self, name: str) -> None:
        """Stop one program as an operator would; it stays stopped."""
        self._ask("stopProcess", name)

    def start_program(self, name: str) -> None:
        """Start a program that was stopped."""
        self._ask("startProcess", name)

    def stop(self) -> None:
        """Stop every program, then supervisord. Harmless when it is not running."""
        popen, self._popen = self._popen, None
        if popen is None:
            return
        if popen.poll() is None:
            # supervisord ends its programs one after another; asked to stop them all it signals all at once.
            with contextlib.suppress(OSError, xmlrpc.client.Error):
                self._ask("stopAllProcesses")
            popen.send_signal(signal.SIGTERM)
        try:
            popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait(STOP_SECONDS)
        release(popen)

    def output(self, name: str) -> Path:
        """The file with what a program wrote to standard output and error."""
        return self.directory / f"{name}.out"

    def last_words(self, lines: int = 5) -> str:
        """The end of every program's output."""
        names = ["supervisord", *self.names]
        return "\n".join(f"--- {name}\n{tail(self.output(name), lines)}" for name in names)

    def _ask(self, method: str, *arguments: str) -> Any:
        """One call of supervisord's own interface."""
        url = f"http://sandbox:{self._password}@127.0.0.1:{self._port}/RPC2"
        with xmlrpc.client.ServerProxy(url) as server:
            return getattr(server.supervisor, method)(*arguments)

    def _states(self) -> dict[str, dict[str, Any]]:
        try:
            answer = self._ask("getAllProcessInfo")
        except OSError:
            return {}
        return {info["name"]: info for info in answer}

    def _raise_if_hopeless(self) -> None:
        """Raise an error if a program ends at once again and again, because waiting cannot help."""
        log = self.directory / "supervisord.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        for name in self.names:
            if text.count(f"exited: {name} (exit status") > RESTARTS_ALLOWED:
                words = tail(self.output(name), 25)
                raise ServersUnavailableError(f"{name} does not stay up:\n{words}")
        if not self.alive:
            raise ServersUnavailableError(f"supervisord ended:\n{tail(self.output('supervisord'))}")

    def _write_configuration(
        self, commands: dict[str, str], without: set[str], copies: dict[str, int]
    ) -> list[str]:
        """Derive our copy of supervisord.conf; the names of its programs."""
        parsed = configparser.RawConfigParser(comment_prefixes=(";",), strict=True)
        parsed.read_string(CONFIGURATION.read_text().replace("%(here)s", str(ROOT).replace("%", "%%")))
        parsed.remove_section("unix_http_server")
        own = str(self.directory).replace("%", "%%")
        parsed["inet_http_server"] = {
            "port": f"127.0.0.1:{self._port}",
            "username": "sandbox",
            "password": self._password,
        }
        parsed["supervisorctl"] = {"serverurl": f"http://127.0.0.1:{self._port}"}
        parsed["supervisord"].update(logfile=f"{own}/supervisord.log", pidfile=f"{own}/supervisord.pid")
        sections = [section for section in parsed.sections() if section.startswith(PREFIX)]
        for section in sections:
            name = section.removeprefix(PREFIX)
            if name in without:
                parsed.remove_section(section)
                continue
            parsed[section]["stdout_logfile"] = f"{own}/{name}.out"
            parsed[section]["command"] = commands.get(name, parsed[section]["command"])
            if settings := self._own.get(name):
                parsed[section]["environment"] = ",".join(f'{n}="{v}"' for n, v in settings.items())
            if name in copies:
                self._copy(parsed, section, copies[name])
        with self._configuration.open("w") as file:
            parsed.write(file)
        return [section.removeprefix(PREFIX) for section in parsed.sections() if section.startswith(PREFIX)]

    def _copy(self, parsed: configparser.RawConfigParser, section: str, copies: int) -> None:
        """Run a program under `copies` names: its own, `…-2`, `…-3`.

        Tests run several copies in order to kill some. supervisord restarts a killed one at once, always.
        """
        parsed[section]["startsecs"] = "0"
        own = str(self.directory).replace("%", "%%")
        for number in range(2, copies + 1):
            copy = f"{section}-{number}"
            parsed[copy] = dict(parsed[section])
            parsed[copy]["stdout_logfile"] = f"{own}/{copy.removeprefix(PREFIX)}.out"
