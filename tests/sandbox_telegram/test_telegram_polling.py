"""Tests of the stand-in's getUpdates: pending and confirmed updates, and conflicts."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramConflictError
from aiogram.types import Message, Update

from sandbox.telegram import polling, updates
from tests.sandbox_telegram.standin import Sim

WAIT = 20


async def write(sim: Sim, person: int, text: str) -> int:
    return int((await sim.post(f"/sim/people/{person}/messages", {"text": text}))["update_id"])


def ids(found: list[Update]) -> list[int]:
    return [update.update_id for update in found]


async def test_offset_limit_and_confirmation(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    first, second, third = [await write(sim, person, text) for text in "abc"]
    assert (second, third) == (first + 1, first + 2)
    assert ids(await bot.get_updates()) == [first, second, third]
    assert ids(await bot.get_updates(limit=2)) == [first, second]
    assert ids(await bot.get_updates(offset=second)) == [second, third]
    assert ids(await bot.get_updates()) == [second, third], "what an offset confirmed stays away"
    assert ids(await bot.get_updates(offset=-1)) == [third]
    assert ids(await bot.get_updates()) == [third], "a negative offset forgets the earlier ones"
    deliveries = await sim.wire(kind="update_delivered", update_id=third)
    assert [record["delivery"] for record in deliveries] == list(range(1, len(deliveries) + 1))
    assert len(deliveries) == 5


async def test_a_long_poll_ends_with_the_first_update(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    poll = asyncio.create_task(bot.get_updates(timeout=WAIT))
    await asyncio.sleep(0.1)
    assert not poll.done()
    began = time.monotonic()
    wanted = await write(sim, person, "hi")
    assert ids(await poll) == [wanted]
    assert time.monotonic() - began < WAIT / 2


async def test_a_long_poll_ends_by_itself(bot: Bot) -> None:
    began = time.monotonic()
    assert await bot.get_updates(timeout=1) == []
    assert time.monotonic() - began >= 0.9


async def test_the_second_poller_ends_the_first(sim: Sim, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "CONFLICT_PAUSE_SECONDS", 0.2)
    person = await sim.person()
    first = asyncio.create_task(bot.get_updates(timeout=WAIT))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(bot.get_updates(timeout=WAIT))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await first
    wanted = await write(sim, person, "hi")
    assert ids(await second) == [wanted]


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=WAIT))
    await asyncio.sleep(0.1)
    await bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []


async def test_a_poller_that_hangs_up_loses_nothing(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    poll = asyncio.create_task(bot.get_updates(timeout=WAIT))
    await asyncio.sleep(0.1)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    wanted = await write(sim, person, "hi")
    assert ids(await bot.get_updates(timeout=WAIT)) == [wanted]


async def test_allowed_updates_hold_at_creation_and_are_remembered(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await bot.get_updates(allowed_updates=["callback_query"])
    unwanted = await write(sim, person, "not asked for")
    assert await bot.get_updates() == []
    assert (await sim.wire(kind="update_created", update_id=unwanted))[0]["filtered"] is True
    # aiogram drops an empty list, so the raw call says "back to the default".
    assert (await sim.call("getUpdates", {"allowed_updates": []}))[1]["result"] == []
    wanted = await write(sim, person, "asked for")
    assert ids(await bot.get_updates()) == [wanted]


async def test_an_update_delivered_again_keeps_its_id(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    old = await write(sim, person, "once")
    new = await write(sim, person, "later")
    await bot.get_updates(offset=new + 1)
    await sim.post(f"/sim/updates/{old}/redeliver")
    fresh = await write(sim, person, "now")
    assert ids(await bot.get_updates(offset=new + 1)) == [old, fresh], (
        "repeats come first: offsets do not go back"
    )
    assert ids(await bot.get_updates(offset=new + 1)) == [fresh]
    assert (await sim.request("POST", "/sim/updates/1/redeliver", {}))[0] == 404


async def test_a_tap_that_nobody_fetches_expires(sim: Sim, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(updates.SHORT_LIVES, "callback_query", 0.0)
    person = await sim.person()
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    await sim.call("sendMessage", {"chat_id": person, "text": "x", "reply_markup": keyboard})
    await sim.post(f"/sim/people/{person}/taps", {"index": 0})
    kept = await write(sim, person, "texts live a day")
    assert ids(await bot.get_updates()) == [kept]


async def test_an_aiogram_dispatcher_polls_it(sim: Sim) -> None:
    bot, dispatcher, heard = sim.bot(), Dispatcher(), asyncio.Event()

    @dispatcher.message()
    async def hear(message: Message) -> None:
        await message.answer(f"echo {message.text}")
        heard.set()

    polls = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5))
    person = await sim.person()
    await write(sim, person, "hello")
    await asyncio.wait_for(heard.wait(), WAIT)
    await dispatcher.stop_polling()
    await polls
    transcript = (await sim.get(f"/sim/people/{person}/messages"))["messages"]
    assert [message["text"] for message in transcript] == ["hello", "echo hello"]
