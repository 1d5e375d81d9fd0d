"""Handlers for adding posts: network and link, or a link alone. The dialogue ends with an accepted post."""

from __future__ import annotations

from typing import Any

from aiogram import Router
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from socialboost import jobs, links
from socialboost.bot import sent, strays, taps
from socialboost.bot.filters import Asked, Carries, Tapped, one_of
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks


class BringsPost(Filter):
    """A message with a link to one of the networks, in any state. The handler gets its `text`."""

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        """Return {"text": text} or False."""
        text = sent.text_of(message)
        return {"text": text} if any(link.platform for link in links.find_all(text)) else False


async def choose_platform(_callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """Ask which network the post is on."""
    await state.set_state(UserStates.SELECTING_PLATFORM)
    await jobs.send_async(jobs.ShowPlatforms(**tap))


async def ask_link(_callback: CallbackQuery, state: FSMContext, tap: TapFields, platform: str) -> None:
    """Open a dialogue that the next message answers. Its data is written before its state."""
    await state.set_data({"platform": platform, "dialogue": f"tg:{tap['update_id']}"})
    await state.set_state(UserStates.WAITING_POST_URL)
    await jobs.send_async(jobs.AskPostLink(**tap, platform=platform))


async def add_post(
    message: Message, state: FSMContext, tap: TapFields, asked: dict[str, Any], raw_state: str
) -> None:
    """Send the person's message to a worker. A picture or a voice message counts as no link.

    While a link is processed, another link may follow; any other text is not an answer.
    """
    text = sent.text_of(message)
    if links.find_all(text):
        await state.set_state(UserStates.PROCESSING_POST)
    elif raw_state == UserStates.PROCESSING_POST.state:
        await jobs.send_async(jobs.ShowPage(**tap, page="processing"))
        return
    await jobs.send_async(jobs.AddPost(**tap, key=taps.key(tap), text=text, **asked))


async def add_unasked(_message: Message, tap: TapFields, text: str) -> None:
    """Send unrequested links to a worker. An open dialogue stays open."""
    await jobs.send_async(jobs.AddPost(**tap, key=taps.key(tap), platform="", text=text))


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="posts")
    routes.callback_query.register(choose_platform, Tapped(callbacks.ADD_POST))
    platform = Carries(callbacks.PLATFORM_PREFIX, "platform", one_of(*callbacks.PLATFORMS))
    routes.callback_query.register(ask_link, platform)
    expecting = StateFilter(UserStates.WAITING_POST_URL, UserStates.PROCESSING_POST)
    routes.message.register(add_post, expecting, Asked("platform", "dialogue"), *strays.ANSWER)
    routes.message.register(add_unasked, BringsPost(), *strays.ANSWER)
    return routes
