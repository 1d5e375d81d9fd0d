"""Handlers of the packages on sale."""

from __future__ import annotations

from aiogram import Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from socialboost import jobs
from socialboost.bot.filters import Carries, Tapped
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks


async def show_packages(_callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """List the packages on sale."""
    await state.set_state(UserStates.SELECTING_PACKAGE)
    await jobs.send_async(jobs.ShowPackages(**tap))


async def show_package(_callback: CallbackQuery, state: FSMContext, tap: TapFields, slug: str) -> None:
    """Show one package."""
    await state.set_state(UserStates.VIEWING_PACKAGE_DETAILS)
    await jobs.send_async(jobs.ShowPackage(**tap, slug=slug))


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="packages")
    routes.callback_query.register(show_packages, Tapped(callbacks.SELECT_PACKAGES))
    routes.callback_query.register(show_package, Carries(callbacks.PACKAGE_PREFIX, "slug"))
    return routes
