"""Tests of Telegram's answers, like tests/unit/test_answers.py: every status, body and kind of call.

The table of docs/failures.md is repeated here.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any, Final

import pytest
from aiogram import Bot
from aiogram.methods import GetUpdates

from socialboost.bot.session import Session
from socialboost.bot.updates import get_updates
from socialboost.clients.refusals import UNREACHABLE_CODES
from socialboost.clients.telegram import TelegramClient, text_content
from socialboost.clients.telegram_bulk import BulkSender, Letter, Outcome
from socialboost.errors import (
    AmbiguousError,
    RefusesUsError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from tests.unit import clients_server as wire
from tests.unit.test_answers import A_PROXY_S, BODYLESS, BOM, STATUSES, TYPES, Meaning, Said, dumped, outcome
from tests.unit.test_answers import without_envelope as nobodys

TOKEN: Final = "123456:AAH-test-only-token"
MESSAGE: Final = {"message_id": 7, "date": 1, "chat": {"id": 5, "type": "private"}}
BLOCKED: Final = "Forbidden: bot was blocked by the user"


def refusal(code: int, words: str, **parameters: Any) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": words, "parameters": parameters}


def bodies(result: Any) -> tuple[bytes, ...]:
    good = {"ok": True, "result": result}
    return (
        *A_PROXY_S,
        *dumped(
            {}, {"message": BLOCKED}, {"description": BLOCKED, "error_code": 403}, {"ok": "false"}, {"ok": 0},
            {"ok": "true", "result": result}, {"ok": None}, {"ok": True}, good, {"ok": False},
            {"ok": False, "error_code": "403", "description": {"words": BLOCKED}},
            {"ok": False, "error_code": 7}, refusal(403, BLOCKED), refusal(403, "Forbidden: something new"),
            refusal(400, "something new"), refusal(400, "Bad Request: message is not modified"),
            refusal(400, "Bad Request: query is too old"), refusal(400, "Bad Request: chat not found"),
            refusal(401, "Unauthorized"), refusal(404, "Not Found"), refusal(409, "Conflict"),
            refusal(429, "Too Many Requests", retry_after=3), refusal(500, "Internal"),
            refusal(400, "upgraded to a supergroup chat", migrate_to_chat_id=-1007),
        ),
        BOM + json.dumps(good).encode(),
    )  # fmt: skip


def means(said: Said, done: str = "") -> Meaning:
    """Return what the table says; a refusal with the words of `done` is as good as done."""
    body = said.object
    if body is None or not isinstance(body.get("ok"), bool):
        return nobodys(said)
    if body["ok"]:
        return None if "result" in body and said.status < 300 else AmbiguousError
    number = body.get("error_code")
    status = number if isinstance(number, int) and number >= 400 else said.status
    if status == 429:
        return ThrottledError
    if status >= 500:
        return AmbiguousError
    if status in {401, 404}:
        return RefusesUsError
    return None if done and status == 400 and done in str(body.get("description")) else RejectedError


def polled(said: Said) -> Meaning:
    """To the poller everything that is not Telegram's is an outage: it sends nothing that might double."""
    body = said.object
    return UnreachableError if body is None or not isinstance(body.get("ok"), bool) else means(said)


Ask = Callable[[str, ExitStack], Callable[[], object]]
"""Returns the call to make, again and again; what it needs is closed with the stack."""


def client(call: Callable[[TelegramClient], object]) -> Ask:
    def connected(url: str, stack: ExitStack) -> Callable[[], object]:
        telegram = TelegramClient(url, TOKEN)
        stack.callback(telegram.close)
        return lambda: call(telegram)

    return connected


def bulk(url: str, stack: ExitStack) -> Callable[[], object]:
    """One letter at a time; a sender that was told to wait begins nothing for a while: another takes over."""
    ended: SimpleQueue[Outcome] = SimpleQueue()
    senders: list[BulkSender] = []

    def send() -> None:
        if not senders:
            senders.append(BulkSender(url, TOKEN, connections=1))
            stack.callback(senders[0].close)
        senders[0].send(text_content("x", None, paid=False), [Letter("a", 5)], lambda: True, ended.put)
        error = ended.get(timeout=30).error
        if isinstance(error, ThrottledError):
            senders.clear()
        if error is not None:
            raise error

    return send


def poller(url: str, stack: ExitStack) -> Callable[[], object]:
    loop = stack.enter_context(asyncio.Runner())
    bot = Bot(TOKEN, session=Session(url))
    stack.callback(lambda: loop.run(bot.session.close()))
    return lambda: loop.run(get_updates(bot, GetUpdates(), 30.0))


CALLS: Final = {
    "sendMessage": (client(lambda c: c.send_message(5, "a")), MESSAGE, means),
    "editMessageText": (
        client(lambda c: c.edit_message(5, 7, "a")),
        MESSAGE,
        lambda s: means(s, "not modified"),
    ),
    "answerCallbackQuery": (
        client(lambda c: c.answer_callback("9")),
        True,
        lambda s: means(s, "query is too old"),
    ),
    "getMe": (client(lambda c: c.get_me()), {"id": 1}, means),
    "bulk": (bulk, MESSAGE, means),
    "getUpdates": (poller, [], polled),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_answer_means_what_the_table_says(name: str) -> None:
    connect, result, table = CALLS[name]
    steps: list[wire.Step] = []

    def play(connection: socket.socket) -> bool:
        return steps.pop()(connection)

    asked = [(status, body) for status in STATUSES for body in bodies(result)]
    if name != "sendMessage":  # they share their reader: every body and every status, not every pair of them
        asked = asked[::3]
    wrong: list[tuple[Said, Meaning, Meaning]] = []
    with wire.WireServer([play]) as server, ExitStack() as stack:
        ask = connect(server.url, stack)
        for number, (status, body) in enumerate(asked):
            said = Said(status, b"" if status in BODYLESS else body)
            steps.append(wire.answer(status, said.body, {"Content-Type": TYPES[number % len(TYPES)]}))
            expected = table(Said(status, said.body.removeprefix(BOM)))
            if (meaning := outcome(ask)) is not expected:
                wrong.append((said, meaning, expected))
    assert wrong[:5] == []


def test_only_telegrams_own_words_say_that_somebody_blocked_the_bot() -> None:
    steps: list[wire.Step] = []

    def play(connection: socket.socket) -> bool:
        return steps.pop()(connection)

    with wire.WireServer([play]) as server:
        telegram = TelegramClient(server.url, TOKEN)
        for status in STATUSES:
            for body in bodies(MESSAGE):
                said = Said(status, b"" if status in BODYLESS else body)
                steps.append(wire.answer(status, said.body))
                try:
                    telegram.send_message(5, "a")
                except ServiceError as error:
                    if isinstance(error, RejectedError) and error.code in UNREACHABLE_CODES:
                        body_said = said.object or {}
                        assert body_said.get("ok") is False
                        assert body_said.get("description") in (BLOCKED, "Bad Request: chat not found"), said
        telegram.close()
