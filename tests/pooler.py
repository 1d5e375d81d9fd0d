"""Starts a real PgBouncer in transaction mode before the tests' PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from sandbox.servers_process import free_port

SERVER_SESSIONS = 4
"""Fewer than a worker has connections, so that they are mixed."""


@contextmanager
def pgbouncer(database_url: str, directory: Path) -> Iterator[str]:
    """Run it; the URL of the same database by way of it. Without the program a failure in CI, else a skip."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("pgbouncer is not installed")
    parts = urlsplit(database_url)
    port = free_port()
    config = directory / "pgbouncer.ini"
    config.write_text(
        f"""[databases]
* = host={parts.hostname} port={parts.port} user={parts.username} password={unquote(parts.password or "")}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SERVER_SESSIONS}
max_client_conn = 100
"""
    )
    as_whom: dict[str, object] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with (directory / "pgbouncer.log").open("wb") as log, config.open("rb") as text:
        process = subprocess.Popen(
            [program, "-q", "/dev/stdin"],  # the file's folder is closed to that user
            stdin=text,
            stdout=log,
            stderr=log,
            **as_whom,  # type: ignore[arg-type]
        )
    try:
        _wait_for(port, directory / "pgbouncer.log")
        yield parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
    finally:
        process.kill()
        process.wait(10)


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    pytest.fail(f"pgbouncer does not listen: {log.read_text(errors='replace')[-2000:]}")
