"""Handlers of help, languages and the fixed texts."""

from __future__ import annotations

from typing import Final

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from socialboost import jobs
from socialboost.bot import taps
from socialboost.bot.filters import Carries, Tapped
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks

_PAGES: Final = {
    callbacks.SUPPORT: "support",
    callbacks.SHOW_FAQ: "faq",
    callbacks.SHOW_PRIVACY: "privacy",
    callbacks.SHOW_LANGUAGES: "languages",
}
_COMMANDS: Final = ("help", "privacy", "paysupport")


async def show_page(callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """Show a fixed text."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.ShowPage(**tap, page=_PAGES[callback.data or ""]))


async def show_command(_message: Message, command: CommandObject, tap: TapFields) -> None:
    """Answer /help, /privacy and /paysupport. An open dialogue stays open."""
    await jobs.send_async(jobs.ShowPage(**tap, page=command.command))


async def choose_language(_callback: CallbackQuery, state: FSMContext, tap: TapFields, chosen: str) -> None:
    """Store the chosen language."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.SetLanguage(**tap, key=taps.key(tap), chosen=chosen))


async def stop_spinner(_callback: CallbackQuery, tap: TapFields) -> None:
    """Answer a tap on a heading: nothing changes, but the spinner must stop."""
    await jobs.send_async(jobs.ShowPage(**tap, page=callbacks.NOOP))


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="support")
    routes.message.register(show_command, Command(*_COMMANDS, ignore_mention=True))
    routes.callback_query.register(show_page, Tapped(*_PAGES))
    language = Carries(callbacks.LANGUAGE_PREFIX, "chosen", callbacks.language)
    routes.callback_query.register(choose_language, language)
    routes.callback_query.register(stop_spinner, Tapped(callbacks.NOOP))
    return routes
