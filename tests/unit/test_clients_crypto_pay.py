"""The Crypto Pay client: exact money, one invoice found again, every answer's meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from socialboost.clients.crypto_pay import CryptoPayClient
from socialboost.errors import AmbiguousError, RejectedError, ThrottledError
from tests.unit import clients_server as wire

TOKEN = "731946:AAhTestOnlyCryptoPayTokenDoNotUse00001"
ORDER = "0b6bd5a4-7c51-4d31-9f0c-0d9f0a3f1c11"


def item(**changes: Any) -> dict[str, Any]:
    invoice = {
        "invoice_id": 5500123,
        "asset": "USDT",
        "amount": "99.99",
        "bot_invoice_url": "https://t.me/CryptoBot?start=IV1",
        "status": "active",
        "payload": ORDER,
        "expiration_date": "2026-11-20T10:10:02.114Z",
    }
    return {**invoice, **changes}


@contextmanager
def crypto_pay(*steps: wire.Step) -> Iterator[tuple[CryptoPayClient, list[wire.Request]]]:
    with wire.WireServer(list(steps)) as server:
        client = CryptoPayClient(server.url, TOKEN)
        yield client, server.requests
        client.close()


def result(value: Any) -> wire.Step:
    return wire.answer(200, {"ok": True, "result": value})


def test_create_invoice_asks_for_exactly_this() -> None:
    with crypto_pay(result(item())) as (client, requests):
        invoice = client.create_invoice(ORDER, Decimal("99.99"), "SocialBoost - Базовий")
    assert requests[0].path == "/api/createInvoice"
    assert requests[0].headers["crypto-pay-api-token"] == TOKEN
    assert requests[0].json() == {
        "currency_type": "crypto",
        "asset": "USDT",
        "amount": "99.99",
        "description": "SocialBoost - Базовий",
        "payload": ORDER,
        "expires_in": 3600,
        "allow_comments": False,
        "allow_anonymous": False,
    }
    assert invoice.invoice_id == "5500123"
    assert invoice.amount == Decimal("99.99")
    assert invoice.expires_at == datetime(2026, 11, 20, 10, 10, 2, 114000, tzinfo=UTC)


@pytest.mark.parametrize(("amount", "text"), [("1E+2", "100"), ("0.1", "0.1"), ("1E-7", "0.0000001")])
def test_amount_is_a_plain_decimal_string(amount: str, text: str) -> None:
    with crypto_pay(result(item())) as (client, requests):
        client.create_invoice(ORDER, Decimal(amount), "x")
    assert requests[0].json()["amount"] == text


def test_amount_sent_as_a_number_is_still_exact() -> None:
    body = json.dumps({"ok": True, "result": item(amount=99.99)}).encode()
    with crypto_pay(wire.answer(200, body)) as (client, _):
        assert client.create_invoice(ORDER, Decimal(1), "x").amount == Decimal("99.99")


@pytest.mark.parametrize(
    "broken",
    [{"amount": "NaN"}, {"amount": "a lot"}, {"bot_invoice_url": "javascript:alert(1)"}, {"invoice_id": "x"},
     {"expiration_date": "tomorrow"}, {"asset": None, "amount": None}],
)  # fmt: skip
def test_unreadable_invoice_is_ambiguous(broken: dict[str, Any]) -> None:
    with crypto_pay(result(item(**broken))) as (client, _), pytest.raises(AmbiguousError):
        client.create_invoice(ORDER, Decimal(1), "x")


def test_find_invoice_matches_by_payload_over_all_pages() -> None:
    others = {"items": [item(payload="another")] * 200}
    with crypto_pay(result(others), result({"items": [item()]})) as (client, requests):
        found = client.find_invoice(ORDER)
    assert found is not None
    assert found.order_id == ORDER
    assert [r.json()["offset"] for r in requests] == [0, 200]
    assert requests[0].json()["status"] == "active"


def test_find_invoice_says_none_when_there_is_none() -> None:
    with crypto_pay(result({"items": [item(payload="another")]})) as (client, _):
        assert client.find_invoice(ORDER) is None


def test_find_invoice_never_says_none_without_having_looked_at_all() -> None:
    full_page = result({"items": [item(payload="another")] * 200})
    with crypto_pay(full_page) as (client, _), pytest.raises(AmbiguousError):
        client.find_invoice(ORDER)


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "EXPIRES_IN_INVALID", RejectedError),
        (401, "UNAUTHORIZED", RejectedError),
        (423, "SUSPENDED", RejectedError),
        (429, "TOO_MANY", ThrottledError),
        (500, "INTERNAL", AmbiguousError),
    ],
)
def test_error_names(status: int, name: str, kind: type[Exception]) -> None:
    step = wire.answer(status, {"ok": False, "error": {"code": status, "name": name}})
    with crypto_pay(step) as (client, _), pytest.raises(kind) as caught:
        client.create_invoice(ORDER, Decimal(1), "x")
    if kind is RejectedError:
        assert caught.value.code == name  # type: ignore[attr-defined]


def test_paid_among_asks_for_the_paid_ones_only_and_keeps_every_number_as_written() -> None:
    paid = item(status="paid", paid_asset="USDT", paid_amount="99.990", paid_at="2026-11-20T09:14:30.955Z")
    with crypto_pay(result({"items": [paid, item(status="active"), {"status": "paid"}, "x"]})) as (
        client,
        asked,
    ):
        (found,) = client.paid_among([str(paid["invoice_id"]), "7"])
    assert (found.asset, found.amount, found.order_id) == ("USDT", "99.990", paid["payload"])
    assert found.agrees_with("USDT", Decimal("99.99"))
    assert not found.agrees_with("TON", Decimal("99.99"))
    assert not found.agrees_with("USDT", Decimal("99.98"))
    assert json.loads(asked[0].body) == {
        "invoice_ids": f"{paid['invoice_id']},7",
        "status": "paid",
        "count": 2,
    }


@pytest.mark.parametrize("answer", [{"items": None}, {}, [], "x"])
def test_a_list_that_is_none_is_not_taken_for_an_empty_one(answer: Any) -> None:
    with crypto_pay(result(answer)) as (client, _), pytest.raises(AmbiguousError):
        client.newest_paid(offset=0, count=100)


def test_an_invoice_is_never_asked_for_twice_by_itself() -> None:
    steps = [result({"items": []}), wire.reset, result(item())]
    with crypto_pay(*steps) as (client, requests):
        client.find_invoice(ORDER)
        with pytest.raises(AmbiguousError):
            client.create_invoice(ORDER, Decimal(1), "x")
        assert len(requests) == 2


def test_calls_are_logged_without_the_token() -> None:
    with capture_logs() as lines, crypto_pay(result(item())) as (client, _):
        client.create_invoice(ORDER, Decimal(1), "x")
    assert [(line["event"], line["method"], line["status"]) for line in lines] == [
        ("crypto_pay_called", "createInvoice", 200)
    ]
    assert TOKEN not in repr(lines)


SENT = {"transfer_id": 90001, "user_id": 7, "asset": "USDT", "amount": "99.99", "status": "completed"}


def test_a_transfer_asks_for_exactly_this() -> None:
    with crypto_pay(result(SENT)) as (client, requests):
        sent = client.transfer(7, "USDT", Decimal("99.990"), "refund-1")
    assert requests[0].path == "/api/transfer"
    assert requests[0].json() == {"user_id": 7, "asset": "USDT", "amount": "99.990", "spend_id": "refund-1"}
    assert (sent.transfer_id, sent.user_id, sent.asset, sent.amount) == ("90001", 7, "USDT", Decimal("99.99"))


def test_a_transfer_is_found_by_its_spend_id_or_certainly_not_there() -> None:
    with crypto_pay(result({"items": [SENT]}), result({"items": []})) as (client, requests):
        found = client.find_transfer("refund-1")
        assert client.find_transfer("refund-2") is None
    assert found is not None
    assert found.transfer_id == "90001"
    assert [r.json() for r in requests] == [{"spend_id": "refund-1"}, {"spend_id": "refund-2"}]


def test_a_transfer_is_never_asked_for_twice_by_itself() -> None:
    with crypto_pay(result({"items": []}), wire.reset, result(SENT)) as (client, requests):
        client.find_transfer("refund-1")
        with pytest.raises(AmbiguousError):
            client.transfer(7, "USDT", Decimal(1), "refund-1")
        assert len(requests) == 2


@pytest.mark.parametrize("broken", [{"transfer_id": "x"}, {"amount": "a lot"}, {"user_id": None}])
def test_an_unreadable_transfer_is_ambiguous(broken: dict[str, Any]) -> None:
    with crypto_pay(result({**SENT, **broken})) as (client, _), pytest.raises(AmbiguousError):
        client.transfer(7, "USDT", Decimal(1), "refund-1")
