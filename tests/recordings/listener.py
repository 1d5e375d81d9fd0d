"""A pytest plugin that records what the product writes to the tests' Valkey and PostgreSQL.

The tests make the product's real code and processes do everything they can, so no record is typed by hand.
Messages that a test writes to provoke an error are left out: a message counts only if its contract wrote it.
"""

from __future__ import annotations

import codecs
import dataclasses
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import redis
from psycopg.rows import dict_row

from socialboost import jobs
from tests.recordings.choosing import Chosen, Json, as_bytes

CONTRACTS: Final = {
    value.actor_name: value
    for value in vars(jobs).values()
    if isinstance(value, type) and issubclass(value, jobs.Job) and hasattr(value, "actor_name")
}
_ARGUMENT: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_messages, _rows, _keys = Chosen(), Chosen(), Chosen()
_servers: Final[dict[str, Any]] = {}


def is_of_contract(actor: str, values: Json, *, whole: bool) -> bool:
    """Whether the contract of this release wrote these fields."""
    contract = CONTRACTS.get(actor)
    if contract is None:
        return False
    fields = {f.name: f.metadata.get("transient", False) for f in dataclasses.fields(contract)}
    lasting = {name for name, is_transient in fields.items() if not is_transient}
    return set(values) == (set(fields) if whole else lasting) or set(values) == lasting


def _listen(url: str) -> None:
    """Read MONITOR, which has the commands of scripts too, until the server is gone for good."""
    while "closing" not in _servers:
        try:
            with redis.Redis.from_url(url, socket_timeout=None).monitor() as monitor:
                while True:
                    line = monitor.connection.read_response(disable_decoding=True)
                    _hear([codecs.escape_decode(one)[0] for one in _ARGUMENT.findall(line)])
        except redis.RedisError:
            time.sleep(0.2)


def _hear(command: list[Any]) -> None:
    if len(command) < 4 or command[0].lower() != b"hset" or not command[1].startswith(b"dramatiq:"):
        return
    if command[1].endswith(b".XQ.msgs"):
        return
    try:
        body = json.loads(command[3])
    except ValueError:
        return
    if isinstance(body, dict) and is_of_contract(body["actor_name"], body["kwargs"], whole=True):
        assert as_bytes(body) == command[3], "the file keeps the object: it must be the very bytes"
        _messages.offer_message(body)


def _look_at_rows(server: Any, name: str) -> None:
    with psycopg.connect(server.dsn_for(name), row_factory=dict_row) as connection:
        if connection.execute("SELECT to_regclass('job_ledger') AS it").fetchone() == {"it": None}:
            return
        rows = connection.execute("SELECT to_jsonb(j) AS row FROM job_ledger j ORDER BY created_at, key")
        for found in rows:
            if is_of_contract(found["row"]["actor"], found["row"]["args"], whole=False):
                _rows.offer_row(found["row"])


def _look_at_keys() -> None:
    read = {
        "string": lambda client, key: client.get(key),
        "hash": lambda client, key: client.hgetall(key),
        "list": lambda client, key: client.lrange(key, 0, -1),
        "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
        "set": lambda client, key: sorted(client.smembers(key)),
    }
    with redis.Redis.from_url(_servers["valkey_server"].url, decode_responses=True) as client:
        for key in client.scan_iter("*"):
            if not key.startswith("dramatiq"):
                kind, ttl = client.type(key), client.ttl(key)
                if kind in read and (value := read[kind](client, key)):
                    _keys.offer_key({"key": key, "type": kind, "value": value, "ttl": ttl})


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Iterator[Any]:
    """Begin to listen when the session's servers are there."""
    server = yield
    if fixturedef.argname == "valkey_server":
        threading.Thread(target=_listen, args=(server.url,), daemon=True).start()
    if fixturedef.argname == "postgres_server":
        drop = server.drop_database

        def look_and_drop(name: str) -> None:
            _look_at_rows(server, name)
            drop(name)

        server.drop_database = look_and_drop
    if fixturedef.argname in {"valkey_server", "postgres_server"}:
        _servers[fixturedef.argname] = server
    return server


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """After each test, before its servers are emptied."""
    if "valkey_server" in _servers:
        try:
            _look_at_keys()
        except redis.RedisError:
            return  # the test has stopped it


def pytest_sessionfinish() -> None:
    """Write down what was kept."""
    _servers["closing"] = True
    found = {"messages": _messages.kept, "ledger": _rows.kept, "redis": _keys.kept}
    Path(os.environ["RECORDED"]).write_text(json.dumps(found), encoding="utf-8")
