"""Tests of the Crypto Pay client: exact money, one invoice found again, every answer's meaning."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from socialboost.clients.crypto_pay import CryptoPayClient
from socialboost.clients.crypto_pay_words import Wanted
from socialboost.errors import AmbiguousError, UnaskedError
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


def test_an_invoice_nobody_can_name_is_ambiguous() -> None:
    with crypto_pay(result(item(invoice_id="x"))) as (client, _), pytest.raises(AmbiguousError):
        client.create_invoice(ORDER, Decimal(1), "x")


@pytest.mark.parametrize(
    ("broken", "field", "read"),
    [({"amount": "NaN"}, "amount", None), ({"amount": "a lot"}, "amount", None),
     ({"expiration_date": "tomorrow"}, "expires_at", None), ({"asset": None}, "asset", ""),
     ({"bot_invoice_url": None}, "pay_url", ""), ({"payload": None}, "order_id", "")],
)  # fmt: skip
def test_missing_fields_of_an_invoice_are_left_to_the_caller(
    broken: dict[str, Any], field: str, read: Any
) -> None:
    with crypto_pay(result(item(**broken))) as (client, _):
        assert getattr(client.create_invoice(ORDER, Decimal(1), "x"), field) == read


def test_find_invoice_matches_by_payload_over_all_pages() -> None:
    others = {"items": [item(payload="another")] * 200}
    with crypto_pay(result(others), result({"items": [item()]})) as (client, requests):
        (found,) = client.find_invoices(ORDER)
    assert found.order_id == ORDER
    assert [r.json()["offset"] for r in requests] == [0, 200]
    assert requests[0].json()["status"] == "active"


def test_find_invoice_says_none_when_there_is_none() -> None:
    with crypto_pay(result({"items": [item(payload="another")]})) as (client, _):
        assert client.find_invoices(ORDER) == []


def test_find_invoice_returns_none_only_after_reading_every_page() -> None:
    full_page = result({"items": [item(payload="another"), "no invoice"] * 100})
    with crypto_pay(full_page) as (client, _), pytest.raises(AmbiguousError):
        client.find_invoices(ORDER)


def test_paid_among_asks_for_the_paid_ones_only_and_keeps_every_number_as_written() -> None:
    paid = item(status="paid", paid_asset="USDT", paid_amount="99.990", paid_at="2026-11-20T09:14:30.955Z")
    rows = [paid, item(status="active"), {"status": "paid"}, "x", item(status="paid", invoice_id="٥")]
    with crypto_pay(result({"items": rows})) as (client, asked):
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
def test_an_answer_without_a_list_is_not_an_empty_list(answer: Any) -> None:
    with crypto_pay(result(answer)) as (client, _), pytest.raises(AmbiguousError):
        client.newest_paid(offset=0, count=100)


def test_an_answer_about_other_invoices_is_ambiguous() -> None:
    with crypto_pay(result({"items": [item(status="paid")]})) as (client, _), pytest.raises(UnaskedError):
        client.paid_among(["7"])


NUMBER = "9" * 5000


@pytest.mark.parametrize(
    ("odd", "field", "read"),
    [
        ({"paid_at": "2026-11-20T09:14:30\x00"}, "paid_at", None),
        ({"paid_at": "+10000-01-01T00:00:00Z"}, "paid_at", None),
        ({"paid_at": "9999-12-31T23:59:59-14:00"}, "paid_at", None),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "made_at", None),
        ({"payload": "\ud83d"}, "order_id", "\ufffd"),
        ({"amount": float("nan")}, "amount", "nan"),
        ({"amount": [1]}, "amount", "[1]"),
    ],
)
def test_one_unreadable_row_does_not_affect_the_others(odd: dict[str, Any], field: str, read: Any) -> None:
    rows = [item(status="paid", invoice_id=1, **odd), item(status="paid", invoice_id=2)]
    with crypto_pay(result({"items": rows})) as (client, _):
        page = client.newest_paid(offset=0, count=100)
    assert [one.invoice_id for one in page.paid] == ["1", "2"]
    assert getattr(page.paid[0], field) == read
    assert page.next_offset is None


def test_a_number_of_thousands_of_digits_is_read_too() -> None:
    body = json.dumps({"ok": True, "result": {"items": [item(status="paid", amount=1)]}})
    with crypto_pay(wire.answer(200, body.replace('"amount": 1', f'"amount": {NUMBER}').encode())) as (
        client,
        _,
    ):
        (paid,) = client.newest_paid(offset=0, count=100).paid
    assert paid.invoice_id == "5500123"


def long_list(longest: int, rows: list[dict[str, Any]]) -> wire.WireServer:
    """A list whose answer is above 1 MiB when it has more than `longest` rows."""

    def step(connection: socket.socket) -> bool:
        asked = server.requests[-1].json()
        wanted = asked.get("invoice_ids")
        chosen = [r for r in rows if wanted is None or str(r["invoice_id"]) in wanted.split(",")]
        page = chosen[asked.get("offset", 0) :][: asked["count"]]
        padding = "x" * 1_100_000 if len(page) > longest else ""
        return wire.answer(200, {"ok": True, "result": {"items": page, "padding": padding}})(connection)

    server = wire.WireServer([step])
    return server


def test_a_page_that_is_too_long_is_requested_again_at_half_the_size() -> None:
    rows = [item(status="paid", invoice_id=number) for number in range(1, 301)]
    with long_list(100, rows) as server:
        client = CryptoPayClient(server.url, TOKEN)
        page = client.newest_paid(offset=0, count=500)
        assert (len(page.paid), page.next_offset) == (62, 62)
        second = client.newest_paid(offset=62, count=100)
        assert [len(second.paid), second.next_offset] == [100, 162]
        among = client.paid_among([str(number) for number in range(1, 301)])
        client.close()
    assert len(among) == 300


def test_a_single_row_that_is_too_long_says_so() -> None:
    with long_list(0, [item(status="paid")]) as server:
        client = CryptoPayClient(server.url, TOKEN)
        with pytest.raises(AmbiguousError) as caught:
            client.newest_paid(offset=0, count=4)
        client.close()
    assert caught.value.code == "too_long"


def test_an_invoice_is_never_asked_for_twice_by_itself() -> None:
    steps = [result({"items": []}), wire.reset, result(item())]
    with crypto_pay(*steps) as (client, requests):
        client.find_invoices(ORDER)
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


SINCE = datetime(2026, 11, 20, tzinfo=UTC)
WANTED = Wanted("refund-1", 7, "USDT", Decimal("99.99"), SINCE)
LISTED = {**SENT, "completed_at": "2026-11-20T00:00:09Z"}


@pytest.mark.parametrize(
    ("changes", "is_ours"),
    [
        ({}, True),
        ({"spend_id": "refund-1"}, True),
        ({"completed_at": "2026-11-19T23:58:00Z"}, True),  # two clocks
        ({"completed_at": None, "spend_id": "refund-1"}, True),
        ({"spend_id": "refund-2"}, False),
        ({"user_id": 8}, False),
        ({"asset": "TON"}, False),
        ({"amount": "99.98"}, False),
        ({"amount": "a lot"}, False),
        ({"completed_at": "2026-11-19T12:00:00Z"}, False),
        ({"completed_at": None}, False),
    ],
)
def test_a_listed_transfer_is_ours_only_if_everything_agrees(changes: dict[str, Any], is_ours: bool) -> None:
    other = {**LISTED, "transfer_id": 1, "user_id": 1}
    with crypto_pay(result({"items": [other, {**LISTED, **changes}]})) as (client, requests):
        assert [sent.transfer_id for sent in client.find_transfers(WANTED)] == ["90001"] * is_ours
    assert requests[0].json()["spend_id"] == "refund-1"


def test_our_spend_id_on_another_transfer_is_reported() -> None:
    listed = result({"items": [{**LISTED, "spend_id": "refund-1", "amount": "1"}]})
    with crypto_pay(listed) as (client, _), pytest.raises(UnaskedError):
        client.find_transfers(WANTED)


def test_a_list_that_ignores_the_spend_id_is_looked_through_as_far_as_needed() -> None:
    others = [{**LISTED, "user_id": 1}] * 200
    old = [{**LISTED, "completed_at": "2026-11-01T00:00:00Z"}] * 200
    pages = [result({"items": page}) for page in (others, [*others[1:], LISTED], old, others)]
    with crypto_pay(*pages) as (client, requests):
        (found,) = client.find_transfers(WANTED)
    assert found.transfer_id == "90001"
    assert [r.json()["offset"] for r in requests] == [0, 200, 400]


def test_a_transfer_is_never_asked_for_twice_by_itself() -> None:
    with crypto_pay(result({"items": []}), wire.reset, result(SENT)) as (client, requests):
        client.find_transfers(WANTED)
        with pytest.raises(AmbiguousError):
            client.transfer(7, "USDT", Decimal(1), "refund-1")
        assert len(requests) == 2


@pytest.mark.parametrize(
    "broken", [{"transfer_id": "x"}, {"amount": "a lot"}, {"user_id": None}, {"user_id": 8}]
)
def test_an_answer_that_is_not_our_transfer_is_ambiguous(broken: dict[str, Any]) -> None:
    with crypto_pay(result({**SENT, **broken})) as (client, _), pytest.raises(AmbiguousError):
        client.transfer(7, "USDT", Decimal("99.99"), "refund-1")
