"""Adding a post: network, then link. The state stays until a worker has accepted the link."""

from __future__ import annotations

from typing import Final

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from socialboost import callbacks, jobs
from socialboost.bot import strays, taps
from socialboost.bot.filters import Carries, one_of
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields

_LONGEST_TEXT: Final = 4096  # Telegram's own limit for a message


async def choose_platform(_callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """Ask which network the post is on."""
    await state.set_state(UserStates.SELECTING_PLATFORM)
    await jobs.send_async(jobs.ShowPlatforms(**tap))


async def ask_link(_callback: CallbackQuery, state: FSMContext, tap: TapFields, platform: str) -> None:
    """Open a dialogue that the next message answers. Its data is there before its state is."""
    await state.set_data({"platform": platform, "dialogue": f"tg:{tap['update_id']}"})
    await state.set_state(UserStates.WAITING_POST_URL)
    await jobs.send_async(jobs.AskPostLink(**tap, platform=platform))


async def add_post(message: Message, state: FSMContext, tap: TapFields) -> None:
    """Hand over what the person sent; a picture or a voice message counts as no link at all."""
    data = await state.get_data()
    if "platform" not in data or "dialogue" not in data:  # the data expired a moment before the state
        await strays.unknown(tap)
        return
    text = (message.text or "")[:_LONGEST_TEXT]
    platform, dialogue = data["platform"], data["dialogue"]
    await jobs.send_async(
        jobs.AddPost(**tap, key=taps.key(tap), platform=platform, text=text, dialogue=dialogue)
    )


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="posts")
    routes.callback_query.register(choose_platform, F.data == callbacks.ADD_POST)
    platform = Carries(callbacks.PLATFORM_PREFIX, "platform", one_of(*callbacks.PLATFORMS))
    routes.callback_query.register(ask_link, platform)
    routes.message.register(add_post, UserStates.WAITING_POST_URL, strays.SAID_BY_A_PERSON)
    return routes
