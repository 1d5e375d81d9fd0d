"""Tests of webhook delivery: secret, order, retries, duplicates, and getWebhookInfo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiohttp import web

from tests.sandbox_telegram.standin import Sim, eventually

DEADLINE = 20


@dataclass
class Receiver:
    """A bot's web server: it stores each request and gives the answer that a test chose."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    failing_chats: set[int] = field(default_factory=set)
    busy: int = 0
    most_busy: int = 0
    seconds: float = 0.0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(self.seconds)
        self.busy -= 1
        self.bodies.append(body)
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if body.get("message", {}).get("chat", {}).get("id") in self.failing_chats:
            return web.Response(status=500)
        return self.answers.pop(0) if self.answers else web.Response()

    @property
    def ids(self) -> list[int]:
        return [body["update_id"] for body in self.bodies]

    async def until(self, count: int) -> None:
        await eventually(lambda: len(self.bodies) >= count)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made, app = Receiver(), web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def write(sim: Sim, person: int, text: str = "hi") -> int:
    return int((await sim.post(f"/sim/people/{person}/messages", {"text": text}))["update_id"])


async def pending(bot: Bot, count: int) -> None:
    async def reached() -> bool:
        return (await bot.get_webhook_info()).pending_update_count == count

    await eventually(reached)


async def test_updates_come_with_the_secret(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    person = await sim.person()
    waiting = await write(sim, person, "before the webhook")
    await bot.set_webhook(receiver.url, secret_token="s3cret-_")
    await receiver.until(1)
    later = await write(sim, person)
    await receiver.until(2)
    assert receiver.ids == [waiting, later]
    assert receiver.secrets == ["s3cret-_"] * 2
    await pending(bot, 0)


async def test_a_refused_update_comes_again_with_the_same_id(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    receiver.answers = [web.Response(status=500), web.Response(status=503), web.Response(status=404)]
    await bot.set_webhook(receiver.url)
    update_id = await write(sim, await sim.person())
    await receiver.until(4)
    assert receiver.ids == [update_id] * 4
    await pending(bot, 0)
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 404 Not Found"
    assert info.last_error_date is not None
    records = await sim.wire(kind="update_delivered", update_id=update_id)
    assert [record["status"] for record in records] == [500, 503, 404, 200]
    gaps = [later["mono_ms"] - earlier["mono_ms"] for earlier, later in pairwise(records[1:])]
    assert gaps[0] >= 100, "the second repeat waits twice the base of 50 ms"
    assert gaps[1] >= 200, "and the delay doubles"


async def test_retry_after_is_honoured(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    receiver.answers = [web.Response(status=503, headers={"Retry-After": "1"})]
    await bot.set_webhook(receiver.url)
    await write(sim, await sim.person())
    await receiver.until(2)
    first, second = await sim.wire(kind="update_delivered")
    assert second["mono_ms"] - first["mono_ms"] >= 950


async def test_a_failing_chat_holds_back_nobody_else(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    stuck, other = await sim.person("Stuck"), await sim.person("Other")
    receiver.failing_chats = {stuck}
    await bot.set_webhook(receiver.url)
    first = await write(sim, stuck, "1")
    second = await write(sim, stuck, "2")
    passed = await write(sim, other)
    await eventually(lambda: passed in receiver.ids)
    assert second not in receiver.ids, "a chat's updates keep their order"
    receiver.failing_chats = set()
    await eventually(lambda: second in receiver.ids)
    in_order = [update_id for update_id in receiver.ids if update_id in {first, second}]
    assert in_order == sorted(in_order)


async def test_an_unreachable_webhook_is_tried_again(sim: Sim, bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await write(sim, await sim.person())

    async def failed() -> bool:
        return (await bot.get_webhook_info()).last_error_message == "Connection refused"

    await eventually(failed)
    await pending(bot, 1)


async def test_duplicates_on_demand(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    await sim.post("/sim/faults", {"kind": "duplicate_update", "copies": 2})
    await bot.set_webhook(receiver.url)
    person = await sim.person()
    repeated, single = await write(sim, person), await write(sim, person)
    await receiver.until(4)
    assert sorted(receiver.ids) == [repeated] * 3 + [single]
    await sim.post(f"/sim/updates/{single}/redeliver")
    await receiver.until(5)
    assert receiver.ids.count(single) == 2


async def test_at_most_max_connections_at_once(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    receiver.seconds = 0.05
    await bot.set_webhook(receiver.url, max_connections=2)
    for number in range(6):
        await write(sim, await sim.person(f"P{number}"))
    await receiver.until(6)
    assert receiver.most_busy == 2


async def test_a_method_in_the_answer_is_called(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    person = await sim.person()
    answer = {"method": "sendMessage", "chat_id": person, "text": "from the answer"}
    receiver.answers = [web.json_response(answer)]
    await bot.set_webhook(receiver.url)
    await write(sim, person)
    seen = await sim.get("/sim/outbox", after_change=0, timeout=DEADLINE)
    async with asyncio.timeout(DEADLINE):
        while not seen["messages"]:
            seen = await sim.get("/sim/outbox", after_change=seen["change"], timeout=DEADLINE)
    assert seen["messages"][0]["text"] == "from the answer"


async def test_drop_pending_updates(sim: Sim, bot: Bot, receiver: Receiver) -> None:
    person = await sim.person()
    await write(sim, person, "old")
    await bot.set_webhook(
        receiver.url, drop_pending_updates=True, allowed_updates=["message"], max_connections=7
    )
    new = await write(sim, person, "new")
    await receiver.until(1)
    assert receiver.ids == [new]
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == (receiver.url, 7, ["message"])


async def test_addresses_telegram_would_not_take(bot: Bot) -> None:
    for url, words in (
        ("http://example.org/hook", "An HTTPS URL must be provided for webhook"),
        ("https://example.org:8000/hook", "Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("not a url", "invalid webhook URL specified"),
    ):
        with pytest.raises(TelegramBadRequest, match=words):
            await bot.set_webhook(url)
    with pytest.raises(TelegramBadRequest, match="secret token contains unallowed characters"):
        await bot.set_webhook("https://example.org/hook", secret_token="no spaces")
