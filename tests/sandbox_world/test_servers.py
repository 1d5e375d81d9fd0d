"""Tests of the embedded servers: data survives a kill, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from sandbox import servers_binaries
from sandbox.servers import PostgresServer, ServersUnavailableError, start_postgres, start_valkey

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_named_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests kill servers: they start their own, whatever the environment names."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


def test_a_committed_row_survives_sigkill(tmp_path: Path) -> None:
    server = start_postgres(tmp_path / "postgres", fsync=False)
    try:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        server.kill()
        server.start()
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            assert connection.execute("SELECT upper('їжак')").fetchone() == ("ЇЖАК",)
        server.restart_immediate()
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    finally:
        server.remove()
    assert server.data is not None
    assert not server.data.exists()


def test_a_deep_path_with_spaces_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / "a checkout with spaces" / ("d" * 90) / ("e" * 90)
    server = start_postgres(deep / "postgres", fsync=False)
    valkey = start_valkey(deep / "valkey")
    try:
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with redis.Redis.from_url(valkey.url) as client:
            assert client.ping()
    finally:
        valkey.stop()
        server.remove()


def test_valkey_comes_back_with_its_data_and_needs_its_password(tmp_path: Path) -> None:
    server = start_valkey(tmp_path / "valkey")
    try:
        with redis.Redis.from_url(server.url) as client:
            client.rpush("queue", "job")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        server.kill()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.lrange("queue", 0, -1) == [b"job"]
        no_password = "redis://" + server.url.partition("@")[2]
        with redis.Redis.from_url(no_password) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    finally:
        server.stop()


def test_databases_are_copied_from_a_template_and_dropped(postgres_server: PostgresServer) -> None:
    source = postgres_server.create_database("copy_source")
    with psycopg.connect(source) as connection:
        connection.execute("CREATE TABLE marker (n int)")
    copy = postgres_server.create_database("copy_target", template="copy_source")
    with psycopg.connect(copy, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM marker").fetchone() == (0,)
        postgres_server.drop_database("copy_target")  # while connected
    postgres_server.drop_database("copy_source")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(copy, connect_timeout=5)


def test_servers_die_with_a_launcher_that_was_killed(servers_directory: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from sandbox.servers import *\n"
        "where = Path(sys.argv[1])\n"
        "servers = start_postgres(where / 'p', fsync=False), start_valkey(where / 'v')\n"
        "print(*(s.process.pid for s in servers), flush=True); time.sleep(600)\n"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", script, str(servers_directory / "killed")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with launcher:
        assert launcher.stdout is not None
        pids = [int(word) for word in launcher.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        launcher.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived its launcher"
        time.sleep(0.1)


def test_a_server_named_by_the_environment_is_used_and_never_stopped(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_server.dsn)
    named = start_postgres(tmp_path)
    assert (named.dsn, named.rung) == (postgres_server.dsn, "DATABASE_URL")
    named.stop()
    with pytest.raises(ServersUnavailableError, match="DATABASE_URL"):
        named.kill()
    with psycopg.connect(postgres_server.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_machine_without_servers_gets_the_command_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(servers_binaries, "_postgres_candidates", lambda: iter(()))
    monkeypatch.setattr(servers_binaries, "_valkey_candidates", lambda: iter(()))
    with pytest.raises(ServersUnavailableError, match=r"DATABASE_URL.*apt-get install"):
        start_postgres(tmp_path / "p")
    with pytest.raises(ServersUnavailableError, match=r"REDIS_URL.*apt-get install"):
        start_valkey(tmp_path / "v")


def alive(pid: int) -> bool:
    """True while the process exists and is not a zombie waiting to be collected."""
    try:
        os.kill(pid, 0)
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (OSError, FileNotFoundError):
        return False
