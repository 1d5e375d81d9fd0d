"""Tests of partners' and proxies' answers: each means what the table in docs/failures.md says.

Every status and every body is sent over HTTP. The table is repeated here, independently of the clients' code.
Another partner needs another `Partner`: its calls, its bodies, its table.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
import redis

from socialboost.clients.breaker import Breaker
from socialboost.clients.crypto_pay import CryptoPayClient
from socialboost.clients.crypto_pay_words import Wanted
from socialboost.clients.main_bot import MainBotClient
from socialboost.errors import (
    AmbiguousError,
    RefusesUsError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from tests.unit import clients_server as wire

STATUSES: Final = (
    200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308,
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 413, 415, 418, 421, 422, 423, 425, 426,
    428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 520, 530,
)  # fmt: skip
BODYLESS: Final = (204, 304)
TYPES: Final = ("application/json", "text/html; charset=utf-8", "text/plain", "")
BOM: Final = b"\xef\xbb\xbf"

A_PROXY_S: Final[tuple[bytes, ...]] = (
    b"",
    b"<html><head><title>403 Forbidden</title></head></html>",
    b"default backend - 404",
    b"null",
    b"[]",
    b'"ok"',
    b'[{"ok": true, "result": {}}]',
    b'{"ok": true, "result":',
    b"\xff\xfe\x00garbage",
)
"""Bodies that are not the answer format of any service."""

ORDER: Final = "0b6bd5a4-7c51-4d31-9f0c-0d9f0a3f1c11"
TASK: Final = "7d9ac0de-0000-4000-8000-000000000001"
WANTED: Final = Wanted("refund-1", 7, "USDT", Decimal(1), datetime(2026, 1, 1, tzinfo=UTC))
INVOICE: Final = {"invoice_id": 5, "asset": "USDT", "amount": "1", "status": "active", "payload": ORDER}
TRANSFER: Final = {"transfer_id": 9, "user_id": 7, "asset": "USDT", "amount": "1", "spend_id": "refund-1"}


@dataclass(frozen=True)
class Said:
    """One answer on the wire."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def object(self) -> dict[str, Any] | None:
        return self.json if isinstance(self.json, dict) else None


Meaning = type[ServiceError] | None
"""None: it is what was asked for."""


@dataclass(frozen=True)
class Call:
    """A call, the bodies it may be answered with, and what the table says of each."""

    name: str
    make: Callable[[Any], object]
    bodies: tuple[bytes, ...]
    means: Callable[[Said], Meaning]


@dataclass(frozen=True)
class Partner:
    """A service: how its client is made, its calls, and what is to hold after each of them."""

    connect: Callable[[str, redis.Redis], Any]
    calls: tuple[Call, ...]
    before: Callable[[redis.Redis], object] = lambda _: None
    after: Callable[[redis.Redis, str, Meaning], object] = lambda *_: None


def dumped(*values: Any) -> tuple[bytes, ...]:
    return tuple(json.dumps(value).encode() for value in values)


def without_envelope(said: Said) -> type[ServiceError]:
    """Return what a status means if a proxy has answered."""
    if said.status == 429:
        return ThrottledError
    return AmbiguousError if said.status >= 500 or said.status < 300 else UnreachableError


def is_no_verdict(status: int) -> bool:
    """Return True if a status says nothing final, whoever says it."""
    return status < 400 or status in {408, 425, 429} or status >= 500


# --- Crypto Pay ---

ABOUT_US = {"UNAUTHORIZED", "METHOD_DISABLED", "METHOD_NOT_FOUND", "INSUFFICIENT_FUNDS", "NOT_ENOUGH_COINS"}


def crypto_pay_means(said: Said) -> Meaning:
    body, is_success = said.object, 200 <= said.status < 300
    if body is None or not isinstance(body.get("ok"), bool) or (body["ok"] and not is_success):
        return without_envelope(said)
    if body["ok"]:
        return None if "result" in body else AmbiguousError
    error = body.get("error") if isinstance(body.get("error"), dict) else {}
    status = said.status if not is_success else error.get("code", 400)
    if is_no_verdict(status):
        return without_envelope(Said(status, b""))
    if error.get("name") in ABOUT_US or status in {401, 402, 403, 405, 423}:
        return RefusesUsError
    return RefusesUsError if status == 404 and not error.get("name") else RejectedError


def crypto_pay_bodies(result: Any) -> tuple[bytes, ...]:
    good = {"ok": True, "result": result}
    return (
        *A_PROXY_S,
        *dumped(
            {}, {"message": "Forbidden"}, {"ok": "true", "result": result}, {"ok": 1}, {"ok": True}, good,
            {"ok": False}, {"ok": False, "error": "no"}, {"ok": False, "error": {"name": "SOMETHING_NEW"}},
            {"ok": False, "error": {"code": 400, "name": "INSUFFICIENT_FUNDS"}},
            {"ok": False, "error": {"code": 401, "name": "UNAUTHORIZED"}},
            {"ok": False, "error": {"code": 429, "name": "TOO_MANY_REQUESTS"}},
            {"ok": False, "error": {"code": 500, "name": "INTERNAL"}},
        ),
        BOM + json.dumps(good).encode(),
    )  # fmt: skip


def bom_aside(means: Callable[[Said], Meaning]) -> Callable[[Said], Meaning]:
    return lambda said: means(Said(said.status, said.body.removeprefix(BOM)))


def crypto_pay_call(name: str, make: Callable[[CryptoPayClient], object], result: Any) -> Call:
    return Call(name, make, crypto_pay_bodies(result), bom_aside(crypto_pay_means))


CRYPTO_PAY = Partner(
    lambda url, _: CryptoPayClient(url, "1:token"),
    (
        crypto_pay_call("createInvoice", lambda c: c.create_invoice(ORDER, Decimal(1), "x"), INVOICE),
        crypto_pay_call("getInvoices", lambda c: c.find_invoices(ORDER), {"items": [INVOICE]}),
        crypto_pay_call("paid", lambda c: c.newest_paid(offset=0, count=9), {"items": []}),
        crypto_pay_call("deleteInvoice", lambda c: c.delete_invoice("5"), True),
        crypto_pay_call("transfer", lambda c: c.transfer(7, "USDT", Decimal(1), "refund-1"), TRANSFER),
        crypto_pay_call("getTransfers", lambda c: c.find_transfers(WANTED), {"items": [TRANSFER]}),
    ),
)


# --- Main Bot ---


def push_means(said: Said) -> Meaning:
    body = said.object
    if body is None:
        return AmbiguousError if said.status == 409 else without_envelope(said)
    says_no = body.get("success") is False or bool(body.get("error"))
    if said.status in {200, 201, 202, 409}:
        contradicts = said.status != 409 and says_no and (body.get("success") or body.get("external_task_id"))
        if contradicts or body.get("task_id") not in {None, TASK}:
            return AmbiguousError
        return RejectedError if says_no and said.status != 409 else None
    if said.status in {400, 410, 422}:
        return RejectedError
    if said.status in {403, 404} and (body.get("task_id") == TASK or TASK in str(body.get("message"))):
        return RejectedError
    return main_bot_no(said)


def get_task_means(said: Said) -> Meaning:
    body = said.object
    if body is None:
        return AmbiguousError if said.status == 409 else without_envelope(said)
    if body.get("task_id") not in {None, TASK}:
        return AmbiguousError
    if said.status == 404:
        return None
    if said.status == 200:
        says_no = body.get("success") is False or bool(body.get("error"))
        tells = body.get("status") or body.get("external_task_id") or body.get("task_id")
        return None if tells and not says_no else AmbiguousError
    return RejectedError if said.status in {400, 410, 422} else main_bot_no(said)


def main_bot_no(said: Said) -> Meaning:
    if is_no_verdict(said.status):
        return without_envelope(said)
    return RefusesUsError


MAIN_BOT_BODIES = (
    *A_PROXY_S,
    *dumped(
        {}, {"success": True}, {"external_task_id": "mb_1"}, {"external_task_id": 23501},
        {"status": "completed"}, {"task_id": TASK, "status": "accepted"},
        {"task_id": "another", "external_task_id": "mb_2"},
        {"success": False}, {"success": False, "error": "link is private"}, {"error": "link is private"},
        {"error": {"code": 5, "message": "Private account"}}, {"success": True, "error": "both"},
        {"error": "no", "external_task_id": "mb_3"}, {"error": "gone", "task_id": TASK},
        {"message": f"task {TASK} is unknown here"}, {"error": "Not Found", "path": f"/api/tasks/{TASK}"},
    ),
    BOM + b'{"external_task_id": "mb_4"}',
)  # fmt: skip


def healthy(store: redis.Redis) -> None:
    store.flushdb()
    store.set("main_bot:healthy", 1)


def breaker_counts(store: redis.Redis, name: str, meaning: Meaning) -> None:
    """An outage counts, a word of Main Bot's own does not; nor does a question that it refuses."""
    counted = store.get("breaker:main_bot:failures")
    is_outage = meaning is not None and issubclass(meaning, UnreachableError | AmbiguousError)
    if name == "get_task" and meaning is RefusesUsError:
        is_outage = False
    assert counted == ("1" if is_outage else None)


MAIN_BOT = Partner(
    lambda url, store: MainBotClient(
        url, "k" * 20, tasks_path="/api/tasks", health_path="/health", redis_client=store
    ),
    (
        Call("push_task", lambda c: c.push_task({"task_id": TASK}), MAIN_BOT_BODIES, bom_aside(push_means)),
        Call("get_task", lambda c: c.get_task(TASK), MAIN_BOT_BODIES, bom_aside(get_task_means)),
    ),
    before=healthy,
    after=breaker_counts,
)

CALLS: Final = [
    pytest.param(partner, call, id=call.name) for partner in (CRYPTO_PAY, MAIN_BOT) for call in partner.calls
]


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.mark.parametrize(("partner", "call"), CALLS)
def test_every_answer_means_what_the_table_says(partner: Partner, call: Call, store: redis.Redis) -> None:
    steps: list[wire.Step] = []

    def play(connection: socket.socket) -> bool:
        return steps.pop()(connection)

    wrong = []
    with wire.WireServer([play]) as server:
        client = partner.connect(server.url, store)
        for number, (status, body) in enumerate((s, b) for s in STATUSES for b in call.bodies):
            said = Said(status, b"" if status in BODYLESS else body)
            steps.append(wire.answer(status, said.body, {"Content-Type": TYPES[number % len(TYPES)]}))
            partner.before(store)
            meaning = outcome(lambda: call.make(client))
            if meaning is not call.means(said):
                wrong.append((said, meaning, call.means(said)))
            partner.after(store, call.name, call.means(said))
        client.close()
    assert wrong[:5] == []


def outcome(make: Callable[[], object]) -> Meaning:
    try:
        make()
    except ServiceError as error:
        return next(kind for kind in KINDS if isinstance(error, kind))
    return None


KINDS: Final = (RefusesUsError, UnreachableError, ThrottledError, RejectedError, AmbiguousError)
"""The more special ones first."""


def test_a_refused_api_key_names_the_setting(store: redis.Redis) -> None:
    said = {
        (401, "UNAUTHORIZED"): "CRYPTOBOT_TOKEN",
        (405, "METHOD_NOT_FOUND"): "CRYPTOBOT_API_URL",
        (400, "INSUFFICIENT_FUNDS"): "crypto_pay_balance",
        (423, ""): "crypto_pay_app",
    }
    for (status, name), setting in said.items():
        body = {"ok": False, "error": {"code": status, "name": name}}
        with wire.WireServer([wire.answer(status, body)]) as server:
            client = CryptoPayClient(server.url, "1:token")
            with pytest.raises(RefusesUsError) as caught:
                client.transfer(7, "USDT", Decimal(1), "refund-1")
            client.close()
        assert caught.value.setting == setting
    for status, setting in ((401, "KEY"), (403, "KEY"), (404, "PATH"), (405, "PATH"), (415, "URL")):
        healthy(store)
        with wire.WireServer([wire.answer(status, {"error": "no"})]) as server:
            bot = MAIN_BOT.connect(server.url, store)
            with pytest.raises(RefusesUsError) as caught:
                bot.push_task({"task_id": TASK})
            bot.close()
        assert caught.value.setting.endswith(setting)
    assert Breaker(store, "main_bot").open_for_seconds() == 0
