"""Defines the crash points of a worker: before and after each commit and each call to a service.

Around a commit the worker may also lose its connection and live: before the commit, so that nothing was
committed, or after it, so that everything was and the worker does not know it.

hooked_workers.py installs the points into a worker of the rig, never into the product's own. A point's name
says what happens there and for which job, loop or thread:

    before commit apply_payment+owe_job @ activate_order
    after call crypto_pay POST createInvoice @ create_invoice
    cut after commit attach_invoice+remember_card @ create_invoice

Files under CHAOS_POINTS connect the workers with the rig: `seen` collects the names, `armed` lists the points
at which to die (`<times> <name>` in each line), `struck-…` are the deaths so far.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import structlog

from socialboost.clients.answers import Answer
from socialboost.clients.http import HttpService
from socialboost.db import pool

READS = ("get_", "find_", "list_", "ping", "set_session_limits", "check_")
"""Statements without an effect. A death around one shows nothing, so they are no points."""
CUT = "cut "
"""The prefix of points at which a connection is lost and no worker dies."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Points:
    """The points of one process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: set[str] = set()
        self._armed: dict[str, int] = {}
        self._armed_at = 0
        self._lock = threading.Lock()

    def reach(self, moment: str, what: str) -> None:
        """Record that this point was reached. Die if it is armed and has deaths left."""
        if self._is_struck(moment, what):
            os.kill(os.getpid(), signal.SIGKILL)

    def cut(self, moment: str, what: str) -> None:
        """Record that the connection could be lost here. If the point is armed, raise psycopg's error."""
        if self._is_struck(f"{CUT}{moment}", what):
            raise psycopg.OperationalError("the rig cut the connection")

    def _is_struck(self, moment: str, what: str) -> bool:
        doer = structlog.contextvars.get_contextvars().get("job") or threading.current_thread().name
        name = f"{moment} {what} @ {re.sub(r'[-_ ]?[0-9]+$', '', str(doer))}"
        with self._lock:
            if name not in self._seen:
                self._seen.add(name)
                with (self._directory / "seen").open("a") as file:
                    file.write(name + "\n")
            times = self._read_armed().get(name, 0)
        taken = (self._take(f"struck-{number}-{abs(hash_of(name))}", name) for number in range(times))
        return any(taken)

    def _read_armed(self) -> dict[str, int]:
        path = self._directory / "armed"
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if changed != self._armed_at:
            pairs = (line.split(" ", 1) for line in path.read_text().splitlines() if line)
            self._armed, self._armed_at = {name: int(times) for times, name in pairs}, changed
        return self._armed

    def _take(self, file_name: str, name: str) -> bool:
        try:
            with (self._directory / file_name).open("x") as file:
                file.write(name)
        except FileExistsError:
            return False
        return True


def hash_of(name: str) -> int:
    """The same number for the same name in every process."""
    return int.from_bytes(name.encode(), "big") % (2**61 - 1)


def install(directory: Path) -> Points:
    """Install the hooks around this process's commits and calls."""
    points = Points(directory)
    _hook_commits(points)
    _hook_calls(points)
    return points


def _what(names: list[str]) -> str:
    """Return the name of a commit, empty for one without an effect."""
    written = [name for name in dict.fromkeys(names) if not name.startswith(READS)]
    return f"commit {'+'.join(written)}" if written else ""


def _hook_commits(points: Points) -> None:
    transaction, execute = pool.Database.transaction, pool.Statements._execute
    log_commit = pool.Database._log_commit

    @contextlib.contextmanager
    def hooked_transaction(self: pool.Database) -> Iterator[pool.Transaction]:
        with transaction(self) as tx:
            yield tx
            if what := _what(tx.names):
                points.reach("before", what)
                points.cut("before", what)

    def hooked_execute(self: pool.Statements, query: Any, arguments: dict[str, object]) -> Any:
        # Outside a transaction a statement is its own commit.
        if not isinstance(self, pool.Transaction) and (what := _what([query.name])):
            points.reach("before", what)
            points.cut("before", what)
        return execute(self, query, arguments)

    def hooked_log(statements: pool.Statements, started: float) -> None:
        if what := _what(statements.names):
            points.reach("after", what)
            points.cut("after", what)
        log_commit(statements, started)

    pool.Database.transaction = hooked_transaction  # type: ignore[method-assign]
    pool.Statements._execute = hooked_execute  # type: ignore[method-assign]
    pool.Database._log_commit = staticmethod(hooked_log)  # type: ignore[method-assign]


def _hook_calls(points: Points) -> None:
    send = HttpService._send

    def hooked_send(self: HttpService, session: Any, method: str, path: str, *rest: Any) -> Answer:
        short = _UUID.sub("<id>", path.partition("?")[0])
        what = f"call {self.service} {method} {re.sub(r'^/?bot[^/]*/', '', short)}"
        points.reach("before", what)
        answer = send(self, session, method, path, *rest)
        points.reach("after", what)
        return answer

    HttpService._send = hooked_send  # type: ignore[assignment,method-assign]
