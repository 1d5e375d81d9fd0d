"""Runs real PostgreSQL and Valkey for the demo and the tests, without any installation.

For each it tries in this order: the server named by DATABASE_URL / REDIS_URL; the program in the pip wheel;
an installed program; else an error with the command to type. `rung` on the result says which was used.
Both listen on a free port of 127.0.0.1 only, with a password, in the foreground under us, and are
stopped by process number. Valkey has the users of deploy/redis: `url` is the operator's, `url_as` a
program's. As root PostgreSQL runs as another, existing user; when that user cannot reach the checkout,
programs and data live in /var/tmp instead.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from sandbox import servers_acl
from sandbox.servers_binaries import PostgresBinaries, find_postgres, find_valkey
from sandbox.servers_process import (
    PUBLIC_TEMPORARY,
    START_SECONDS,
    Identity,
    ServerProcess,
    ServersUnavailableError,
    free_port,
    public_directory,
    run_as,
)

__all__ = [
    "PostgresServer",
    "ServersUnavailableError",
    "ValkeyServer",
    "start_cache",
    "start_postgres",
    "start_valkey",
]

OWNER = "socialboost"
DATABASE = "socialboost"


class PostgresServer:
    """A PostgreSQL we may create databases in; ours to stop unless DATABASE_URL named it."""

    def __init__(self, dsn: str, rung: str, process: ServerProcess | None, data: Path | None) -> None:
        self.dsn = dsn
        self.rung = rung
        self.process = process
        self.data = data

    def dsn_for(self, database: str) -> str:
        """The same server and user, another database."""
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{quote(database)}"))

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if one is named; its URL."""
        statement: sql.Composed = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
            if self.process is not None:  # ours: half the processor time for a small template
                statement += sql.SQL(" STRATEGY file_copy")
        self._execute(statement)
        return self.dsn_for(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, also while somebody is connected to it; no error when there is none."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def start(self) -> None:
        """Start again on the same port and data, after `stop`, `kill` or a crash."""
        process = self._own()
        _retry_start(process, self._accepts)

    def stop(self) -> None:
        """Fast shutdown: clients are cut off, everything committed is on disk. No-op when not ours."""
        if self.process is not None:
            self.process.end()

    def kill(self) -> None:
        """SIGKILL, as the machine might; `start` recovers from the write-ahead log."""
        self._own().end(signal.SIGKILL)

    def restart_immediate(self) -> None:
        """Stop without a checkpoint and start again. Clients lose every connection."""
        self._own().end(signal.SIGQUIT)
        self.start()

    def remove(self) -> None:
        """Stop and delete the data, wherever it had to be put."""
        self.stop()
        if self.data is not None:
            shutil.rmtree(self.data, ignore_errors=True)
            if self.data.parent.parent == PUBLIC_TEMPORARY:
                shutil.rmtree(self.data.parent, ignore_errors=True)

    def _own(self) -> ServerProcess:
        if self.process is None:
            raise ServersUnavailableError("this PostgreSQL was named by DATABASE_URL; it is not ours to stop")
        return self.process

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.dsn_for("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        maintenance = self.dsn if self.process is None else self.dsn_for("postgres")
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement)


class ValkeyServer:
    """A Valkey or Redis; ours to stop unless REDIS_URL named it."""

    def __init__(
        self,
        url: str,
        rung: str,
        process: ServerProcess | None,
        config: str,
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        self.url = url
        self.rung = rung
        self.process = process
        self.config = config
        self.passwords = dict(passwords or {})

    def url_as(self, user: str) -> str:
        """The same server as one of the users of deploy/redis sees it; on a server not ours just its URL."""
        if self.process is None:
            return self.url
        return f"redis://{user}:{self.passwords[user]}@{self.url.partition('@')[2]}"

    def url_for(self, database: int) -> str:
        """The same server and password, another numbered database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def start(self) -> None:
        """Start again on the same port and directory; what the append-only file holds comes back."""
        process = self._own()
        _retry_start(process, self._accepts, self.config.encode())

    def stop(self) -> None:
        """Orderly stop, the append-only file flushed. No-op when not ours."""
        if self.process is not None:
            self.process.end()

    def kill(self) -> None:
        """SIGKILL: what the kernel had is kept, as with a killed process anywhere."""
        self._own().end(signal.SIGKILL)

    def _own(self) -> ServerProcess:
        if self.process is None:
            raise ServersUnavailableError("this Redis was named by REDIS_URL; it is not ours to stop")
        return self.process

    def _accepts(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2, retry_on_timeout=False)
        try:
            return bool(client.ping())
        except redis.RedisError:  # not listening yet, or still loading its file
            return False
        finally:
            client.close()


def start_postgres(
    directory: Path,
    *,
    fsync: bool = True,
    max_connections: int = 200,
    settings: Mapping[str, str] | None = None,
) -> PostgresServer:
    """Start PostgreSQL with its data under `directory` (created; a second start there finds the data).

    `fsync=False` is for tests: a power cut may cost data, a killed process does not. `settings` come on top.
    """
    if external := os.environ.get("DATABASE_URL"):
        return PostgresServer(external, "DATABASE_URL", None, None)
    binaries = find_postgres()
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    data = _data_directory(directory, binaries)
    password = _password(directory, "postgres")
    if not _initialised(data, binaries.identity):
        _initdb(binaries, data, password)
    port = free_port()
    process = ServerProcess(
        _postgres_command(
            binaries,
            data,
            port,
            fsync=fsync,
            changes={"max_connections": str(max_connections)} | dict(settings or {}),
        ),
        identity=binaries.identity,
        log=directory / "postgres.log",
        stop_signal=signal.SIGINT,
    )
    dsn = f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/{DATABASE}"
    server = PostgresServer(dsn, binaries.rung, process, data)
    server.start()
    with contextlib.suppress(psycopg.errors.DuplicateDatabase):
        server.create_database(DATABASE)
    return server


def start_valkey(
    directory: Path,
    *,
    config: Mapping[str, str] | None = None,
    users: Path = servers_acl.QUEUE_TEMPLATE,
) -> ValkeyServer:
    """Start Valkey with its append-only file under `directory` and the users of a template.

    `config` overrides directives.
    """
    if external := os.environ.get("REDIS_URL"):
        return ValkeyServer(external, "REDIS_URL", None, "")
    binary = find_valkey()
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    passwords = {user: _password(directory, user) for user in servers_acl.users_of(users)}
    operator = servers_acl.OPERATOR
    acl_file = _acl_file(directory, users, passwords)
    server = ValkeyServer(
        f"redis://{operator}:{passwords[operator]}@127.0.0.1:{port}/0",
        binary.rung,
        ServerProcess(
            [str(binary.path), "-"],
            identity=Identity("as the current user"),
            log=directory / "valkey.log",
            stop_signal=signal.SIGTERM,
        ),
        _valkey_config(directory, port, acl_file, config or {}),
        passwords,
    )
    server.start()
    return server


def start_cache(directory: Path) -> ValkeyServer:
    """Start the cache's own Valkey: small, and allowed to evict keys, unlike the queue's server."""
    forgetful = {"maxmemory": "16mb", "maxmemory-policy": "allkeys-lru", "appendonly": "no"}
    return start_valkey(directory, config=forgetful, users=servers_acl.CACHE_TEMPLATE)


def _valkey_config(directory: Path, port: int, acl_file: Path, changes: Mapping[str, str]) -> str:
    directives = {
        "bind": "127.0.0.1",
        "port": str(port),
        "aclfile": f'"{acl_file}"',
        "dir": f'"{directory}"',
        "daemonize": "no",
        "save": '""',
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    } | dict(changes)
    return "".join(f"{name} {value}\n" for name, value in directives.items())


def _acl_file(directory: Path, template: Path, passwords: Mapping[str, str]) -> Path:
    """Write the server's users, readable by us only."""
    path = directory / "users.acl"
    path.touch(mode=0o600)
    path.write_text(servers_acl.render(template, passwords), encoding="utf-8")
    return path


def _retry_start(process: ServerProcess, accepts: Callable[[], bool], stdin: bytes = b"") -> None:
    """Start and wait. Try once more if it died, because a killed server's children may still hold memory."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        process.start(stdin)
        try:
            process.wait_until(accepts)
        except ServersUnavailableError:
            process.end()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _password(directory: Path, name: str) -> str:
    """The server's password: random, kept beside the data for the next start, readable by us only."""
    path = directory / f"{name}.password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def _data_directory(directory: Path, binaries: PostgresBinaries) -> Path:
    """`directory`/data if the server's user can write there, else its place under /var/tmp."""
    data = directory / "data"
    identity = binaries.identity
    for candidate in (data, None):
        path = candidate or public_directory(data) / "data"
        path.mkdir(mode=0o700, exist_ok=True)
        if identity.uid is not None and identity.gid is not None:
            os.chown(path, identity.uid, identity.gid)
        if identity.can_use(path):
            return path
        path.rmdir()
    raise ServersUnavailableError(f"no directory for PostgreSQL's data can be written {identity.rung}")


def _initialised(data: Path, identity: Identity) -> bool:
    return identity.succeeds(["/bin/sh", "-c", 'test -f "$0"', str(data / "PG_VERSION")])


def _initdb(binaries: PostgresBinaries, data: Path, password: str) -> None:
    locale = ["--locale=C.UTF-8"]
    if binaries.major >= 17:  # the provider that needs nothing of the operating system
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    handle, name = tempfile.mkstemp(dir=data.parent)  # beside the data: the server's user gets there
    password_file = Path(name)
    with os.fdopen(handle, "w") as file:
        file.write(password)
    if binaries.identity.uid is not None:
        os.chown(password_file, binaries.identity.uid, -1)
    command = [binaries.tool("initdb"), "-D", str(data), "-U", OWNER, "-A", "scram-sha-256"]
    command += [f"--pwfile={password_file}", "-E", "UTF8", "-k", "--no-sync", *locale]
    try:
        run_as(binaries.identity, command)
    except subprocess.CalledProcessError as error:
        raise ServersUnavailableError(f"initdb failed:\n{error.stderr}") from error
    finally:
        password_file.unlink()


def _postgres_command(
    binaries: PostgresBinaries, data: Path, port: int, *, fsync: bool, changes: Mapping[str, str]
) -> list[str]:
    switch = "on" if fsync else "off"
    settings = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "shared_buffers": "128MB",
        "synchronous_commit": "on",
        "fsync": switch,
        "full_page_writes": switch,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
    } | dict(changes)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [binaries.tool("postgres"), "-D", str(data), *options]
