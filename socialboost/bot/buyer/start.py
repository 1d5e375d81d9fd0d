"""Handlers of /start, the main menu and the buttons back to it."""

from __future__ import annotations

import re
from typing import Final

from aiogram import Router
from aiogram.filters import CommandObject, CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message, User

from socialboost import jobs
from socialboost.bot import taps
from socialboost.bot.filters import Tapped
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks

_PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def start(
    _message: Message, command: CommandObject, state: FSMContext, tap: TapFields, event_from_user: User
) -> None:
    """Register the person, or greet them again. Record the referral or campaign that brought them."""
    payload = command.args if _PAYLOAD.fullmatch(command.args or "") else None
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(
        jobs.RegisterUser(
            **tap,
            key=taps.key(tap),
            username=event_from_user.username,
            first_name=event_from_user.first_name,
            last_name=event_from_user.last_name,
            start_payload=payload,
        )
    )


async def menu(_callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """End the dialogue, if one is open."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.ShowMenu(**tap))


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="start")
    routes.message.register(start, CommandStart(ignore_mention=True))
    routes.callback_query.register(menu, Tapped(callbacks.BACK_TO_MENU, callbacks.CANCEL_ACTION))
    return routes
