"""The two shops that rival.py measures, seen alike: the product's world, and rival_shop.py beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import requests

from benchmarks import direct
from benchmarks.processes import tree
from benchmarks.queue_systems import ROOT
from benchmarks.rival_shop import statements
from benchmarks.worlds import groups
from sandbox.programs import Program, own_environment
from sandbox.servers import PostgresServer, start_postgres
from sandbox.servers_process import free_port, release
from sandbox.world import ADMIN_ID, CHANNEL_ID, World

PAY_TOKEN: Final = "12345:" + "r" * 35


@dataclass(frozen=True)
class Side:
    """One shop: where people meet it, what it runs on, and how to break it."""

    name: str
    telegram_url: str
    crypto_pay_url: str
    wire: Path
    postgres: PostgresServer
    database_url: str
    parts: Callable[[], dict[str, list[int]]]
    """The processes to meter, by name."""
    crash: Callable[[], None]
    """SIGKILL every program of the shop's own. Something starts them again, as a service manager does."""


def ours(running: World) -> Side:
    """The product, as it runs in this world."""

    def crash() -> None:
        for pid in [pid for root in running.processes.values() for pid in tree(root)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    return Side(
        "ours",
        running.telegram_url,
        running.crypto_pay_url,
        running.wire_log("telegram"),
        running.postgres,
        running.database_url,
        lambda: groups(running),
        crash,
    )


@contextlib.contextmanager
def rival() -> Iterator[Side]:
    """Start the other shop with servers and stand-ins of its own; leave nothing behind."""
    directory = Path(tempfile.mkdtemp(prefix="socialboost-rival-"))
    directory.chmod(0o711)  # PostgreSQL runs as another user when we are root
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, directory, ignore_errors=True)
        postgres = start_postgres(directory / "postgres")
        undo.callback(postgres.remove)
        database_url = postgres.create_database(f"rival_{os.getpid()}")
        undo.callback(postgres.drop_database, f"rival_{os.getpid()}")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(statements()["create"])
        telegram = undo.enter_context(direct.telegram(directory))
        _introduce_admins(telegram.url)
        port = free_port()
        crypto_pay = undo.enter_context(_crypto_pay(directory, port))
        settings = {"DATABASE_URL": database_url, "PORT": str(port)}
        settings |= {"TELEGRAM_API_URL": telegram.url, "CRYPTOBOT_API_URL": crypto_pay.url}
        shop = _Shop(directory / "shop.out", settings)
        undo.callback(shop.stop)

        def parts() -> dict[str, list[int]]:
            found = {"shop": shop.pid, "stand-in telegram": telegram.popen.pid}
            found["stand-in crypto_pay"] = crypto_pay.popen.pid
            if postgres.process is not None:
                found["PostgreSQL"] = postgres.process.pid
            return {name: [pid] for name, pid in found.items()}

        wire = direct.wire_log(directory)
        yield Side("rival", telegram.url, crypto_pay.url, wire, postgres, database_url, parts, shop.crash)


class _Shop:
    """rival_shop.py's process, which can be killed and is then started again."""

    def __init__(self, log: Path, settings: dict[str, str]) -> None:
        self._log = log
        self._environment = {
            **own_environment(),
            **settings,
            "PYTHONPATH": str(ROOT),
            "TELEGRAM_BOT_TOKEN": direct.TOKEN,
            "CRYPTOBOT_TOKEN": PAY_TOKEN,
            "ADMINS": f"{ADMIN_ID},{CHANNEL_ID}",
        }
        self._program = self._start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.popen.pid

    def crash(self) -> None:
        """SIGKILL it and start it again."""
        self._program.popen.kill()
        self._program.popen.wait()
        release(self._program.popen)
        self._program = self._start()

    def stop(self) -> None:
        """End it."""
        self._program.stop()

    def _start(self) -> Program:
        program = Program("benchmarks.rival_shop", [], log=self._log, environment=self._environment)
        program.wait_for_address()
        return program


@contextlib.contextmanager
def _crypto_pay(directory: Path, port: int) -> Iterator[Program]:
    options = ["--port", "0", "--token", PAY_TOKEN, "--wire-log", str(directory / "crypto_pay.wire.jsonl")]
    options += ["--webhook-url", f"http://127.0.0.1:{port}/webhook/cryptobot"]
    program = Program("sandbox.crypto_pay", options, log=directory / "crypto_pay.out")
    try:
        program.wait_for_address()
        yield program
    finally:
        program.stop()


def _introduce_admins(telegram_url: str) -> None:
    """The same two chats that the product's world has."""
    admin = {"id": ADMIN_ID, "first_name": "Admin", "started": True}
    channel = {"id": CHANNEL_ID, "type": "channel", "title": "Orders"}
    for path, body in (("people", admin), ("chats", channel)):
        requests.post(f"{telegram_url}/sim/{path}", json=body, timeout=10).raise_for_status()
