"""Tests of the payment webhook: each signed body becomes one job, all others are refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from pydantic import SecretStr

from socialboost.security.sealing import Courier
from socialboost.web.webhooks import crypto_pay
from tests.examples import examples
from tests.flows.updates import only, queued
from tests.flows.web.conftest import CLOSED, MakeClient, log_lines
from tests.unit.settings_environment import VALID

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
TOKEN = VALID["CRYPTOBOT_TOKEN"]
BODY = (VECTORS / "crypto_pay_webhook.json").read_bytes()
SIGNATURE = "0a21bbc0af9d626d4a0c058cec28cab77a7fc793edd0d3469a130991b9ffc2d5"
SMALL_TOKEN = "12345:TESTTOKEN"
SMALL_BODY = (VECTORS / "crypto_pay_webhook_small.json").read_bytes()
SMALL_SIGNATURE = "bc618bcfe23abf772c5a717b65165a1b56718d54d3684900c3b1e63a890aa168"
PATH = "/webhook/cryptobot"
MUST_FAIL = {
    "hex of the key used as the key": "240a7b19105131449d3159a056761090cc12169d1dc2bb10436dceeb36da4a30",
    "the raw token as the key": "854ba5c0e758855a07ee1c14deb4ad8a914a2ca0ba7020692516d310911357e3",
    "the body dumped again": "e28fb899d5cf536bc55a0579145aa05c0d2d49166dda625b33e653cb6aaa3f93",
}


def sign(body: bytes, token: str = TOKEN) -> str:
    return hmac.new(hashlib.sha256(token.encode()).digest(), body, hashlib.sha256).hexdigest()


def post(client: FlaskClient, body: bytes, signature: str | None, path: str = PATH) -> Any:
    headers = {} if signature is None else {"crypto-pay-api-signature": signature}
    return client.post(path, data=body, headers=headers, content_type="application/json")


def event(**invoice: Any) -> bytes:
    """A signed event's body for an invoice like the real ones, with some fields changed (None drops one)."""
    whole = {
        "invoice_id": 7,
        "status": "paid",
        "asset": "USDT",
        "amount": "99.99",
        "payload": "o-1",
    } | invoice
    payload = {name: value for name, value in whole.items() if value is not None}
    return json.dumps({"update_id": 1, "update_type": "invoice_paid", "payload": payload}).encode()


def test_the_known_vector_is_unchanged() -> None:
    assert len(BODY) == 1103
    assert (
        hashlib.sha256(BODY).hexdigest() == "fe343635cd67c0318ad7c5f583752277c8727aac2e0accba7466deda3b44376a"
    )
    assert (
        crypto_pay.signing_key(TOKEN).hex()
        == "9111b14fd3102e1ffa2611c10771a90d9223d0644ed00a36e0231d8d95941dfc"
    )
    assert len(SMALL_BODY) == 162


def test_a_valid_signature_queues_the_payment(client: FlaskClient, redis_url: str, tmp_path: Path) -> None:
    response = post(client, BODY, SIGNATURE)
    assert (response.status_code, response.json) == (200, {"ok": True})
    job = only(redis_url)
    assert (job.queue, job.actor) == ("payments", "activate_order")
    assert Courier(SecretStr(TOKEN)).unseal(job.args.pop("raw_event")) == BODY
    assert job.args == {
        "key": "cp:5500123",
        "invoice_id": "5500123",
        "asset": "USDT",
        "amount": "12.49375312",
        "order_id": "order:1042",
        "paid_at": "2026-11-20T09:14:30.955Z",
        "source": "webhook",
    }
    assert '"webhook_received"' in log_lines(tmp_path)


def test_the_payer_and_their_comment_are_encrypted_in_redis(client: FlaskClient, redis_url: str) -> None:
    canaries = ["Canary Payer", "canary_payer", "a canary's comment", "778899001"]
    body = event(
        comment=canaries[2], payer={"name": canaries[0], "username": canaries[1], "id": int(canaries[3])}
    )
    assert post(client, body, sign(body)).status_code == 200
    kept = everything_in(redis_url)
    assert "o-1" in kept, "the job is there, and seen"
    assert [canary for canary in canaries if canary in kept] == []


def everything_in(redis_url: str) -> str:
    """Every key with its value, as text."""
    readers = {"string": "get", "hash": "hgetall", "list": "lrange", "set": "smembers", "zset": "zrange"}
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        found = []
        for key in client.scan_iter():
            kind = client.type(key)
            ends = (0, -1) if kind in {"list", "zset"} else ()
            found.append(f"{key} {getattr(client, readers[kind])(key, *ends)}")
        return "\n".join(found)


def test_the_small_vector_s_signature_is_accepted(make_client: MakeClient, redis_url: str) -> None:
    client = make_client(CRYPTOBOT_TOKEN=SMALL_TOKEN)
    assert post(client, SMALL_BODY, SMALL_SIGNATURE).status_code == 200
    job = only(redis_url)
    assert (job.args["key"], job.args["amount"], job.args["asset"]) == ("cp:1", "1", "")


@pytest.mark.parametrize("signature", MUST_FAIL.values(), ids=MUST_FAIL.keys())
def test_signatures_made_the_wrong_way_are_refused(
    signature: str, client: FlaskClient, redis_url: str
) -> None:
    response = post(client, BODY, signature)
    assert response.status_code == 401
    assert response.json["error"] == "bad_signature"
    assert queued(redis_url) == []


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        SIGNATURE.upper(),
        SIGNATURE[:-1],
        SIGNATURE + "0",
        f" {SIGNATURE},{SIGNATURE}",
        "підпис".encode().decode("latin-1"),
        "ÿ" * 64,
        SMALL_SIGNATURE,
        sign(b""),
        hmac.new(b"", BODY, hashlib.sha256).hexdigest(),
    ],
)
def test_any_other_header_value_is_refused(
    signature: str | None, client: FlaskClient, redis_url: str
) -> None:
    assert post(client, BODY, signature).status_code == 401
    assert queued(redis_url) == []


def test_the_same_json_in_other_bytes_is_refused(client: FlaskClient, redis_url: str) -> None:
    same = json.loads(BODY)
    for body in (
        BODY + b" ",
        b"\xef\xbb\xbf" + BODY,
        json.dumps(same).encode(),
        json.dumps(same, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(),
        BODY.replace(b"2026-11-20", b"2026-11-21", 1),
    ):
        assert body != BODY
        assert post(client, body, SIGNATURE).status_code == 401
    assert queued(redis_url) == []


def test_flipped_bits_are_refused(client: FlaskClient, redis_url: str) -> None:
    """A thousand; ten thousand in the long form."""
    source, count = random.Random(20261123), examples(1_000, long=10_000)
    signature, statuses = SIGNATURE.encode(), []
    for number in range(count):
        body, header = bytearray(BODY), bytearray(signature)
        target = header if number % 4 == 0 else body
        target[source.randrange(len(target))] ^= 1 << source.randrange(8)
        if set(header) & {0x0A, 0x0D}:
            continue  # no HTTP server lets a line break into a header
        statuses.append(post(client, bytes(body), header.decode("latin-1")).status_code)
    assert len(statuses) > 0.99 * count
    assert set(statuses) == {401}
    assert queued(redis_url) == []
    assert post(client, BODY, SIGNATURE).status_code == 200  # the control: the untouched bytes pass
    assert len(queued(redis_url)) == 1


def test_a_repeated_event_has_the_same_key(client: FlaskClient, redis_url: str) -> None:
    for _ in range(3):
        assert post(client, BODY, SIGNATURE).status_code == 200
    assert {job.args["key"] for job in queued(redis_url)} == {"cp:5500123"}


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"99.99"', "99.99"),
        ("99.990000000000000001", "99.990000000000000001"),
        ("100", "100"),
        ("0.1", "0.1"),
        ("1e-07", "1e-07"),
    ],
)
def test_an_amount_stays_as_written(written: str, amount: str, client: FlaskClient, redis_url: str) -> None:
    body = event(amount="AMOUNT").replace(b'"AMOUNT"', written.encode())
    assert post(client, body, sign(body)).status_code == 200
    assert only(redis_url).args["amount"] == amount


def test_the_paid_amount_counts_and_not_the_requested_one(client: FlaskClient, redis_url: str) -> None:
    body = event(paid_asset="TON", paid_amount="31.5")
    assert post(client, body, sign(body)).status_code == 200
    args = only(redis_url).args
    assert (args["asset"], args["amount"]) == ("TON", "31.5")


@pytest.mark.parametrize(
    "changes",
    [{"payload": None}, {"payload": 5}, {"asset": None}, {"paid_at": "yesterday"}, {"payload": "a\x00b"}],
)
def test_a_payment_without_amount_or_asset_is_accepted(
    changes: dict[str, Any], client: FlaskClient, redis_url: str
) -> None:
    body = event(**changes)
    assert post(client, body, sign(body)).status_code == 200
    args = only(redis_url).args
    assert args["paid_at"] is None
    assert "\x00" not in args["order_id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"invoice_id": None}, "payload.invoice_id"),
        ({"invoice_id": "7; drop"}, "payload.invoice_id"),
        ({"invoice_id": True}, "payload.invoice_id"),
        ({"invoice_id": -7}, "payload.invoice_id"),
        ({"amount": None}, "payload.amount"),
        ({"amount": "NaN"}, "payload.amount"),
        ({"amount": "1_000"}, "payload.amount"),
        ({"amount": "-1"}, "payload.amount"),
        ({"paid_amount": "1e999"}, "payload.paid_amount"),
    ],
)
def test_a_signed_event_without_its_core_names_the_field(
    changes: dict[str, Any], field: str, client: FlaskClient, redis_url: str
) -> None:
    body = event(**changes)
    response = post(client, body, sign(body))
    assert response.status_code == 400
    assert response.json["field"] == field
    assert field in response.json["message"]
    assert queued(redis_url) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"update_type":"invoice_paid","payload":{"amount":NaN}}',
        b'{"update_type":"invoice_paid","payload":{"amount":-Infinity}}',
        b'{"update_type":"invoice_paid"}',
        b'{"update_type":"invoice_paid","payload":[]}',
        b'{"update_type":"invoice_paid","payload":{"invoice_id":' + b"9" * 60_000 + b"}}",
    ],
)
def test_a_signed_body_that_is_not_an_event_is_400(body: bytes, client: FlaskClient, redis_url: str) -> None:
    response = post(client, body, sign(body))
    assert response.status_code == 400
    assert response.json["success"] is False
    assert queued(redis_url) == []


@pytest.mark.parametrize(
    "body", [b'{"update_type":"invoice_expired","payload":{}}', b"{}", event(status="active")]
)
def test_other_events_are_accepted_and_ignored(body: bytes, client: FlaskClient, redis_url: str) -> None:
    response = post(client, body, sign(body))
    assert (response.status_code, response.json) == (200, {"ok": True})
    assert queued(redis_url) == []


def test_the_signature_is_checked_before_the_json(client: FlaskClient) -> None:
    assert post(client, b"not json", SIGNATURE).status_code == 401


def test_a_body_above_64_kib_is_refused(client: FlaskClient, redis_url: str) -> None:
    largest = event(description="x" * (64 * 1024 - len(event(description=""))))
    assert len(largest) == 64 * 1024
    assert post(client, largest, sign(largest)).status_code == 200
    too_large = largest + b" "
    response = post(client, too_large, sign(too_large))
    assert (response.status_code, response.json["error"]) == (413, "too_large")
    assert len(queued(redis_url)) == 1


def test_a_redis_outage_is_503_so_that_crypto_pay_repeats_the_webhook(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client(REDIS_URL=CLOSED)
    response = post(client, BODY, SIGNATURE)
    assert (response.status_code, response.json["error"]) == (503, "queue_unavailable")
    assert "Retry-After" in response.headers
    assert post(client, BODY, MUST_FAIL["the raw token as the key"]).status_code == 401
    assert SIGNATURE not in log_lines(tmp_path)


def test_a_secret_path_hides_the_bare_one(make_client: MakeClient, redis_url: str, tmp_path: Path) -> None:
    secret = "path-secret-0123456789"
    client = make_client(CRYPTOBOT_WEBHOOK_SECRET=secret)
    assert post(client, BODY, SIGNATURE).status_code == 404
    assert post(client, BODY, SIGNATURE, f"{PATH}/path-secret-0123456788").status_code == 404
    assert post(client, BODY, SIGNATURE, f"{PATH}/{secret}/x").status_code == 404
    assert queued(redis_url) == []
    assert post(client, BODY, SIGNATURE, f"{PATH}/{secret}").status_code == 200
    assert post(client, BODY, MUST_FAIL["the raw token as the key"], f"{PATH}/{secret}").status_code == 401
    assert len(queued(redis_url)) == 1
    assert secret not in log_lines(tmp_path)


def test_without_a_secret_the_longer_path_does_not_exist(client: FlaskClient) -> None:
    assert post(client, BODY, SIGNATURE, f"{PATH}/anything").status_code == 404
