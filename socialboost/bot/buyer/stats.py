"""Handlers of the person's own figures and history."""

from __future__ import annotations

from aiogram import Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from socialboost import jobs
from socialboost.bot.filters import Carries, Tapped, page_number
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks


async def show_stats(_callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """Show package, quota and totals."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.ShowStats(**tap))


async def show_history(_callback: CallbackQuery, state: FSMContext, tap: TapFields, page: int) -> None:
    """Show a page of orders and posts."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.ShowHistory(**tap, page=page))


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="stats")
    routes.callback_query.register(show_stats, Tapped(callbacks.MY_STATS))
    routes.callback_query.register(show_history, Carries(callbacks.HISTORY_PREFIX, "page", page_number))
    return routes
