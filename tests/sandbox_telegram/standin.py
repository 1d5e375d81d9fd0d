"""Starts a stand-in for Telegram on a free port, driven over HTTP only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.telegram.config import Config
from sandbox.telegram.server import Server

TOKEN = "4242:test-token"
Json = dict[str, Any]


@dataclass
class Sim:
    """The person's side of one stand-in."""

    url: str
    http: aiohttp.ClientSession

    async def request(self, verb: str, path: str, body: Json | None = None, **query: Any) -> tuple[int, Json]:
        """Status and JSON body of any request."""
        async with self.http.request(verb, self.url + path, json=body, params=query) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **query: Any) -> Json:
        """A successful GET."""
        status, body = await self.request("GET", path, **query)
        assert status == 200, body
        return body

    async def post(self, path: str, body: Json | None = None) -> Json:
        """A successful POST."""
        status, answer = await self.request("POST", path, body or {})
        assert status in {200, 201}, answer
        return answer

    async def person(self, name: str = "Anna", *, started: bool = True, **details: Any) -> int:
        """A new person's id."""
        made = await self.post("/sim/people", {"first_name": name, "started": started, **details})
        return int(made["id"])

    async def call(self, method: str, values: Json | None = None, token: str = TOKEN) -> tuple[int, Json]:
        """A raw Bot API call."""
        return await self.request("POST", f"/bot{token}/{method}", values or {})

    async def wire(self, **matches: Any) -> list[Json]:
        """Wire records with these fields."""
        return list((await self.get("/sim/wire", **matches))["records"])

    def bot(self) -> Bot:
        """An aiogram Bot that talks to this stand-in. End with `hang_up`."""
        return Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(self.url)))


async def eventually(ready: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until `ready` (plain or a coroutine function) says so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            answer = ready()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.01)


async def hang_up(bot: Bot) -> None:
    """Close a bot's connections; aiogram's own way waits a quarter of a second for TLS, which is not here."""
    session = bot.session
    assert isinstance(session, AiohttpSession)
    await (await session.create_session()).close()


@asynccontextmanager
async def standin(**settings: Any) -> AsyncIterator[Sim]:
    """A stand-in with these settings, stopped at the end."""
    quick = {"webhook_retry_seconds": 0.05, "webhook_timeout_seconds": 2.0, "rate_limits": False}
    server = Server(Config(**{"token": TOKEN, **quick, **settings}))
    await server.start()
    async with aiohttp.ClientSession() as http:
        try:
            yield Sim(server.url, http)
        finally:
            await server.stop()
