"""Tests of outgoing proxies: which one an address uses, in every HTTP library of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError

from socialboost.bot.session import Session
from socialboost.clients.http import HttpService
from socialboost.clients.telegram import text_content
from socialboost.clients.telegram_bulk import BulkSender, Letter, Outcome
from socialboost.errors import SettingsError, UnreachableError
from socialboost.logs import redaction
from socialboost.partners import outbound
from socialboost.settings import BotSettings, SchedulerSettings, WorkerSettings
from tests.unit.clients_server import WireServer, raw
from tests.unit.connect_proxy import ANSWER, HOST, ConnectProxy
from tests.unit.settings_environment import VALID

TOKEN = "1234567890:" + "t" * 35
PASSWORD = "Kanarek7Secret"
NAMES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy", "requests_ca_bundle")


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(redaction, "_known", ())
    monkeypatch.setattr(redaction, "_pattern", redaction._pattern)


P = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://a.example", None),
        ({"HTTPS_PROXY": P}, "https://a.example", P),
        ({"https_proxy": P}, "https://a.example", P),
        ({"https_proxy": P, "HTTPS_PROXY": "http://other:1"}, "https://a.example", P),
        ({"https_proxy": "", "HTTPS_PROXY": P}, "https://a.example", None),
        ({"HTTP_PROXY": P}, "https://a.example", None),
        ({"HTTP_PROXY": P}, "http://10.0.0.1:8081", P),
        ({"ALL_PROXY": P}, "https://a.example", P),
        ({"ALL_PROXY": "http://other:1", "HTTPS_PROXY": P}, "https://a.example", P),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "https://a.example", P),
        ({"HTTPS_PROXY": "http://shop:p%40ss@proxy.example"}, "https://a.example",
         "http://shop:p%40ss@proxy.example"),
        ({"HTTPS_PROXY": P, "HTTP_PROXY": P, "ALL_PROXY": P}, "http://127.0.0.1:8081", None),
        ({"HTTPS_PROXY": P, "HTTP_PROXY": P}, "http://localhost:8081", None),
        ({"HTTP_PROXY": P}, "http://[::1]:8081", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "a.example"}, "https://a.example", None),
        ({"HTTPS_PROXY": P, "no_proxy": ".example , other"}, "https://a.example:8443", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "*.example"}, "https://a.example", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "A.EXAMPLE"}, "https://a.example", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "*"}, "https://a.example", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "a.example:443"}, "https://a.example", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "a.example:8443"}, "https://a.example", P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "example"}, "https://notexample", P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "b.example,"}, "https://a.example", P),
        ({"HTTPS_PROXY": P, "no_proxy": "", "NO_PROXY": "*"}, "https://a.example", P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, "https://10.1.2.3", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, "https://11.1.2.3", P),
    ],
)  # fmt: skip
def test_the_environment_chooses_the_proxy(
    environment: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert outbound.proxy_for(url) == proxy


@pytest.mark.parametrize(
    "value",
    [
        f"socks5://shop:{PASSWORD}@proxy.example:1080",  # requests and aiohttp would need libraries we lack
        f"http://shop:{PASSWORD}@{PASSWORD}@proxy.example",
        f"http://shop:{PASSWORD}#{PASSWORD}@proxy.example",
        f"http://shop:{PASSWORD}/{PASSWORD}@proxy.example",
        "http://proxy.example:port",
        "http://",
    ],
)
def test_a_proxy_we_cannot_use_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, setting in VALID.items():
        monkeypatch.setenv(name, setting)
    monkeypatch.setenv("HTTPS_PROXY", value)
    for process in (BotSettings, WorkerSettings):
        with pytest.raises(SettingsError, match=r"^HTTPS_PROXY is wrong; expected: http://") as error:
            process.load()
        assert PASSWORD not in str(error.value)
    assert SchedulerSettings.load()  # it calls nobody


def by_requests(url: str) -> object:
    service = HttpService("service", url)
    try:
        return service.call("GET", "/x").json()
    finally:
        service.close()


def by_bulk_sender(url: str) -> object:
    ended: SimpleQueue[Outcome] = SimpleQueue()
    sender = BulkSender(url, TOKEN, connections=1)
    try:
        sender.send(text_content("x", None, paid=False), [Letter("1", 1)], lambda: True, ended.put)
        if error := ended.get(timeout=30).error:
            raise error
    finally:
        sender.close()
    return "sent"


def by_bot(url: str) -> object:
    async def ask() -> object:
        session = Session(url)
        try:
            return await Bot(TOKEN, session=session).get_me()
        finally:
            await session.close()

    return asyncio.run(ask())


STACKS = [by_requests, by_bulk_sender, by_bot]
Call = Callable[[str], object]


@pytest.mark.parametrize("call", STACKS)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_every_library_uses_the_proxy(
    call: Call, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(tmp_path) as proxy:
        monkeypatch.setenv(name, f"http://shop:{PASSWORD}%40@{proxy.address}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(proxy.bundle))
        assert call(f"https://{HOST}")
        assert proxy.targets == [f"CONNECT {HOST}:443"]
        assert proxy.logins == [f"shop:{PASSWORD}@"]
    assert redaction.clean(f"no route by {PASSWORD}%40 or {PASSWORD}@") == "no route by *** or ***"


@pytest.mark.parametrize("call", STACKS)
def test_addresses_on_this_machine_are_reached_without_the_proxy(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with WireServer([raw(ANSWER)]) as server:
        assert call(server.url)


@pytest.mark.parametrize("call", STACKS)
def test_a_host_in_no_proxy_is_reached_without_the_proxy(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No resolver knows HOST, so the failure shows that the proxy was not used."""
    with ConnectProxy(tmp_path) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", ".service.example")
        with pytest.raises((UnreachableError, TelegramNetworkError)):
            call(f"https://{HOST}")
        assert proxy.targets == []


@pytest.mark.parametrize("call", STACKS)
@pytest.mark.parametrize("status", [b"407 Login Required", b"403 Forbidden", b"502 Bad Gateway"])
def test_a_proxy_that_refuses_the_tunnel_means_nothing_was_sent(
    call: Call, status: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(tmp_path, status) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://shop:{PASSWORD}@{proxy.address}")
        with pytest.raises((UnreachableError, TelegramNetworkError)) as error:
            call(f"https://{HOST}")
    logged = redaction.clean(str(error.value))  # aiohttp names the proxy with its login
    assert PASSWORD not in logged
