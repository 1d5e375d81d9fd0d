"""Tests of secrets with canaries: none is in a log, Redis, a dump, an answer or a command line."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import redis
import requests

from sandbox.person import Person, buttons
from sandbox.servers_binaries import find_postgres
from sandbox.walk import PACKAGE, Walk, carries, starts
from sandbox.world import ADMIN_ID, CHANNEL_ID
from tests.security.conftest import Guarded

pytestmark = pytest.mark.e2e

Texts = dict[str, bytes]


def shapes(secret: str) -> Iterator[bytes]:
    """A secret as it is and as it would be after the encodings it may meet on its way."""
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield base64.b64encode(raw)
    yield raw.hex().encode()
    yield hashlib.sha256(raw).hexdigest().encode()  # the key of Crypto Pay's signatures, an API key's digest


def leaks(texts: Texts, canaries: dict[str, str]) -> list[str]:
    """Which canary is in which text."""
    return [
        f"{name} in {place}"
        for name, secret in canaries.items()
        for place, text in texts.items()
        if any(shape in text for shape in shapes(secret))
    ]


def test_the_search_finds_what_is_there(guarded: Guarded) -> None:
    """The control, for every canary and every shape."""
    for name, secret in guarded.canaries.items():
        assert len(secret) >= 16, name
        for shape in shapes(secret):
            assert leaks({"here": b"x" + shape + b"y"}, {name: secret}) == [f"{name} in here"]
    assert len(guarded.canaries) >= 14


def test_no_canary_is_anywhere_after_everything_failed(guarded: Guarded, tmp_path: Path) -> None:
    answers = provoke(guarded)
    texts = answers | on_disk(guarded) | in_redis(guarded) | dumped(guarded, tmp_path) | shown(guarded)
    texts |= command_lines(guarded)
    logs = b"".join(text for place, text in texts.items() if place.endswith((".log", ".out")))
    assert logs.count(b'"job_failed"') >= 5
    assert logs.count(b"Traceback") >= 3
    for event in (b"job_parked", b"telegram_unavailable", b"api_refused", b"bad_signature"):
        assert event in logs, f"nothing was logged of {event!r}"
    assert guarded.walk.order_id.encode() in texts["pg_dump"]
    written = texts["everything ever written to Redis"]
    assert b"activate_order" in written
    assert written.count(b"Traceback") >= 3, "Dramatiq keeps a failed message's traceback in it"
    assert b"user_stats:" in texts["the cache now"]
    assert leaks(texts, guarded.canaries) == []


def provoke(guarded: Guarded) -> Texts:
    """Make each service fail in each way while people go on, and ask web everything it should refuse."""
    world = guarded.world
    stumble(guarded)
    person = Person(world.telegram_url, "Ганна")
    person.write("/start")
    person.wait_for(starts("🚀 Вітаємо"), "the welcome")
    refuse_money(guarded, person)
    for kind in (
        {"kind": "reset"},
        {"kind": "server_error", "json": False},
        {"kind": "error", "status": 401},
    ):
        with faulty(world.telegram_url, {"method": "sendMessage", **kind}):
            for command in ("/start", "/help", "/privacy"):
                person.write(command)
            time.sleep(0.7)
    cut_connections(guarded)
    person.write("/start")
    answers = asked(guarded)
    person.write("/help")
    person.close()
    world.telegram.stop()  # from now on every call is refused; its address has the token in it
    time.sleep(2)
    return answers


@contextlib.contextmanager
def faulty(service: str, *faults: dict[str, object]) -> Iterator[None]:
    """The service goes wrong inside the block, each call unless a fault says how many."""
    for fault in faults:
        body = {"times": None, **fault}
        requests.post(f"{service}/sim/faults", json=body, timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.delete(f"{service}/sim/faults", timeout=10).raise_for_status()


def stumble(guarded: Guarded) -> None:
    """A whole order on which every service loses an answer and cuts a connection once."""
    world = guarded.world
    slips = [{"kind": "reset", "times": 2}, {"kind": "server_error", "json": False, "times": 2}]
    lost = {"operation": "createInvoice", "kind": "lost", "times": 1}
    broken = {"operation": "push", "kind": "status", "status": 500, "times": 1}
    with (
        faulty(world.telegram_url, *slips),
        faulty(world.crypto_pay_url, lost),
        faulty(world.main_bot_url, broken),
    ):
        for _ in Walk(world).steps():
            pass


def refuse_money(guarded: Guarded, person: Person) -> None:
    """An order that Crypto Pay refuses for good: parked, the admins hear of it."""
    refused = {"operation": "*", "kind": "status", "status": 400}
    with faulty(guarded.world.crypto_pay_url, refused):
        for data, leads_to in (
            ("select_packages", f"pkg_{PACKAGE}"),
            (f"pkg_{PACKAGE}", f"confirm_{PACKAGE}"),
            (f"confirm_{PACKAGE}", "pay_"),
        ):
            person.tap(data)
            card = person.wait_for(lambda message, to=leads_to: carries(message, to), leads_to)  # type: ignore[misc]
        person.tap(next(one for one in buttons(card.message) if one.startswith("pay_")))
        person.wait_for(lambda message: "Рахунок не створено" in str(message["text"]), "the refusal")


def cut_connections(guarded: Guarded) -> None:
    """Take the database's and Redis' connections from everybody."""
    with psycopg.connect(guarded.world.database_url, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with redis.Redis.from_url(guarded.world.redis_url) as operator:
        kill = ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        operator.execute_command(*kill)  # type: ignore[no-untyped-call]


def asked(guarded: Guarded) -> Texts:
    """Return what web answers to callers who know a secret and say it in the wrong place."""
    world, texts = guarded.world, {}
    session = requests.Session()
    for name, secret in guarded.canaries.items():
        for method, path, headers in (
            ("GET", f"/api/tasks/pending?limit={quote(secret)}", {"Authorization": f"Bearer {secret}"}),
            ("GET", f"/{quote(secret, safe='')}?token={quote(secret)}", {}),
            ("POST", "/webhook/cryptobot", {"crypto-pay-api-signature": secret}),
            ("POST", f"/webhook/cryptobot/{quote(secret, safe='')}", {}),
            ("POST", "/webhook/telegram", {"X-Telegram-Bot-Api-Secret-Token": secret}),
            ("PUT", f"/api/tasks/{quote(secret, safe='')}/status", {"Authorization": f"Bearer {secret}"}),
        ):
            url = f"{world.web_url}{path}"
            answer = session.request(method, url, headers=headers, data=b"{", timeout=10)
            texts[f"{method} {path.partition('?')[0][:20]} with {name}"] = (
                answer.content + str(answer.headers).encode()
            )
    assert len(texts) >= 60
    return texts


def on_disk(guarded: Guarded) -> Texts:
    """The product's log files and what its programs wrote to their outputs."""
    product = guarded.world.directory / "product"
    files = [*guarded.world.log_dir.glob("*"), *product.glob("*.out"), *product.glob("*.log")]
    return {str(path.relative_to(guarded.world.directory)): path.read_bytes() for path in files}


READ = {
    b"string": lambda client, key: [client.get(key)],
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": lambda client, key: client.smembers(key),
    b"hash": lambda client, key: [part for pair in client.hgetall(key).items() for part in pair],
    b"zset": lambda client, key: client.zrange(key, 0, -1),
}
"""As it is: DUMP may compress a value, and then nothing would be found in it."""


def in_redis(guarded: Guarded) -> Texts:
    """All keys and values there are now, the cache's too, and the append-only file: whatever was written."""
    files = (guarded.world.directory / "valkey" / "appendonlydir").glob("*")
    return {
        "Redis now": held(guarded.world.redis_url),
        "the cache now": held(guarded.world.cache_url),
        "everything ever written to Redis": b"".join(path.read_bytes() for path in files),
    }


def held(url: str) -> bytes:
    """Every key and value of a server."""
    found: list[bytes] = []
    with redis.Redis.from_url(url) as operator:
        for key in operator.scan_iter():
            found += [key, *(value or b"" for value in READ[operator.type(key)](operator, key))]
    return b"\n".join(found)


def dumped(guarded: Guarded, directory: Path) -> Texts:
    file = directory / "dump.sql"
    command = [find_postgres().tool("pg_dump"), "--inserts", "-f", str(file), guarded.world.database_url]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {"pg_dump": file.read_bytes()}


def shown(guarded: Guarded) -> Texts:
    """Every text the bot sent or tried to send, from the stand-in's wire log."""
    wire = guarded.world.wire_log("telegram").read_text("utf-8")
    assert str(ADMIN_ID) in wire
    assert str(CHANNEL_ID) in wire
    token = guarded.world.secrets["TELEGRAM_BOT_TOKEN"]
    webhook_secret = guarded.world.secrets["TELEGRAM_WEBHOOK_SECRET"]
    # The log is Telegram's own: the token is in the address of each call, the secret in setWebhook's.
    return {"what people read": wire.replace(token, "").replace(webhook_secret, "").encode()}


def command_lines(guarded: Guarded) -> Texts:
    """Return what any user of the machine can see of the product's processes."""
    texts = {}
    for name, pid in guarded.world.processes.items():
        texts[f"command line of {name}"] = Path(f"/proc/{pid}/cmdline").read_bytes()
    assert {"command line of web", "command line of worker-interactive"} <= texts.keys()
    return texts
