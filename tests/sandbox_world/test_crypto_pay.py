"""Tests of the Crypto Pay stand-in: it has the service's wire format and errors."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.crypto_pay.store import Store
from sandbox.crypto_pay.webhooks import Webhooks
from sandbox.programs import Program
from sandbox.wire import WireLog
from tests.sandbox_world.conftest import TOKEN, Shop, until

INVOICE = {
    "currency_type": "crypto",
    "asset": "USDT",
    "amount": "99.99",
    "description": "SocialBoost - Starter Mini",
    "payload": "order-1",
    "expires_in": 3600,
}


def call(program: Program, method: str, token: str = TOKEN, **fields: Any) -> tuple[int, Any]:
    """One API call by POST JSON: status and the whole envelope."""
    answer = requests.post(
        f"{program.url}/api/{method}", json=fields, headers={"Crypto-Pay-API-Token": token}, timeout=10
    )
    return answer.status_code, answer.json()


def result(program: Program, method: str, **fields: Any) -> Any:
    """The `result` of a call that must work."""
    status, body = call(program, method, **fields)
    assert (status, body["ok"]) == (200, True), body
    return body["result"]


def test_an_invoice_is_made_listed_and_deleted(crypto_pay: Program) -> None:
    made = result(crypto_pay, "createInvoice", **INVOICE)
    assert made["status"] == "active"
    assert (made["asset"], made["amount"], made["payload"]) == ("USDT", "99.99", "order-1")
    assert made["bot_invoice_url"] == f"{crypto_pay.url}/invoices/{made['hash']}"
    assert made["expiration_date"].endswith("Z")
    other = result(crypto_pay, "createInvoice", **(INVOICE | {"payload": "order-2"}))
    listed = result(crypto_pay, "getInvoices", status="active", asset="USDT")["items"]
    assert [item["payload"] for item in listed] == ["order-2", "order-1"]
    only = result(crypto_pay, "getInvoices", invoice_ids=str(made["invoice_id"]))["items"]
    assert [item["payload"] for item in only] == ["order-1"]
    assert len(result(crypto_pay, "getInvoices", count=1, offset=1)["items"]) == 1
    assert result(crypto_pay, "deleteInvoice", invoice_id=other["invoice_id"]) is True
    assert call(crypto_pay, "deleteInvoice", invoice_id=other["invoice_id"])[1]["error"] == {
        "code": 400,
        "name": "INVOICE_NOT_FOUND",
    }


def test_query_strings_and_forms_mean_the_same_as_json(crypto_pay: Program) -> None:
    url, headers = f"{crypto_pay.url}/api/createInvoice", {"Crypto-Pay-API-Token": TOKEN}
    by_query = requests.get(url, params=INVOICE, headers=headers, timeout=10).json()["result"]
    by_form = requests.post(url, data=INVOICE, headers=headers, timeout=10).json()["result"]
    assert by_query["amount"] == by_form["amount"] == "99.99"


@pytest.mark.parametrize(
    ("method", "fields", "status", "name"),
    [
        ("createInvoice", INVOICE | {"expires_in": 2_678_401}, 400, "EXPIRES_IN_INVALID"),
        ("createInvoice", INVOICE | {"currency_type": "shells"}, 400, "CURRENCY_TYPE_INVALID"),
        ("createInvoice", INVOICE | {"asset": None}, 400, "ASSET_INVALID"),
        ("createInvoice", INVOICE | {"amount": "0"}, 400, "AMOUNT_INVALID"),
        ("createInvoice", INVOICE | {"amount": "NaN"}, 400, "AMOUNT_INVALID"),
        ("createInvoice", INVOICE | {"amount": "0.000000001"}, 400, "AMOUNT_INVALID"),
        ("createInvoice", INVOICE | {"description": "x" * 1025}, 400, "DESCRIPTION_INVALID"),
        ("getInvoices", {"count": 1001}, 400, "COUNT_INVALID"),
        ("transfer", {"user_id": 7, "asset": "USDT", "amount": "5"}, 400, "SPEND_ID_INVALID"),
        ("setWebhook", {}, 405, "METHOD_NOT_FOUND"),
    ],
)
def test_what_the_service_refuses(
    crypto_pay: Program, method: str, fields: dict[str, Any], status: int, name: str
) -> None:
    assert call(crypto_pay, method, **fields) == (
        status,
        {"ok": False, "error": {"code": status, "name": name}},
    )


def test_a_wrong_token_is_unauthorized(crypto_pay: Program) -> None:
    status, body = call(crypto_pay, "getMe", token="1:other")
    assert (status, body["error"]["name"]) == (401, "UNAUTHORIZED")
    assert result(crypto_pay, "getMe")["name"] == "SocialBoost"


def test_paying_on_the_page_sends_one_signed_notice(crypto_pay: Program, shop: Shop) -> None:
    made = result(crypto_pay, "createInvoice", **INVOICE)
    page = requests.get(made["bot_invoice_url"], timeout=10)
    assert "99.99 USDT" in page.text
    assert "SocialBoost - Starter Mini" in page.text
    after = requests.post(made["bot_invoice_url"] + "/pay", timeout=10)
    assert "Paid" in after.text
    notice = shop.wait_for(1)[0]
    key = hashlib.sha256(TOKEN.encode()).digest()
    assert notice.headers["crypto-pay-api-signature"] == hmac.new(key, notice.body, "sha256").hexdigest()
    update = notice.json()
    assert update["update_type"] == "invoice_paid"
    paid = update["payload"]
    assert (paid["status"], paid["payload"]) == ("paid", "order-1")
    assert (paid["paid_asset"], paid["paid_amount"]) == ("USDT", "99.99")
    assert [i["status"] for i in result(crypto_pay, "getInvoices", status="paid")["items"]] == ["paid"]
    requests.post(made["bot_invoice_url"] + "/pay", timeout=10)  # a second press pays nothing more
    assert len(shop.received) == 1


def test_the_signature_is_the_one_of_the_known_vector() -> None:
    """Computed independently with openssl for this token and body."""
    body = (
        b'{"update_id":1,"update_type":"invoice_paid","request_date":"2026-11-20T00:00:00.000Z",'
        b'"payload":{"invoice_id":1,"status":"paid","amount":"1","payload":"order:1"}}'
    )
    hooks = Webhooks("12345:TESTTOKEN", "", WireLog("test", None))
    expected = "bc618bcfe23abf772c5a717b65165a1b56718d54d3684900c3b1e63a890aa168"
    assert hooks.sign(body) == expected
    assert hooks.sign(body + b" ") != expected


def test_a_notice_is_repeated_until_answered_200(crypto_pay: Program, shop: Shop) -> None:
    shop.statuses = [503, 500, 202]
    pay(crypto_pay, result(crypto_pay, "createInvoice", **INVOICE))
    bodies = [received.body for received in shop.wait_for(4)]
    assert len(set(bodies)) == 1
    time.sleep(0.3)
    assert len(shop.received) == 4


def test_notices_are_lost_doubled_and_reordered_on_request(crypto_pay: Program, shop: Shop) -> None:
    plans = [{"kind": "lost"}, {"kind": "doubled"}, {"kind": "reordered", "seconds": 10}]
    requests.post(f"{crypto_pay.url}/sim/webhook", json={"plans": plans}, timeout=10).raise_for_status()
    names = ["lost", "doubled", "held", "prompt"]
    for name in names:
        pay(crypto_pay, result(crypto_pay, "createInvoice", **(INVOICE | {"payload": name})))
        if name == "doubled":
            shop.wait_for(2)
    came = [received.json()["payload"]["payload"] for received in shop.wait_for(4)]
    assert came == ["doubled", "doubled", "prompt", "held"]


def test_a_seed_deals_out_the_same_fates(crypto_pay: Program) -> None:
    def fates(seed: int) -> list[bool]:
        """Which of twelve notices are lost."""
        settings = {"shares": {"lost": 0.5}, "seed": seed}
        requests.post(f"{crypto_pay.url}/sim/webhook", json=settings, timeout=10).raise_for_status()
        hooks = Webhooks(TOKEN, "", WireLog("crypto_pay", None), shares={"lost": 0.5}, seed=seed)
        return [hooks._next_plan() is not None for _ in range(12)]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)
    assert {True, False} == set(fates(1))
    refused = requests.post(f"{crypto_pay.url}/sim/webhook", json={"shares": {"eaten": 1}}, timeout=10)
    assert refused.status_code == 400


def test_one_invoice_is_found_by_its_hash(crypto_pay: Program) -> None:
    made = [result(crypto_pay, "createInvoice", **INVOICE) for _ in range(2)]
    url = f"{crypto_pay.url}/sim/invoices"
    found = requests.get(url, params={"hash": made[1]["hash"]}, timeout=10).json()["items"]
    assert [one["invoice_id"] for one in found] == [made[1]["invoice_id"]]
    assert requests.get(url, params={"hash": "IVnone"}, timeout=10).json()["items"] == []


def test_an_expired_invoice_is_payable_only_on_request(crypto_pay: Program, shop: Shop) -> None:
    made = result(crypto_pay, "createInvoice", **(INVOICE | {"expires_in": 1}))
    until(lambda: result(crypto_pay, "getInvoices")["items"][0]["status"] == "expired")
    assert result(crypto_pay, "getInvoices", status="active")["items"] == []
    assert "expired" in requests.post(made["bot_invoice_url"] + "/pay", timeout=10).text
    assert pay(crypto_pay, made).status_code == 409
    assert pay(crypto_pay, made, force=True).json()["status"] == "paid"
    assert shop.wait_for(1)[0].json()["payload"]["invoice_id"] == made["invoice_id"]


def test_another_amount_or_asset_can_arrive(crypto_pay: Program, shop: Shop) -> None:
    pay(crypto_pay, result(crypto_pay, "createInvoice", **INVOICE), asset="TON", amount="1.5")
    paid = shop.wait_for(1)[0].json()["payload"]
    assert (paid["paid_asset"], paid["paid_amount"], paid["amount"]) == ("TON", "1.5", "99.99")


def test_a_transfer_happens_once_per_spend_id(crypto_pay: Program) -> None:
    fields = {"user_id": 7, "asset": "USDT", "amount": "99.99", "spend_id": "refund-1"}
    done = result(crypto_pay, "transfer", **fields)
    assert done["status"] == "completed"
    assert "spend_id" not in done
    assert call(crypto_pay, "transfer", **fields)[1]["error"]["name"] == "SPEND_ID_ALREADY_USED"
    assert result(crypto_pay, "getTransfers", spend_id="refund-1")["items"] == [done]
    available = {row["currency_code"]: row["available"] for row in result(crypto_pay, "getBalance")}
    assert available["USDT"] == "900.01"
    poor = fields | {"amount": "5000", "spend_id": "refund-2"}
    assert call(crypto_pay, "transfer", **poor)[1]["error"]["name"] == "INSUFFICIENT_FUNDS"
    requests.post(f"{crypto_pay.url}/sim/settings", json={"strangers": [7]}, timeout=10)
    stranger = fields | {"amount": "5", "spend_id": "refund-3"}
    assert call(crypto_pay, "transfer", **stranger)[1]["error"]["name"] == "USER_NOT_FOUND"


def test_faults_on_demand(crypto_pay: Program) -> None:
    faults = [
        {"operation": "createInvoice", "kind": "lost"},
        {"operation": "createInvoice", "kind": "refused"},
        {"operation": "createInvoice", "kind": "status", "status": 429, "retry_after": 3},
    ]
    requests.post(f"{crypto_pay.url}/sim/faults", json=faults, timeout=10).raise_for_status()
    for made in (1, 1):
        with pytest.raises(requests.ConnectionError):
            call(crypto_pay, "createInvoice", **INVOICE)
        assert len(result(crypto_pay, "getInvoices")["items"]) == made
    answer = requests.post(
        f"{crypto_pay.url}/api/createInvoice",
        json=INVOICE,
        headers={"Crypto-Pay-API-Token": TOKEN},
        timeout=10,
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert call(crypto_pay, "createInvoice", **INVOICE)[0] == 200
    bad = requests.post(f"{crypto_pay.url}/sim/faults", json={"kind": "sideways"}, timeout=10)
    assert bad.status_code == 400


def test_the_wire_log_tells_what_happened(crypto_pay: Program, tmp_path: Path, shop: Shop) -> None:
    pay(crypto_pay, result(crypto_pay, "createInvoice", **INVOICE))
    shop.wait_for(1)
    lines = requests.get(f"{crypto_pay.url}/sim/wire", timeout=10).json()["lines"]
    until(lambda: '"webhook"' in (tmp_path / "wire.jsonl").read_text())
    in_file = [json.loads(line) for line in (tmp_path / "wire.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines][:2] == ["api", "paid"]
    assert [line["event"] for line in in_file] == ["api", "paid", "webhook"]


def test_hashes_find_their_invoice_after_a_deletion() -> None:
    store = Store(public_url="http://127.0.0.1")
    common = {"currency_type": "crypto", "currency": "USDT", "amount": 1, "expires_at": None, "options": {}}
    first, second = store.add(**common), store.add(**common)
    del store.invoices[first.invoice_id]
    third = store.add(**common)
    assert store.by_hash(first.hash) is None
    assert store.by_hash(second.hash) is second
    assert store.by_hash(third.hash) is third


def pay(program: Program, invoice: dict[str, Any], **overrides: Any) -> requests.Response:
    """Pay through /sim."""
    return requests.post(
        f"{program.url}/sim/invoices/{invoice['invoice_id']}/pay", json=overrides, timeout=10
    )
