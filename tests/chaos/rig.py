"""Starts the world of a chaos run: many worker processes, and a proxy before each service."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import requests

from sandbox.leftovers import MARK
from sandbox.programs import own_environment
from sandbox.servers import PostgresServer
from sandbox.servers_acl import ENTRY
from sandbox.world import World, WorldOptions
from tests.chaos.proxy import Proxy

INTERACTIVE, BACKGROUND = "worker-interactive", "worker-background"
ROW_LOCK = Path(__file__).with_name("row_lock.sql")
REPORTS = ({"kind": "doubled", "times": 100}, {"kind": "delayed", "seconds": 2.0, "times": 100})
"""The faults of Main Bot's first reports. A late one comes after the task's next report."""
HOOKED = "tests.chaos.hooked_workers"
"""The module that dramatiq gets instead of `workers`: the same actors with the rig's hooks."""


@dataclass(frozen=True)
class RigOptions:
    """The options of a run, besides the faults."""

    directory: Path
    postgres: PostgresServer | None = None
    """A running server for a run that does not break it. With None one is started."""
    interactive: int = 4
    background: int = 3
    threads: int = 8
    without: str = ""
    """The guard that is removed, for a negative control."""
    points: Path | None = None
    """The directory of the crash points' files (points.py). With None there are no such hooks."""
    armed: Mapping[str, int] = field(default_factory=dict)
    log_level: str = "WARNING"
    main_bot_step_seconds: float = 0.5
    scheduler: bool = True


class Rig:
    """Open it by `with`; `world` and `proxy` run inside."""

    world: World
    proxy: Proxy

    def __init__(self, options: RigOptions) -> None:
        self.options = options
        self.frozen: set[str] = set()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Rig:
        options = self.options
        if options.points is not None:
            options.points.mkdir(parents=True)
            self._stack.callback(shutil.rmtree, options.points, ignore_errors=True)
            self.arm(options.armed)
        self.world = World(
            WorldOptions(
                directory=options.directory,
                postgres=options.postgres,
                rate_limits=False,  # the stand-in's 30 a second would be what is measured
                main_bot_step_seconds=options.main_bot_step_seconds,
                copies={INTERACTIVE: options.interactive, BACKGROUND: options.background},
                commands={
                    INTERACTIVE: self._command("interactive", "payments"),
                    BACKGROUND: self._command("tasks", "notifications", "broadcast", "maintenance"),
                },
                without=frozenset() if options.scheduler else frozenset({"scheduler"}),
                between=self._stand_between,
                extra_env={
                    "LOG_LEVEL": options.log_level,
                    "TELEGRAM_SEND_RATE": "2000",
                    "TELEGRAM_RESERVED_RATE": "500",
                    "TELEGRAM_CHAT_BURST": "1000",
                    "RATE_LIMIT_ADD_POST": "1000/hour",
                    "RATE_LIMIT_API": "100000/minute",
                },
            )
        )
        try:
            self._stack.enter_context(self.world)
            self._make_main_bot_careless()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.frozen):
            self.thaw(name)
        self._stack.close()

    @property
    def workers(self) -> list[str]:
        """The worker programs by name, in the order in which a schedule counts them."""
        names = []
        for name, copies in ((INTERACTIVE, self.options.interactive), (BACKGROUND, self.options.background)):
            names += [name, *(f"{name}-{number}" for number in range(2, copies + 1))]
        return names

    def kill(self, name: str, *, whole: bool = True) -> bool:
        """SIGKILL a program: the whole of it, or the process of it that works. False if it was not there."""
        pid = self.world.processes.get(name)
        if pid is None:
            return False
        working = descendants(pid)
        victims = [pid, *working] if whole or not working else working[-1:]
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        return True

    def freeze(self, name: str) -> bool:
        """SIGSTOP a program with all its processes, like a paused machine."""
        if not self._signal(name, signal.SIGSTOP):
            return False
        self.frozen.add(name)
        return True

    def thaw(self, name: str) -> None:
        """Continue the program."""
        self._signal(name, signal.SIGCONT)
        self.frozen.discard(name)

    def _make_main_bot_careless(self) -> None:
        """Let Main Bot ignore Idempotency-Key, so an unasked repeat does work twice, and vary its reports."""
        settings = {"honours_keys": False, "callbacks": REPORTS}
        answer = requests.post(f"{self.world.main_bot_url}/sim/settings", json=settings, timeout=10)
        answer.raise_for_status()

    def _signal(self, name: str, number: signal.Signals) -> bool:
        pid = self.world.processes.get(name)
        for process in [pid, *descendants(pid)] if pid is not None else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        return pid is not None

    def _command(self, *queues: str) -> str:
        module = HOOKED if self._hooked else "workers"
        timeouts = "--worker-shutdown-timeout 20000 --worker-fork-timeout 1000"  # as in supervisord.conf
        options = f"--processes 1 --threads {self.options.threads} {timeouts}"
        return f"dramatiq {module} {options} --queues {shlex.join(queues)}"

    @property
    def _hooked(self) -> bool:
        return bool(self.options.without or self.options.points)

    def arm(self, names: Mapping[str, int]) -> None:
        """Let workers die at these points, each so many times. Points armed before are disarmed."""
        if self.options.points is None:
            raise ValueError("this rig was started without points")
        for path in self.options.points.glob("struck-*"):
            path.unlink()
        draft = self.options.points / "armed.new"
        draft.write_text("".join(f"{times} {name}\n" for name, times in names.items()))
        draft.replace(self.options.points / "armed")

    def struck(self) -> list[str]:
        """Return the points at which a worker died since they were armed, once for each death."""
        directory = self.options.points
        return [] if directory is None else sorted(path.read_text() for path in directory.glob("struck-*"))

    def seen(self) -> list[str]:
        """Every point reached so far."""
        path = self.options.points / "seen" if self.options.points else None
        return sorted(set(path.read_text().splitlines())) if path is not None and path.exists() else []

    def _stand_between(self, world: World) -> dict[str, str]:
        """Start the proxy. Returns the settings that replace the real addresses for the product."""
        if self.options.without == "row_lock":
            with psycopg.connect(world.database_url, autocommit=True, connect_timeout=10) as connection:
                connection.execute(ROW_LOCK.read_bytes())
        urls = {
            "crypto_pay": world.crypto_pay_url,
            "main_bot": str(world.main_bot.announced["api_url"]),
            "telegram": world.telegram_url,
            "postgres": world.worker_database_url,
        }
        targets = {}
        for name, url in urls.items():
            parts = urlsplit(url)
            targets[name] = (str(parts.hostname), int(parts.port or 0))
        entry = world.redis_urls[ENTRY]  # workers reach Valkey directly: each message would pay for the proxy
        targets["valkey"] = (str(urlsplit(entry).hostname), int(urlsplit(entry).port or 0))
        environment = own_environment() | {MARK: world.mark}
        self.proxy = Proxy(targets, self.options.directory / "proxy.out", environment)
        self._stack.callback(self.proxy.stop)
        world.redis_urls[ENTRY] = _moved(entry, self.proxy.url("valkey"))
        moved = {name: _moved(url, self.proxy.url(name)) for name, url in urls.items()}
        return {
            "CRYPTOBOT_API_URL": moved["crypto_pay"],
            "MAIN_BOT_API_URL": moved["main_bot"],
            "TELEGRAM_API_URL": moved["telegram"],
            "DATABASE_URL": moved["postgres"],
            "CHAOS_WITHOUT": self.options.without,
            "CHAOS_POINTS": str(self.options.points or ""),
        }


def _moved(url: str, address: str) -> str:
    """The same URL with another host and port."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@{address}" if login else address))


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """SIGSTOP a server with all its processes for the block. The kernel still accepts its connections."""
    found: list[int] = []
    try:
        found += _all_sent([pid], signal.SIGSTOP)  # it has no new children from here on
        found += _all_sent(descendants(pid), signal.SIGSTOP)
        yield
    finally:
        _all_sent(reversed(found), signal.SIGCONT)


def _all_sent(processes: Iterable[int], number: signal.Signals) -> list[int]:
    """Send a signal to each process. Returns those that existed."""
    there = []
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
            there.append(process)
    return there


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children and so on, without those that end meanwhile."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children") if Path(f"/proc/{pid}").exists() else []:
        with contextlib.suppress(OSError):
            for child in path.read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def iter_lines(path: Path, start: int = 0) -> Iterator[tuple[int, str]]:
    """The whole lines of a file that is being written to, each with where it ends."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        start += len(line)
        yield start, line.decode()
