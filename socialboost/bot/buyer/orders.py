"""Handlers from a confirmed package to its pay link, or to cancelling."""

from __future__ import annotations

from aiogram import Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from socialboost import jobs
from socialboost.bot import taps
from socialboost.bot.filters import Carries, CarriesOrder
from socialboost.bot.states import UserStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks


async def confirm(_callback: CallbackQuery, state: FSMContext, tap: TapFields, slug: str) -> None:
    """Open the order, or find the pending one again."""
    await state.set_state(UserStates.CONFIRMING_ORDER)
    await jobs.send_async(jobs.OpenOrder(**tap, key=taps.key(tap), slug=slug))


async def pay(_callback: CallbackQuery, state: FSMContext, tap: TapFields, order_id: str) -> None:
    """Ask for the invoice. The key names the order, so there is one invoice however often this is tapped."""
    await state.set_state(UserStates.WAITING_PAYMENT)
    key = f"invoice:{order_id}:{tap['telegram_id']}"
    await jobs.send_async(jobs.CreateInvoice(**tap, key=key, order_id=order_id))


async def pay_from_balance(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, order_id: str
) -> None:
    """Pay the order from the person's balance."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.PayFromBalance(**tap, key=taps.key(tap), order_id=order_id))


async def cancel(_callback: CallbackQuery, state: FSMContext, tap: TapFields, order_id: str) -> None:
    """Cancel the order."""
    await state.set_state(UserStates.MAIN_MENU)
    await jobs.send_async(jobs.CancelOrder(**tap, key=taps.key(tap), order_id=order_id))


def router() -> Router:
    """Return the routes of this topic."""
    routes = Router(name="orders")
    routes.callback_query.register(confirm, Carries(callbacks.CONFIRM_PREFIX, "slug"))
    routes.callback_query.register(pay, CarriesOrder(callbacks.PAY_PREFIX))
    routes.callback_query.register(pay_from_balance, CarriesOrder(callbacks.BALANCE_PREFIX))
    routes.callback_query.register(cancel, CarriesOrder(callbacks.CANCEL_PREFIX))
    return routes
