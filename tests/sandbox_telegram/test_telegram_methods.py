"""Tests of every supported method through aiogram, whose models check each answer."""

from __future__ import annotations

import json
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import Bot, methods
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    MenuButtonCommands,
    ReplyParameters,
)

from sandbox.telegram.methods import METHODS
from tests.sandbox_telegram.standin import TOKEN, Sim

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 320, 200) + b"rest"
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 480, 640) + b"rest of it"
KEYS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])
CHANNEL = -1001


class Stage:
    """A person, a channel and a message for the calls to be about."""

    def __init__(self, sim: Sim, bot: Bot, person: int, message: int) -> None:
        self.sim, self.bot, self.person, self.message = sim, bot, person, message

    @classmethod
    async def set(cls, sim: Sim, bot: Bot) -> Stage:
        person = await sim.person("Anna", username="anna")
        await sim.post(
            "/sim/chats", {"id": CHANNEL, "title": "Orders", "type": "channel", "username": "orders"}
        )
        message = await bot.send_message(person, "first", reply_markup=KEYS)
        return cls(sim, bot, person, message.message_id)

    async def photo(self) -> int:
        sent = await self.bot.send_photo(self.person, BufferedInputFile(PNG, "a.png"), caption="old")
        return sent.message_id

    async def tapped(self) -> str:
        tap = await self.sim.post(f"/sim/people/{self.person}/taps", {"data": "go"})
        return str(tap["callback_query_id"])


async def edit_caption(stage: Stage) -> Any:
    return await stage.bot.edit_message_caption(
        chat_id=stage.person, message_id=await stage.photo(), caption="<b>new</b>", parse_mode="HTML"
    )


async def get_file(stage: Stage) -> Any:
    sent = await stage.bot.send_document(stage.person, BufferedInputFile(b"abc", "a.txt"))
    assert sent.document
    assert sent.document.file_name == "a.txt"
    return await stage.bot.get_file(sent.document.file_id)


async def media_group(stage: Stage) -> Any:
    album = [InputMediaPhoto(media=BufferedInputFile(image, "x"), caption="one") for image in (PNG, JPEG)]
    sent = await stage.bot.send_media_group(stage.person, album)
    assert [one.photo[-1].width for one in sent if one.photo] == [320, 640]
    assert sent[0].media_group_id
    files = [InputMediaDocument(media=BufferedInputFile(b"x", f"{name}.txt")) for name in "ab"]
    return await stage.bot.send_media_group(stage.person, files)


CALLS: dict[str, Callable[[Stage], Awaitable[Any]]] = {
    "getMe": lambda s: s.bot.get_me(),
    "sendMessage": lambda s: s.bot.send_message(
        s.person,
        "<b>x</b>",
        parse_mode="HTML",
        reply_markup=KEYS,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_parameters=ReplyParameters(message_id=s.message),
    ),
    "copyMessage": lambda s: s.bot.copy_message("@orders", s.person, s.message, reply_markup=KEYS),
    "forwardMessage": lambda s: s.bot.forward_message(CHANNEL, s.person, s.message),
    "editMessageText": lambda s: s.bot.edit_message_text("new", chat_id=s.person, message_id=s.message),
    "editMessageCaption": edit_caption,
    "editMessageReplyMarkup": lambda s: s.bot.edit_message_reply_markup(None, s.person, s.message),
    "deleteMessage": lambda s: s.bot.delete_message(s.person, s.message),
    "deleteMessages": lambda s: s.bot.delete_messages(s.person, [s.message, 999]),
    "sendPhoto": lambda s: s.bot.send_photo(s.person, BufferedInputFile(JPEG, "a.jpg"), reply_markup=KEYS),
    "sendDocument": lambda s: s.bot.send_document(s.person, BufferedInputFile(b"a", "a.csv"), caption="c"),
    "sendMediaGroup": media_group,
    "getFile": get_file,
    "pinChatMessage": lambda s: s.bot.pin_chat_message(s.person, s.message),
    "unpinChatMessage": lambda s: s.bot.unpin_chat_message(s.person, message_id=s.message),
    "sendChatAction": lambda s: s.bot.send_chat_action(s.person, "typing"),
    "getChat": lambda s: s.bot.get_chat(s.person),
    "getChatMember": lambda s: s.bot.get_chat_member(CHANNEL, 4242),
    "setMyCommands": lambda s: s.bot.set_my_commands([BotCommand(command="start", description="Begin")]),
    "getMyCommands": lambda s: s.bot.get_my_commands(),
    "deleteMyCommands": lambda s: s.bot.delete_my_commands(),
    "setMyName": lambda s: s.bot.set_my_name("Shop"),
    "getMyName": lambda s: s.bot.get_my_name(),
    "setMyDescription": lambda s: s.bot.set_my_description("What it does"),
    "getMyDescription": lambda s: s.bot.get_my_description(),
    "setMyShortDescription": lambda s: s.bot.set_my_short_description("Shop"),
    "getMyShortDescription": lambda s: s.bot.get_my_short_description(),
    "setChatMenuButton": lambda s: s.bot.set_chat_menu_button(s.person, MenuButtonCommands()),
    "getChatMenuButton": lambda s: s.bot.get_chat_menu_button(chat_id=s.person),
    "getUpdates": lambda s: s.bot.get_updates(),
    "setWebhook": lambda s: s.bot.set_webhook("http://127.0.0.1:9/hook", secret_token="abc"),
    "deleteWebhook": lambda s: s.bot.delete_webhook(drop_pending_updates=True),
    "getWebhookInfo": lambda s: s.bot.get_webhook_info(),
    "logOut": lambda s: s.bot.log_out(),
    "close": lambda s: s.bot.close(),
}  # fmt: skip


async def answer_callback(stage: Stage) -> Any:
    return await stage.bot.answer_callback_query(await stage.tapped(), text="Saved", show_alert=True)


CALLS["answerCallbackQuery"] = answer_callback


def test_every_method_has_a_call_here() -> None:
    assert set(CALLS) == {name for name, _ in METHODS.values()}


@pytest.mark.parametrize("name", sorted(CALLS))
async def test_aiogram_accepts_the_answer(name: str, sim: Sim, bot: Bot) -> None:
    result = await CALLS[name](await Stage.set(sim, bot))
    assert result is not None
    if name != "getUpdates":
        assert (await sim.wire(kind="call", method=name))[-1]["status"] == 200


async def test_a_download_gives_the_bytes_back(sim: Sim, bot: Bot) -> None:
    found = await get_file(await Stage.set(sim, bot))
    async with sim.http.get(f"{sim.url}/file/bot{TOKEN}/{found.file_path}") as answer:
        assert await answer.read() == b"abc"


async def test_a_file_can_be_sent_again_by_its_id(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    first = await bot.send_photo(person, BufferedInputFile(PNG, "a.png"))
    assert first.photo
    again = await bot.send_photo(person, first.photo[-1].file_id)
    assert again.photo
    assert again.photo[-1].width == 320


async def test_the_transport_takes_every_form(sim: Sim) -> None:
    person = await sim.person()
    path = f"{sim.url}/bot{TOKEN}/SENDmessage"
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    as_text = {"chat_id": str(person), "text": "hi", "reply_markup": json.dumps(markup)}
    for options in (
        {"json": {"chat_id": person, "text": "hi", "reply_markup": markup}},
        {"data": as_text},
        {"params": as_text},
    ):
        async with sim.http.request("POST", path, **options) as answer:
            body = await answer.json()
        assert body["result"]["reply_markup"] == markup, options
    async with sim.http.get(path, params={"chat_id": person, "text": "by GET"}) as answer:
        assert (await answer.json())["result"]["text"] == "by GET"


async def test_commands_are_kept_per_scope_and_language(sim: Sim, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand(command="start", description="Begin")])
    await bot.set_my_commands([BotCommand(command="start", description="Почати")], language_code="uk")
    assert [one.description for one in await bot.get_my_commands()] == ["Begin"]
    assert [one.description for one in await bot.get_my_commands(language_code="uk")] == ["Почати"]
    assert await bot.get_my_commands(language_code="en") == []


async def test_a_channel_post_comes_from_the_channel(sim: Sim, bot: Bot) -> None:
    await Stage.set(sim, bot)
    post = await bot.send_message(CHANNEL, "sold")
    assert post.from_user is None
    assert post.sender_chat
    assert post.sender_chat.id == CHANNEL


async def test_a_wrong_token_and_an_unknown_method(sim: Sim, bot: Bot) -> None:
    status, body = await sim.call("getMe", token="1:wrong")
    assert (status, body) == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
    stranger = Bot("1:wrong", session=bot.session)
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()
    with pytest.raises(TelegramNotFound, match="method not found"):
        await bot(methods.SendDice(chat_id=1))
    assert [call["method"] for call in await sim.wire(kind="call", status=404)] == ["sendDice"]
