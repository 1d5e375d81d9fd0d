"""Tests of the Telegram client: fields as in aiogram's models, Telegram's errors as our codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiogram.methods
import pytest
from structlog.testing import capture_logs

from socialboost.clients.refusals import UNREACHABLE_CODES
from socialboost.clients.telegram import TelegramClient
from socialboost.errors import (
    AmbiguousError,
    MigratedError,
    RefusesUsError,
    RejectedError,
    ThrottledError,
)
from socialboost.logs import tally
from tests.unit import clients_server as wire

TOKEN = "123456:AAH-test-only-token"
KEYBOARD = {"inline_keyboard": [[{"text": "Меню", "callback_data": "back_to_menu"}]]}
MESSAGE = {"ok": True, "result": {"message_id": 7, "date": 1, "chat": {"id": 5, "type": "private"}}}
DONE = {"ok": True, "result": True}


@contextmanager
def telegram(*steps: wire.Step) -> Iterator[tuple[TelegramClient, list[wire.Request]]]:
    with wire.WireServer(list(steps)) as server:
        client = TelegramClient(server.url, TOKEN)
        yield client, server.requests
        client.close()


def refusal(code: int, description: str, **parameters: Any) -> wire.Step:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return wire.answer(code, body)


CALLS: list[tuple[Callable[[TelegramClient], Any], type[Any]]] = [
    (lambda c: c.send_message(5, "<b>a</b>", KEYBOARD), aiogram.methods.SendMessage),
    (lambda c: c.edit_message(5, 7, "a", KEYBOARD), aiogram.methods.EditMessageText),
    (lambda c: c.answer_callback("99", "Готово", alert=True), aiogram.methods.AnswerCallbackQuery),
    (lambda c: c.set_webhook("https://a.example/w", "s3cret", ["message"]), aiogram.methods.SetWebhook),
    (lambda c: c.delete_webhook(), aiogram.methods.DeleteWebhook),
    (lambda c: c.set_my_commands([("start", "Меню")], language="uk", chat_id=5),
     aiogram.methods.SetMyCommands),
]  # fmt: skip


@pytest.mark.parametrize(("call", "model"), CALLS, ids=lambda value: getattr(value, "__name__", ""))
def test_our_requests_equal_aiogram_s(call: Callable[[TelegramClient], Any], model: type[Any]) -> None:
    with telegram(wire.answer(200, MESSAGE)) as (client, requests):
        call(client)
    body = requests[0].json()
    assert requests[0].path == f"/bot{TOKEN}/{model.__api_method__}"
    assert set(body) <= set(model.model_fields)
    parsed = model.model_validate(body)
    assert parsed.model_dump(exclude_unset=True, mode="json") == body


def test_an_unknown_field_would_be_noticed() -> None:
    """Negative control of the test above: the model's field list is a real check."""
    assert "reply_markup_" not in aiogram.methods.SendMessage.model_fields


def test_send_returns_the_message_id() -> None:
    with telegram(wire.answer(200, MESSAGE)) as (client, requests):
        assert client.send_message(5, "a") == 7
    assert requests[0].json() == {
        "chat_id": 5,
        "text": "a",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked"),
        (403, "Forbidden: user is deactivated", "deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user", "never_started"),
        (403, "Forbidden: bot was kicked from the channel chat", "not_member"),
        (403, "Forbidden: bot is not a member of the channel chat", "not_member"),
        (403, "Forbidden: the group chat was deleted", "chat_gone"),
        (403, "Forbidden: something new", "forbidden"),
        (403, "Access denied by policy", "forbidden"),
        (400, "Bad Request: chat not found", "chat_not_found"),
        (400, "Bad Request: message to edit not found", "edit_gone"),
        (400, "Bad Request: message can't be edited", "edit_gone"),
        (400, "Bad Request: MESSAGE_ID_INVALID", "edit_gone"),
        (400, "Bad Request: can't parse entities: Unsupported start tag", "bad_markup"),
        (400, "Bad Request: can't parse entities: unsupported tag chat not found", "bad_markup"),
        (400, "Bad Request: message is too long", "bad_content"),
        (400, "Bad Request: BUTTON_URL_INVALID", "bad_content"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights"),
        (400, "Bad Request: have no rights to send a message", "no_rights"),
        (400, "Bad Request: need administrator rights in the channel chat", "no_rights"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights"),
        (400, "Bad Request: TOPIC_CLOSED", "topic_closed"),
        (400, "Bad Request: TOPIC_DELETED", "topic_closed"),
        (400, "Bad Request: message thread not found", "topic_closed"),
        (400, "Bad Request: something new", "400"),
        (409, "Conflict: something new", "409"),
    ],
)
def test_the_text_of_a_refusal_becomes_a_code(code: int, words: str, expected: str) -> None:
    with telegram(refusal(code, words)) as (client, _), pytest.raises(RejectedError) as caught:
        client.edit_message(5, 7, "a")
    assert caught.value.code == expected
    assert caught.value.status == code


def test_codes_after_which_nothing_arrives() -> None:
    assert {"blocked", "chat_not_found"} <= UNREACHABLE_CODES
    assert "forbidden" not in UNREACHABLE_CODES


@pytest.mark.parametrize(
    ("code", "words", "setting"),
    [
        (401, "Unauthorized", "TELEGRAM_BOT_TOKEN"),
        (404, "Not Found", "TELEGRAM_BOT_TOKEN"),
        (404, "Not Found: method not found", "TELEGRAM_API_URL"),
        (400, "Logged out", "TELEGRAM_API_URL"),
        (400, "Bad Request: BALANCE_TOO_LOW", "TELEGRAM_SEND_RATE"),
    ],
)
def test_a_refusal_of_our_token_names_the_setting(code: int, words: str, setting: str) -> None:
    with telegram(refusal(code, words)) as (client, _), pytest.raises(RefusesUsError) as caught:
        client.send_message(5, "a")
    assert (caught.value.setting, caught.value.status) == (setting, code)


def test_a_group_that_became_a_supergroup_says_where_it_is() -> None:
    moved = refusal(
        400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1007
    )
    with telegram(moved) as (client, _), pytest.raises(MigratedError) as caught:
        client.send_message(-7, "a")
    assert (caught.value.chat_id, caught.value.code) == (-1007, "migrated")


def test_the_number_in_the_envelope_counts_when_the_status_line_differs() -> None:
    blocked = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    wait = {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 9}}
    steps = [wire.answer(200, blocked), wire.answer(502, blocked), wire.answer(400, wait)]
    with telegram(*steps, wire.answer(403, blocked | {"error_code": 500})) as (client, _):
        for _ in range(2):
            with pytest.raises(RejectedError) as caught:
                client.send_message(5, "a")
            assert (caught.value.code, caught.value.status) == ("blocked", 403)
        with pytest.raises(ThrottledError) as throttled:
            client.send_message(5, "a")
        assert throttled.value.retry_after == 9
        with pytest.raises(AmbiguousError):
            client.send_message(5, "a")


def test_an_edit_that_changes_nothing_counts_as_done() -> None:
    same = refusal(400, "Bad Request: message is not modified: specified new message content is the same")
    old = refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    with telegram(same, old) as (client, _):
        client.edit_message(5, 7, "a")
        client.answer_callback("99")


def test_not_modified_excuses_edits_only() -> None:
    same = refusal(400, "Bad Request: message is not modified")
    with telegram(same) as (client, _), pytest.raises(RejectedError):
        client.send_message(5, "a")


def test_a_429_carries_its_retry_after() -> None:
    wait = refusal(429, "Too Many Requests: retry after 17", retry_after=17)
    with telegram(wait) as (client, _), pytest.raises(ThrottledError) as caught:
        client.send_message(5, "a")
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("body", [b"<html>", {"ok": True}, {"ok": 1, "result": 1}, {}, [], [{"ok": True}]])
def test_unreadable_success_is_ambiguous(body: Any) -> None:
    with telegram(wire.answer(200, body)) as (client, _), pytest.raises(AmbiguousError):
        client.send_message(5, "a")


def test_a_message_is_never_sent_twice_by_itself() -> None:
    with telegram(wire.answer(200, MESSAGE), wire.reset, wire.answer(200, MESSAGE)) as (client, requests):
        client.send_message(5, "a")
        with pytest.raises(AmbiguousError):
            client.send_message(5, "b")
        assert len(requests) == 2


def test_each_call_is_logged_without_the_token() -> None:
    with capture_logs() as lines, telegram(wire.answer(200, MESSAGE), refusal(403, "x")) as (client, _):
        client.send_message(5, "a")
        with pytest.raises(RejectedError):
            client.send_message(6, "a")
    calls = [line for line in lines if line["event"] == "telegram_called"]
    assert [(c["method"], c["chat_id"], c["status"]) for c in calls] == [
        ("sendMessage", 5, 200),
        ("sendMessage", 6, 403),
    ]
    assert all(c["ms"] >= 0 for c in calls)
    assert TOKEN not in repr(lines)


def test_within_a_job_only_a_failed_call_has_a_line_at_info() -> None:
    with (
        capture_logs() as lines,
        telegram(wire.answer(200, MESSAGE), refusal(403, "x")) as (client, _),
        tally.counting(),
    ):
        client.send_message(5, "a")
        with pytest.raises(RejectedError):
            client.send_message(6, "a")
        assert tally.fields()["telegram_calls"] == 2
    assert [line["chat_id"] for line in lines if line["event"] == "telegram_called"] == [6]
