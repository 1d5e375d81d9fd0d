"""The complex faults of the saboteur: services that hang, full stores, crowds and unreadable rows.

Each kind counts its hits (`met`), so that a fault that hit nothing is not reported as survived.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psycopg

from sandbox.world import World
from tests.chaos.buyers import PACKAGES, Buyer, Habit, Town
from tests.chaos.rig import Rig, stopped
from tests.chaos.schedule import BAD_ROWS, Fault

QUESTIONS = {"valkey": b"PING\r\n", "postgres": b"\x00\x00\x00\x08\x04\xd2\x16\x2f"}
"""Requests that a server answers at once without a login: PING, and PostgreSQL's request for SSL."""
PROBE_SECONDS = 0.5
READ_ONLY = b"in a read-only transaction"
"""The text that PostgreSQL logs for each statement that it refuses."""
BEGINNINGS = (
    b"",
    b"GET /heal",
    b"POST /webhook/cryptobot HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n",
)
"""Of slow clients: silent, half a head, a body that drips."""
DRIP_SECONDS = 0.5
READY_WITHIN_SECONDS = 60.0
PLANTED = "planted:"
"""The prefix of the keys of the ledger's bad rows."""
PLANT = """
INSERT INTO job_ledger (key, actor, queue, args, state, attempts, lease_until)
VALUES (%(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, %(state)s, %(attempts)s, now())
"""


@dataclass
class Planted:
    """The rows that the rig itself damaged. Their outcome is checked, but they are not lost orders."""

    invoices: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def is_in(self, text: str) -> bool:
        """Return True if a line of the shop is about one of them."""
        return any(name in text for name in self.invoices | self.orders | self.keys)


@dataclass
class Unlucky(Buyer):
    """Buys as everybody does; how Crypto Pay lists the paid invoice nobody can read, and no webhook comes."""

    changes: dict[str, Any] = field(default_factory=dict)

    async def _pay(self, link: str) -> None:
        invoice = await self._invoice(link)
        self.order_id, number = str(invoice["payload"]), int(invoice["invoice_id"])
        odd = {"odd": {str(number): self.changes}}
        await self.town.post(f"{self.town.crypto_pay_url}/sim/settings", odd)
        if await self._pay_one(invoice["hash"], {"quiet": True}):
            self.paid.append(number)


class Stress:
    """The ways of one run."""

    def __init__(self, rig: Rig, town: Town) -> None:
        self._rig, self._town = rig, town
        self.met: dict[str, Counter[str]] = defaultdict(Counter)
        self.planted = Planted()

    # --- servers: the caller has the server to itself ---

    async def hang(self, fault: Fault) -> bool:
        """Stop a server with all its processes: it still accepts connections but never answers."""
        world: World = self._rig.world
        server = {"valkey": world.valkey, "postgres": world.postgres}[fault.where]
        if server.process is None:
            return False
        until = time.monotonic() + float(fault.settings["seconds"])
        with stopped(server.process.pid):
            address = urlsplit(world.valkey.url if fault.where == "valkey" else world.postgres.dsn)
            silent = await asyncio.to_thread(is_silent, address.port or 0, QUESTIONS[fault.where])
            self.met[fault.where]["hang"] += silent
            await asyncio.sleep(max(0.0, until - time.monotonic()))
        return True

    async def read_only(self, fault: Fault) -> bool:
        """Let PostgreSQL refuse all writes for a while."""
        log, seconds = self._server_log(), float(fault.settings["seconds"])
        before = log.read_bytes().count(READ_ONLY)
        way = {"setting": self._by_setting, "sessions": self._by_sessions}[fault.settings["how"]]
        on, off = way()
        await asyncio.to_thread(on)
        try:
            await asyncio.sleep(seconds)
        finally:
            await asyncio.to_thread(off)
        self.met["postgres"]["read_only"] += log.read_bytes().count(READ_ONLY) - before
        return True

    def _by_setting(self) -> tuple[Callable[[], None], Callable[[], None]]:
        def change(what: str) -> None:
            self._as_owner(f"ALTER SYSTEM {what}", "SELECT pg_reload_conf()")

        return (
            lambda: change("SET default_transaction_read_only = on"),
            lambda: change("RESET default_transaction_read_only"),
        )

    def _by_sessions(self) -> tuple[Callable[[], None], Callable[[], None]]:
        name = urlsplit(self._rig.world.database_url).path[1:]
        change = f'ALTER DATABASE "{name}"'
        end = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return (
            lambda: self._as_owner(f"{change} SET default_transaction_read_only = on", end),
            lambda: self._as_owner(f"{change} RESET default_transaction_read_only"),
        )

    def _as_owner(self, *statements: str) -> None:
        with self._owner() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _owner(self) -> psycopg.Connection[Any]:
        """Open a session that may write although the server is read-only."""
        url, options = self._rig.world.database_url, "-c default_transaction_read_only=off"
        return psycopg.connect(url, autocommit=True, connect_timeout=10, options=options)

    def _server_log(self) -> Path:
        process = self._rig.world.postgres.process
        assert process is not None, "the rig breaks servers of its own only"
        return process.log

    # --- crowds ---

    async def slow_clients(self, fault: Fault) -> bool:
        """Hold connections to web whose requests never end."""
        until = time.monotonic() + float(fault.settings["seconds"])
        address = urlsplit(self._rig.world.web_url)
        clients = (
            slow_client(
                str(address.hostname), int(address.port or 0), BEGINNINGS[number % len(BEGINNINGS)], until
            )
            for number in range(int(fault.settings["connections"]))
        )
        met = sum(await asyncio.gather(*clients))
        self.met["web"]["slow_clients"] += met
        return met > 0

    async def _wait_for_web(self) -> None:
        """Return when it answers: it may have been killed a moment ago."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._town.http.get(f"{self._rig.world.web_url}/health"):
                    return
            await asyncio.sleep(0.2)

    async def flood(self, fault: Fault) -> bool:
        """Let one person send hundreds of texts at once."""
        people, texts = f"{self._town.telegram_url}/sim/people", int(fault.settings["texts"])
        person = {"first_name": "Flood", "language_code": "uk", "started": True}
        _, created = await self._town.post(people, person)
        chat = f"{people}/{created['id']}/messages"
        turn = asyncio.Semaphore(int(fault.settings["at_once"]))

        async def write(number: int) -> bool:
            async with turn:
                try:
                    status, _ = await self._town.post(chat, {"text": f"hey {number}"})
                except (aiohttp.ClientError, TimeoutError):
                    return False
                return status < 300

        sent = sum(await asyncio.gather(*(write(number) for number in range(texts))))
        self.met["telegram"]["flood"] += sent
        return sent > 0

    # --- what cannot be read ---

    async def bad_row(self, fault: Fault) -> bool:
        """Plant one row that a loop will find until the end of the run."""
        number = int(fault.settings["row"])
        where, row = BAD_ROWS[number]
        return await (self._spoil_invoice(row) if where == "crypto_pay" else self._spoil_ledger(number, row))

    async def _spoil_invoice(self, changes: dict[str, Any]) -> bool:
        unlucky = Unlucky(self._town, -1, Habit(PACKAGES[0]), changes=changes)
        await unlucky.run()
        self.planted.orders.update({unlucky.order_id} - {""})
        self.planted.invoices.update(map(str, unlucky.paid))
        return bool(unlucky.paid)

    async def _spoil_ledger(self, number: int, row: dict[str, Any]) -> bool:
        key = f"{PLANTED}{number}:{time.monotonic_ns()}"
        values = {"state": "queued", "attempts": 0, **row, "key": key, "args": json.dumps(row["args"])}
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            try:
                await asyncio.to_thread(self._plant, values)
            except psycopg.OperationalError:  # PostgreSQL is away at this very moment
                await asyncio.sleep(0.5)
                continue
            self.planted.keys.add(key)
            self.met["ledger"]["bad_row"] += 1
            return True
        return False

    def _plant(self, values: dict[str, Any]) -> None:
        with self._owner() as connection:
            connection.execute(PLANT, values)

    async def count_bad_rows(self) -> None:
        """Ask Crypto Pay how often it listed the damaged invoice."""
        _, said = await self._town.post(f"{self._town.crypto_pay_url}/sim/settings", {})
        self.met["crypto_pay"]["bad_row"] = int(said["odd_shown"])


def is_silent(port: int, question: bytes) -> bool:
    """Return True if a server accepts the connection and then sends nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PROBE_SECONDS) as connection:
            connection.sendall(question)
            connection.recv(1)
    except TimeoutError:
        return True
    except OSError:
        return False
    return False


async def slow_client(host: str, port: int, beginning: bytes, until: float) -> bool:
    """Connect and never finish a request; return False if the connection was refused."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    with contextlib.suppress(OSError):
        writer.write(beginning)
        while time.monotonic() < until and not writer.is_closing():
            await asyncio.sleep(DRIP_SECONDS)
            if beginning.endswith(b"\r\n"):
                writer.write(b"x")
                await writer.drain()
    writer.close()
    return True
