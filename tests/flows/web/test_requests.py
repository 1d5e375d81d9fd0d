"""Tests of all requests: rate limits, allowed addresses, error answers, headers, no secret in a log."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from socialboost import jobs
from tests.flows.updates import ORDER
from tests.flows.web.conftest import (
    ADMIN_KEY,
    CLOSED,
    MAIN_BOT_KEY,
    SECOND_KEY,
    Answer,
    MakeClient,
    bearer,
    log_lines,
)
from tests.flows.web.test_crypto_pay import BODY, SIGNATURE, post
from tests.unit.settings_environment import VALID

PENDING = "/api/tasks/pending"
WRONG = f"{PENDING}?limit=0"
"""A request that needs no worker: 400 when it is let in."""


def test_each_key_has_its_own_limit(make_client: MakeClient) -> None:
    client = make_client(RATE_LIMIT_API="3/minute")
    assert [client.get(WRONG, headers=bearer(MAIN_BOT_KEY)).status_code for _ in range(4)] == [
        400,
        400,
        400,
        429,
    ]
    assert client.get(WRONG, headers=bearer(SECOND_KEY)).status_code == 400
    refused = client.get(WRONG, headers=bearer(MAIN_BOT_KEY))
    assert refused.json["error"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61


def test_the_limit_holds_for_all_processes_together(make_client: MakeClient) -> None:
    clients = [make_client(RATE_LIMIT_API="4/minute") for _ in range(2)]
    statuses = [clients[n % 2].get(WRONG, headers=bearer(MAIN_BOT_KEY)).status_code for n in range(6)]
    assert statuses == [400] * 4 + [429] * 2


def test_spoofed_addresses_do_not_help_without_a_key(make_client: MakeClient) -> None:
    client = make_client(RATE_LIMIT_API="5/minute")
    statuses = [
        client.get(PENDING, headers={"X-Forwarded-For": f"10.1.{n // 250}.{n % 250}"}).status_code
        for n in range(100)
    ]
    assert statuses == [401] * 5 + [429] * 95


def test_behind_one_proxy_the_address_it_saw_counts(make_client: MakeClient) -> None:
    client = make_client(RATE_LIMIT_API="1/minute", TRUSTED_PROXY_HOPS="1")
    for claimed, seen, status in [
        ("1.1.1.1", "2.2.2.2", 401),
        ("1.1.1.2", "2.2.2.2", 429),
        ("", "2.2.2.3", 401),
    ]:
        header = {"X-Forwarded-For": f"{claimed}, {seen}".strip(", ")}
        assert client.get(PENDING, headers=header).status_code == status


def test_webhooks_and_health_are_never_limited(make_client: MakeClient, answer: Answer) -> None:
    client = make_client(RATE_LIMIT_API="1/minute")
    answer(jobs.CheckHealth, lambda _: {"database": True})
    assert {post(client, BODY, SIGNATURE).status_code for _ in range(200)} == {200}
    assert {client.get("/health").status_code for _ in range(20)} == {200}


def test_without_redis_the_limiter_lets_requests_pass_and_the_job_fails(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client(REDIS_URL=CLOSED, RATE_LIMIT_API="1/minute")
    for _ in range(3):
        assert client.get(WRONG, headers=bearer(MAIN_BOT_KEY)).status_code == 400
        assert client.get(PENDING, headers=bearer(MAIN_BOT_KEY)).status_code == 503


@pytest.mark.parametrize(
    ("allowed", "remote", "status"),
    [
        ("10.0.0.0/8", "10.1.2.3", 400),
        ("10.0.0.0/8", "11.1.2.3", 403),
        ("10.0.0.1", "::ffff:10.0.0.1", 400),
        ("2001:db8::/32", "2001:db8::7", 400),
        ("2001:db8::/32", "10.0.0.1", 403),
        ("10.0.0.0/8", "", 403),
    ],
)
def test_the_api_may_be_closed_to_other_addresses(
    allowed: str, remote: str, status: int, make_client: MakeClient
) -> None:
    client = make_client(API_IP_ALLOWLIST=allowed)
    environ = {"REMOTE_ADDR": remote}
    response = client.get(WRONG, headers=bearer(MAIN_BOT_KEY), environ_overrides=environ)
    assert response.status_code == status
    accepted = client.post(
        "/webhook/cryptobot",
        data=BODY,
        headers={"crypto-pay-api-signature": SIGNATURE},
        environ_overrides=environ,
    )
    assert accepted.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/.env", 404, "not_found"),
        ("GET", "/health/", 404, "not_found"),
        ("POST", "/webhook/telegram", 404, "not_found"),
        ("GET", "/webhook/cryptobot", 405, "method_not_allowed"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        ("POST", PENDING, 405, "method_not_allowed"),
        ("TRACE", "/health", 405, "method_not_allowed"),
    ],
)
def test_errors_have_one_shape(method: str, path: str, status: int, code: str, client: FlaskClient) -> None:
    response = client.open(path, method=method, headers=bearer(MAIN_BOT_KEY))
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert set(response.json) == {"success", "error", "message"}
    assert (response.json["success"], response.json["error"]) == (False, code)


def test_an_internal_error_has_a_fixed_body_with_an_id(
    client: FlaskClient, answer: Answer, tmp_path: Path
) -> None:
    """An answer of another release's worker that web cannot read is such an error."""
    answer(jobs.UpdateTaskStatus, lambda _: {"inner": "detail"})
    task = f"/api/tasks/{ORDER}/status"
    response = client.put(task, json={"status": "failed"}, headers=bearer(MAIN_BOT_KEY))
    assert response.status_code == 500
    assert set(response.json) == {"success", "error", "message", "request_id"}
    assert not re.search(r"inner|Traceback|KeyError|AttributeError", response.text)
    assert response.headers["X-Request-Id"] == response.json["request_id"]
    lines = [json.loads(line) for line in (tmp_path / "errors.log").read_text().splitlines()]
    assert lines[-1]["event"] == "request_failed"
    assert lines[-1]["request_id"] == response.json["request_id"]
    assert "Error" in lines[-1]["exception"]


def test_every_answer_has_the_security_headers(client: FlaskClient) -> None:
    for response in (client.get("/health"), client.get("/nothing"), post(client, BODY, SIGNATURE)):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-Id"])
        assert "Strict-Transport-Security" not in response.headers
    secure = client.get("/nothing", base_url="https://shop.example.com")
    assert "Strict-Transport-Security" in secure.headers


def test_no_secret_reaches_the_log(make_client: MakeClient, answer: Answer, tmp_path: Path) -> None:
    client = make_client(TELEGRAM_WEBHOOK_URL="https://shop.example.com", TELEGRAM_WEBHOOK_SECRET="t" * 24)
    answer(jobs.CheckHealth, lambda _: {"database": True})
    client.get(PENDING, headers=bearer(ADMIN_KEY))
    client.get(f"/{MAIN_BOT_KEY}?key={SECOND_KEY}", headers=bearer(MAIN_BOT_KEY))
    client.get("/health")
    post(client, BODY, SIGNATURE)
    client.post("/webhook/telegram", data=b"{", headers={"X-Telegram-Bot-Api-Secret-Token": "t" * 24})
    text = log_lines(tmp_path)
    assert "request_finished" in text
    for secret in (
        ADMIN_KEY,
        MAIN_BOT_KEY,
        SECOND_KEY,
        VALID["CRYPTOBOT_TOKEN"],
        VALID["SECRET_KEY"],
        "t" * 24,
    ):
        assert secret not in text
