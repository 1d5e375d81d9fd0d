"""A bot that answers in its handler, with aiogram's own polling: the floor of a tap. direct.py runs it."""

from __future__ import annotations

import asyncio
import os

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

TEXT = "Choose what to do, for the {}th time:"


def keyboard() -> InlineKeyboardMarkup:
    """A menu as large as the shop's."""
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=f"Button {n}", callback_data=f"b_{n}")] for n in range(4)]
    )


async def welcome(message: Message) -> None:
    """Answer a text."""
    await message.answer("Welcome", reply_markup=keyboard())


async def screen(query: CallbackQuery, bot: Bot) -> None:
    """Answer a tap: the screen and the spinner at once, as ours does."""
    if isinstance(query.message, Message):
        text = TEXT.format(query.id)
        edit = query.message.edit_text(text, reply_markup=keyboard())
        await asyncio.gather(bot(edit), bot(query.answer()))


async def main() -> None:
    """Poll until told to stop."""
    server = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    bot = Bot(os.environ["TELEGRAM_BOT_TOKEN"], session=AiohttpSession(api=server))
    dispatcher = Dispatcher()
    dispatcher.message.register(welcome)
    dispatcher.callback_query.register(screen)
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
