"""Tests of API keys: every route of the API with every kind of key."""

from __future__ import annotations

import hashlib

import pytest
from flask.testing import FlaskClient

from socialboost.jobs import sending
from socialboost.settings import WebSettings
from socialboost.web.auth import KeyRing
from tests.flows.web.conftest import ADMIN_KEY, MAIN_BOT_KEY, SECOND_KEY, MakeClient, bearer

OPEN = {"/health", "/webhook/cryptobot", "/webhook/telegram"}
"""Routes with a proof of their own: none, the signature, Telegram's secret token."""
TASK = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEYS = {
    "none": {},
    "wrong": bearer("x" * 40),
    "the public token of nobody": bearer("main-bot-key-0000003"),
    "main bot": bearer(MAIN_BOT_KEY),
    "main bot's second": bearer(SECOND_KEY),
    "admin": bearer(ADMIN_KEY),
}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
"""Not this machine, from which /metrics may be read without a key."""


def opened_by(rule: str) -> set[str]:
    """Whose keys open a route: Main Bot its tasks, the admin all else."""
    if rule.startswith("/api/tasks"):
        return {"main bot", "main bot's second"}
    return {"admin"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker will answer: do not wait for one."""
    monkeypatch.setattr(sending, "MAX_QUESTION_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_each_key_opens_its_own_routes_and_no_others(client: FlaskClient) -> None:
    tried = 0
    for rule in client.application.url_map.iter_rules():
        if rule.rule in OPEN or not rule.rule.startswith(("/api/", "/metrics")):
            continue
        path = rule.rule.replace("<task_id>", TASK)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            for name, headers in KEYS.items():
                answer = client.open(
                    path, method=method, headers=headers, json={}, environ_overrides=ELSEWHERE
                )
                refused = answer.status_code == 401
                assert refused == (name not in opened_by(rule.rule)), f"{method} {path} with {name}"
                tried += 1
    assert tried >= 2 * len(KEYS)


def test_every_route_is_either_open_by_design_or_behind_a_key(make_client: MakeClient) -> None:
    client = make_client(TELEGRAM_WEBHOOK_URL="https://shop.example.com", TELEGRAM_WEBHOOK_SECRET="t" * 24)
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert rules >= OPEN
    for rule in rules - OPEN:
        answer = client.open(rule.replace("<task_id>", TASK), environ_overrides=ELSEWHERE)
        assert answer.status_code in {401, 405}, rule


def test_only_hashes_of_the_keys_are_kept(client: FlaskClient) -> None:
    kept = KeyRing(WebSettings.load())._known
    for key, (digest, caller) in zip((MAIN_BOT_KEY, SECOND_KEY, ADMIN_KEY), kept, strict=True):
        assert digest == hashlib.sha256(key.encode()).digest()
        assert key not in repr(caller)


@pytest.mark.usefixtures("impatient")
def test_a_key_is_replaced_without_a_gap(make_client: MakeClient) -> None:
    """Old key, both keys, new key: a caller that changes in the middle is never refused."""
    path = "/api/tasks/pending"
    old, new = "the-old-key-of-main-bot", "the-new-key-of-main-bot"
    for live in (old, f"{old},{new}", new):
        client = make_client(MAIN_BOT_API_KEY=live)
        for key in (old, new):
            refused = client.get(path, headers=bearer(key)).status_code == 401
            assert refused == (key not in live.split(","))
