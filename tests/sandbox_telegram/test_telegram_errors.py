"""Tests of the stand-in's refusals: Telegram's own texts, which aiogram maps to its classes."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import BufferedInputFile

from tests.sandbox_telegram.standin import Sim, hang_up, standin


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


BAD_MESSAGES: list[tuple[dict[str, Any], str]] = [
    ({}, "message text is empty"),
    ({"text": " \n "}, "text must be non-empty"),
    ({"text": "ї" * 4097}, "message is too long"),
    ({"text": "😀" * 2049}, "message is too long"),
    ({"text": "x", "parse_mode": "Word"}, "unsupported parse_mode"),
    ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag"),
    ({"text": "x", "reply_markup": keyboard(text="x", callback_data="ї" * 33)}, "BUTTON_DATA_INVALID"),
    ({"text": "x", "reply_markup": keyboard(text="x", callback_data="")}, "BUTTON_DATA_INVALID"),
    ({"text": "x", "reply_markup": keyboard(text="x")}, "Text buttons are unallowed in the inline keyboard"),
    ({"text": "x", "reply_markup": keyboard(callback_data="x")}, 'Field "text" must be of type String'),
    ({"text": "x", "reply_markup": {"inline_keyboard": {}}}, 'Field "inline_keyboard" must be of type Array'),
    ({"text": "x", "reply_markup": "{not json"}, "can't parse reply markup JSON object"),
    ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
    ({"text": "x", "reply_markup": keyboard(text="x", url="")}, "URL host is empty"),
    ({"text": "x", "reply_markup": keyboard(text="x", url="a.b", style="pink")}, "BUTTON_STYLE_INVALID"),
    ({"text": "x", "reply_parameters": {"message_id": 77}}, "message to be replied not found"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "words"), BAD_MESSAGES)
async def test_a_bad_message_is_refused(sim: Sim, values: dict[str, Any], words: str) -> None:
    person = await sim.person()
    status, body = await sim.call("sendMessage", {"chat_id": person, **values})
    assert status == body["error_code"] == 400
    assert body["description"].startswith("Bad Request: ")
    assert words in body["description"]
    assert (await sim.get(f"/sim/people/{person}/messages"))["messages"] == []


async def test_the_limits_themselves_are_accepted(sim: Sim) -> None:
    person = await sim.person()
    values = {"text": "😀" * 2048, "reply_markup": keyboard(text="x", callback_data="ї" * 32)}
    assert (await sim.call("sendMessage", {"chat_id": person, **values}))[0] == 200


async def test_chats_that_cannot_be_written_to(sim: Sim, bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(123, "x")
    with pytest.raises(TelegramBadRequest, match="chat_id is empty"):
        await bot.send_message("", "x")
    fresh = await sim.person(started=False)
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(fresh, "x")
    await sim.post(f"/sim/people/{fresh}/messages", {"text": "/start"})
    await sim.post(f"/sim/people/{fresh}/block")
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(fresh, "x")
    await sim.request("PATCH", f"/sim/people/{fresh}", {"deactivated": True})
    with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
        await bot.send_message(fresh, "x")


async def test_channels_without_the_right_to_post(sim: Sim, bot: Bot) -> None:
    await sim.post("/sim/chats", {"id": -1001, "title": "Orders", "type": "channel", "bot_status": "left"})
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the channel chat"):
        await bot.send_message(-1001, "x")
    await sim.request("PATCH", "/sim/chats/-1001", {"bot_status": "kicked"})
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the channel chat"):
        await bot.send_message(-1001, "x")
    await sim.request("PATCH", "/sim/chats/-1001", {"bot_status": "member"})
    with pytest.raises(TelegramBadRequest, match="need administrator rights in the channel chat"):
        await bot.send_message(-1001, "x")


async def test_edits_are_checked(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    message = await bot.send_message(person, "<b>x</b>", parse_mode="HTML")
    same = {"chat_id": person, "message_id": message.message_id}
    with pytest.raises(TelegramBadRequest, match="message is not modified: specified new message content"):
        await bot.edit_message_text("<strong>x</strong>", parse_mode="HTML", **same)
    with pytest.raises(TelegramBadRequest, match="there is no caption in the message to edit"):
        await bot.edit_message_caption(caption="x", **same)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("y", chat_id=person, message_id=999)
    with pytest.raises(TelegramBadRequest, match="message identifier is not specified"):
        await bot.edit_message_text("y", chat_id=person)
    written = await sim.post(f"/sim/people/{person}/messages", {"text": "mine"})
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("y", chat_id=person, message_id=written["message_id"])
    edited = await bot.edit_message_text("x", **same)
    assert edited.edit_date  # type: ignore[union-attr]
    await bot.delete_message(person, message.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(person, message.message_id)


async def test_captions_and_files_are_checked(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_document(person, BufferedInputFile(b"x", "x"), caption="x" * 1025)
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_photo(person, BufferedInputFile(b"not an image", "x.png"))
    with pytest.raises(TelegramBadRequest, match="wrong file identifier/HTTP URL specified"):
        await bot.send_photo(person, "https://example.org/a.png")
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await bot.get_file("nothing")
    with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
        await bot.send_chat_action(person, "dancing")


async def tapped(sim: Sim, bot: Bot) -> str:
    person = await sim.person()
    await bot.send_message(person, "x", reply_markup=keyboard(text="Go", callback_data="go"))  # type: ignore[arg-type]
    tap = await sim.post(f"/sim/people/{person}/taps", {"label": "Go"})
    return str(tap["callback_query_id"])


async def test_a_tap_is_answered_once(sim: Sim, bot: Bot) -> None:
    query = await tapped(sim, bot)
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(query, text="x" * 201)
    await bot.answer_callback_query(query)
    for unknown in (query, "1"):
        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
            await bot.answer_callback_query(unknown)


async def test_a_tap_is_answered_in_time() -> None:
    async with standin(callback_answer_seconds=0.0) as sim:
        bot = sim.bot()
        query = await tapped(sim, bot)
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await bot.answer_callback_query(query)
        await hang_up(bot)


async def test_commands_are_checked(sim: Sim) -> None:
    for command, words, refusal in (
        ("Start!", "x", "BOT_COMMAND_INVALID"),
        ("start", "", "BOT_COMMAND_DESCRIPTION_INVALID"),
    ):
        listed = [{"command": command, "description": words}]
        status, body = await sim.call("setMyCommands", {"commands": listed})
        assert (status, body["description"]) == (400, f"Bad Request: {refusal}")


async def test_a_body_that_is_not_json(sim: Sim) -> None:
    headers = {"Content-Type": "application/json"}
    async with sim.http.post(f"{sim.url}/bot4242:test-token/getMe", data=b"{", headers=headers) as answer:
        assert (answer.status, (await answer.json())["error_code"]) == (400, 400)
