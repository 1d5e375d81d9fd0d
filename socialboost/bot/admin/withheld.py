"""Handlers for admins who decide about messages that may have been sent before a restore. Behind guard.py."""

from __future__ import annotations

from typing import Final

from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from socialboost import jobs
from socialboost.bot import taps
from socialboost.bot.filters import Carries, page_number
from socialboost.bot.guard import CALLBACK, Route
from socialboost.bot.states import AdminStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks


async def show_list(_callback: CallbackQuery, state: FSMContext, tap: TapFields, page: int) -> None:
    """List the withheld messages."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowWithheld(**tap, page=page))


async def show_one(_callback: CallbackQuery, state: FSMContext, tap: TapFields, ref: str) -> None:
    """Show one withheld message."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowWithheldMessage(**tap, ref=ref))


async def settle(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, decision: tuple[str, str, str]
) -> None:
    """Decide about one or all in the state that the admin saw. Without a confirmation, ask for it."""
    action, ref, seen = decision
    await state.set_state(AdminStates.MAIN_PANEL)
    if seen:
        job = jobs.SettleWithheld(**tap, **taps.decision(tap), ref=ref, action=action, seen=seen)
        await jobs.send_async(job)
    else:
        await jobs.send_async(jobs.AskWithheld(**tap, ref=ref, action=action))


ROUTES: Final = (
    Route(CALLBACK, show_list, (Carries(callbacks.ADMIN_WITHHELD_PREFIX, "page", page_number),)),
    Route(CALLBACK, settle, (Carries(callbacks.WITHHELD_PREFIX, "decision", callbacks.withheld_decision),)),
    Route(CALLBACK, show_one, (Carries(callbacks.WITHHELD_PREFIX, "ref", callbacks.digest),)),
)
