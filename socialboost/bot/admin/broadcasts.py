"""Handlers for admins' broadcasts: composing, confirming, watching. Behind guard.py."""

from __future__ import annotations

from typing import Final

from aiogram.enums import ContentType
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from socialboost import jobs
from socialboost.bot import strays, taps
from socialboost.bot.filters import Asked, Carries, Tapped, page_number
from socialboost.bot.guard import CALLBACK, MESSAGE, Route
from socialboost.bot.states import AdminStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks

_LONGEST_ANSWER: Final = 4096


async def compose(_event: Message | CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """Open a dialogue that the next message answers. Its data is written before its state."""
    await state.set_data({"dialogue": f"tg:{tap['update_id']}"})
    await state.set_state(AdminStates.BROADCAST_COMPOSE)
    await jobs.send_async(jobs.AskBroadcast(**tap))


async def composed(message: Message, state: FSMContext, tap: TapFields) -> None:
    """Send the message to a worker: a text with its formatting as HTML, anything else to be copied."""
    dialogue = (await state.get_data()).get("dialogue", "")
    plain = message.content_type == ContentType.TEXT
    await jobs.send_async(
        jobs.ComposeBroadcast(
            **tap,
            key=taps.key(tap),
            text=message.html_text if plain else "",
            copied_id=None if plain else message.message_id,
            dialogue=dialogue,
            album=message.media_group_id is not None,
        )
    )


async def aim(_callback: CallbackQuery, state: FSMContext, tap: TapFields, aim: tuple[str, str]) -> None:
    """Choose the recipients of a broadcast."""
    broadcast_id, segment = aim
    await state.set_state(AdminStates.BROADCAST_CONFIRM)
    await jobs.send_async(
        jobs.AimBroadcast(**tap, key=taps.key(tap), broadcast_id=broadcast_id, segment=segment)
    )


async def ask_detail(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, detail: tuple[str, str]
) -> None:
    """Open a dialogue for the buttons or the time."""
    name, broadcast_id = detail
    data = {"broadcast_id": broadcast_id, "detail": name, "dialogue": f"tg:{tap['update_id']}"}
    await state.set_data(data)
    await state.set_state(AdminStates.BROADCAST_CONFIRM)
    await jobs.send_async(jobs.AskBroadcastDetail(**tap, broadcast_id=broadcast_id, detail=name))


async def detailed(message: Message, tap: TapFields, asked: dict[str, str]) -> None:
    """Send the admin's answer about the buttons or the time to a worker."""
    text = (message.text or "")[:_LONGEST_ANSWER]
    await jobs.send_async(jobs.DetailBroadcast(**tap, key=taps.key(tap), text=text, **asked))


async def move(_callback: CallbackQuery, state: FSMContext, tap: TapFields, move: tuple[str, str]) -> None:
    """Send, pause, resume or cancel a broadcast."""
    action, broadcast_id = move
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(
        jobs.MoveBroadcast(**tap, **taps.decision(tap), broadcast_id=broadcast_id, action=action)
    )


async def show_list(_callback: CallbackQuery, state: FSMContext, tap: TapFields, page: int) -> None:
    """List the broadcasts."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowBroadcasts(**tap, page=page))


async def show(_callback: CallbackQuery, state: FSMContext, tap: TapFields, shown: tuple[str, str]) -> None:
    """Show one broadcast."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowBroadcast(**tap, broadcast_id=shown[1]))


def _verb(name: str, *verbs: str) -> Carries:
    """Return a filter for `broadcast_<verb>_<broadcast id>`."""
    return Carries(callbacks.BROADCAST_PREFIX, name, lambda text: callbacks.broadcast_verb(text, verbs))


_DETAIL: Final = Asked("broadcast_id", "detail", "dialogue")
ROUTES: Final = (
    Route(MESSAGE, compose, (Command("broadcast", ignore_mention=True),)),
    Route(CALLBACK, compose, (Tapped(callbacks.ADMIN_BROADCAST),)),
    Route(CALLBACK, aim, (Carries(callbacks.BROADCAST_TO_PREFIX, "aim", callbacks.broadcast_segment),)),
    Route(CALLBACK, ask_detail, (_verb("detail", *callbacks.BROADCAST_DETAILS),)),
    Route(CALLBACK, move, (_verb("move", *callbacks.BROADCAST_ACTIONS),)),
    Route(CALLBACK, show_list, (Carries(callbacks.BROADCAST_LIST_PREFIX, "page", page_number),)),
    Route(CALLBACK, show, (_verb("shown", "show"),)),
    Route(MESSAGE, composed, (StateFilter(AdminStates.BROADCAST_COMPOSE), *strays.ANSWER)),
    Route(MESSAGE, detailed, (StateFilter(AdminStates.BROADCAST_CONFIRM), _DETAIL, *strays.ANSWER)),
)
"""The routes. Commands come first, because they are commands in any dialogue."""
