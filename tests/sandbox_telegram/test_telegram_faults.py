"""Tests of the stand-in's faults on demand and its rate limits."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from sandbox.telegram.errors import ApiError
from sandbox.telegram.limits import Bucket, RateLimits
from tests.sandbox_telegram.standin import Sim, hang_up, standin

ANSWERS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"kind": "retry_after", "retry_after": 7}, TelegramRetryAfter, "Too Many Requests: retry after 7"),
    ({"kind": "server_error", "status": 500}, TelegramServerError, "Internal Server Error"),
    ({"kind": "server_error", "status": 502}, TelegramServerError, "Bad Gateway"),
    ({"kind": "server_error", "status": 500, "description": "restart"}, RestartingTelegram, "restart"),
    ({"kind": "server_error", "json": False}, ClientDecodeError, "Failed to decode"),
    ({"kind": "page", "status": 403}, ClientDecodeError, "Failed to decode"),
    ({"kind": "page", "status": 404, "body": "[]", "content_type": "application/json"},
     ClientDecodeError, "Failed to deserialize"),
    ({"kind": "migrate", "migrate_to_chat_id": -1007}, TelegramMigrateToChat, "upgraded to a supergroup"),
    ({"kind": "forbidden"}, TelegramForbiddenError, "bot was blocked by the user"),
    ({"kind": "forbidden", "description": "user is deactivated"}, TelegramForbiddenError, "deactivated"),
    ({"kind": "bad_request", "description": "chat not found"}, TelegramBadRequest, "Request: chat not found"),
    ({"kind": "error", "status": 401, "description": "Unauthorized"}, Exception, "Unauthorized"),
    ({"kind": "reset"}, TelegramNetworkError, "."),
]  # fmt: skip


async def texts(sim: Sim, person: int) -> list[str]:
    found = await sim.get(f"/sim/people/{person}/messages")
    return [message["text"] for message in found["messages"]]


@pytest.mark.parametrize(("fault", "refusal", "words"), ANSWERS)
async def test_a_fault_hits_once_and_then_all_is_well(
    sim: Sim, bot: Bot, fault: dict[str, Any], refusal: type[Exception], words: str
) -> None:
    person = await sim.person()
    await sim.post("/sim/faults", fault)
    with pytest.raises(refusal, match=words):
        await bot.send_message(person, "one")
    assert await texts(sim, person) == []
    await bot.send_message(person, "two")
    assert await texts(sim, person) == ["two"]
    spoiled = [call for call in await sim.wire(kind="call", method="sendMessage") if call.get("fault")]
    assert len(spoiled) == 1


async def test_retry_after_comes_as_a_number(sim: Sim, bot: Bot) -> None:
    await sim.post("/sim/faults", {"kind": "retry_after", "retry_after": 7})
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.get_me()
    assert refused.value.retry_after == 7


async def test_a_lost_answer_still_took_effect(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await sim.post("/sim/faults", {"kind": "lose_answer", "method": "sendMessage"})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(person, "arrived")
    assert await texts(sim, person) == ["arrived"]
    assert (await sim.wire(kind="call", method="sendMessage"))[0]["status"] == 0


async def test_a_delayed_call_takes_effect_although_the_client_left(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await sim.post("/sim/faults", {"kind": "delay", "seconds": 0.6})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(person, "late", request_timeout=0.2)  # type: ignore[arg-type]
    assert await texts(sim, person) == []
    await sim.get(f"/sim/people/{person}/messages", after_change=1, timeout=20)
    assert await texts(sim, person) == ["late"]


async def test_faults_hit_only_what_they_name(sim: Sim, bot: Bot) -> None:
    anna, leo = await sim.person("Anna"), await sim.person("Leo")
    fault = {"kind": "forbidden", "method": "sendMessage", "chat_id": anna, "contains": "secret", "times": 2}
    added = await sim.post("/sim/faults", fault)
    await bot.send_message(leo, "secret")
    await bot.send_message(anna, "plain")
    for _ in range(2):
        with pytest.raises(TelegramForbiddenError):
            await bot.send_message(anna, "a secret")
    await bot.send_message(anna, "secret")
    (listed,) = (await sim.get("/sim/faults"))["faults"]
    assert (listed["id"], listed["used"], listed["times"]) == (added["id"], 2, 0)
    await sim.post("/sim/faults", {"kind": "forbidden", "times": None})
    await sim.request("DELETE", "/sim/faults")
    await bot.send_message(anna, "cleared")


async def test_a_delay_and_a_refusal_add_up(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await sim.post("/sim/faults", {"kind": "delay", "seconds": 0.2})
    await sim.post("/sim/faults", {"kind": "forbidden"})
    began = time.monotonic()
    with pytest.raises(TelegramForbiddenError):
        await bot.send_message(person, "x")
    assert time.monotonic() - began >= 0.2


async def test_bad_faults_are_refused(sim: Sim) -> None:
    for body in ({"kind": "gremlins"}, {"kind": "reset", "times": 0}):
        status, answer = await sim.request("POST", "/sim/faults", body)
        assert (status, answer["error"]) == (400, "bad_fault")


# rate limits


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(rate=2.0, burst=3.0)
    for _ in range(3):
        assert bucket.wait(100.0, 1) == 0
        bucket.tokens -= 1
    assert bucket.wait(100.0, 1) == pytest.approx(0.5)
    assert bucket.wait(100.5, 1) == 0
    bucket.shut_until = 107.0
    assert bucket.wait(101.0, 1) == pytest.approx(6.0)


def test_each_limit_binds_and_off_means_off() -> None:
    for group, allowed in ((False, 20), (True, 20)):
        limits = RateLimits(enabled=True)
        for _ in range(allowed):
            limits.admit(-5 if group else 5, group=group)
        with pytest.raises(ApiError) as refused:
            limits.admit(-5 if group else 5, group=group)
        assert refused.value.code == 429
        assert refused.value.parameters == {"retry_after": 3 if group else 1}
    whole = RateLimits(enabled=True)
    for chat in range(30):
        whole.admit(chat, group=False)
    with pytest.raises(ApiError, match="Too Many Requests: retry after 1"):
        whole.admit(99, group=False)
    whole.admit(99, group=False, paid=True)
    off = RateLimits(enabled=False)
    for _ in range(500):
        off.admit(1, group=False)


async def test_a_bot_that_writes_too_fast_is_told_to_wait() -> None:
    async with standin(rate_limits=True) as sim:
        bot, person = sim.bot(), await sim.person()
        for number in range(20):
            await bot.send_message(person, f"{number}")
        with pytest.raises(TelegramRetryAfter) as refused:
            await asyncio.gather(*(bot.send_message(person, "more") for _ in range(5)))
        assert refused.value.retry_after == 1
        other = await sim.person("Other")
        await bot.send_message(other, "another chat is not bound")
        await sim.post("/sim/limits", {"enabled": False})
        await bot.send_message(person, "switched off")
        await hang_up(bot)
