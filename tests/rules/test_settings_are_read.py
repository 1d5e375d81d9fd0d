"""Tests of settings: each is read by some code, or the operator is told that it has no effect yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import pytest

from socialboost.settings import NOT_THERE_YET
from tests.rules.source import ROOT, Source, functions, python_files
from tests.unit.test_settings import PROCESSES, fields_of, variables

DESIGN = [
    "SECRET_KEY",
    "HOST",
    "PORT",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_API_URL",
    "TELEGRAM_WEBHOOK_URL",
    "TELEGRAM_WEBHOOK_SECRET",
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_REDIS_URL",
    "CRYPTOBOT_TOKEN",
    "CRYPTOBOT_API_URL",
    "CRYPTOBOT_WEBHOOK_SECRET",
    "MAIN_BOT_API_URL",
    "MAIN_BOT_API_KEY",
    "MAIN_BOT_TASKS_PATH",
    "MAIN_BOT_HEALTH_PATH",
    "ADMIN_API_KEY",
    "ADMIN_TELEGRAM_IDS",
    "ADMIN_CHANNEL_ID",
    "LOG_LEVEL",
    "LOG_DIR",
    "CACHE_TTL",
    "TIMEZONE",
    "ALERT_EMAIL",
    "SMTP_URL",
    "ALERT_WEBHOOK_URL",
    "RATE_LIMIT_ADD_POST",
    "RATE_LIMIT_API",
    "API_IP_ALLOWLIST",
    "TRUSTED_PROXY_HOPS",
    "PAYMENT_DATA_KEY",
    "PUBLIC_URL",
    "TELEGRAM_SEND_RATE",
    "TELEGRAM_RESERVED_RATE",
    "TELEGRAM_CHAT_BURST",
]
"""Every name that the product's contract promises."""


def unread(names: Iterable[str], sources: Iterable[Source], settings: Source) -> list[str]:
    """Return the variables whose field nobody takes from `settings`, nor by one of its properties."""
    reads = {
        node.attr
        for source in sources
        for node in source.nodes
        if isinstance(node, ast.Attribute)
        and re.search(r"(?:^|[._])settings(?:\(\))?$", ast.unparse(node.value))
    }
    for function in functions(settings.tree):
        if function.name in reads:
            reads |= {
                node.attr
                for node in ast.walk(function)
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
            }
    return sorted(name for name in names if fields_of(name).isdisjoint(reads))


def ours() -> tuple[list[Source], Source]:
    files = python_files("socialboost", "workers", "deploy")
    (settings,) = (one for one in files if one.name == "socialboost/settings/__init__.py")
    return [one for one in files if one is not settings], settings


def test_every_promised_setting_is_there() -> None:
    assert set(DESIGN) - set(variables()) == set()


def test_every_setting_is_read_or_named_as_not_there_yet() -> None:
    assert unread(variables(), *ours()) == sorted(NOT_THERE_YET)


def test_a_setting_that_nothing_reads_is_found() -> None:
    """Negative control."""
    sources, settings = ours()
    names = re.compile(r"\b(rate_limit_add_post|chats_of_admins|timezone)\b")
    sources = [
        Source(one.name, names.sub("gone", one.text)) if names.search(one.text) else one for one in sources
    ]
    found = unread(variables(), sources, settings)
    assert set(found) - set(NOT_THERE_YET) == {"RATE_LIMIT_ADD_POST", "ADMIN_CHANNEL_ID", "TIMEZONE"}


@pytest.mark.parametrize("name", NOT_THERE_YET)
def test_the_example_file_marks_settings_that_are_not_read(name: str) -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    here = lines.index(f"{name}=")
    while not lines[here].startswith("#"):
        here -= 1
    block = []
    while lines[here].startswith("#"):
        block.append(lines[here])
        here -= 1
    assert "Not there yet" in " ".join(reversed(block))


@pytest.mark.parametrize("name", NOT_THERE_YET)
def test_an_unused_setting_is_reported_when_it_is_set(name: str) -> None:
    (process, *_) = (one for one in PROCESSES if name.lower() in one.model_fields)
    bare = process.model_construct()
    assert bare.without_effect() == {}
    assert process.model_construct(**{name.lower(): "set"}).without_effect() == {name: NOT_THERE_YET[name]}


def forgotten(example: str, compose: str) -> list[str]:
    """Return the variables of .env.example that no service of docker-compose.yml gets."""
    names = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    return [name for name in names if not re.search(rf"^ +{name}:", compose, re.MULTILINE)]


def test_a_shop_in_docker_gets_every_setting() -> None:
    """Otherwise an operator could set it without any effect."""
    example, compose = (
        (ROOT / name).read_text(encoding="utf-8") for name in (".env.example", "docker-compose.yml")
    )
    assert forgotten(example, compose) == []
    assert forgotten(example, compose.replace(" CACHE_TTL:", " OTHER_TTL:")) == ["CACHE_TTL"]
