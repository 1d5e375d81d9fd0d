"""Handlers of the admins' panel: figures, payments that wait for a decision, parked jobs. Behind guard.py."""

from __future__ import annotations

from typing import Final

from aiogram.filters import Command, CommandObject, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from socialboost import jobs
from socialboost.bot import strays, taps
from socialboost.bot.filters import Asked, Carries, Tapped, page_number
from socialboost.bot.guard import CALLBACK, MESSAGE, Route
from socialboost.bot.states import AdminDialogues, AdminStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks

_PAGES: Final[dict[str, tuple[str, State]]] = {
    callbacks.ADMIN_PANEL: ("panel", AdminStates.MAIN_PANEL),
    callbacks.ADMIN_STATS: ("stats", AdminStates.VIEWING_STATS),
    callbacks.ADMIN_SETTINGS: ("settings", AdminStates.SETTINGS_MENU),
    callbacks.ADMIN_NOTICES: ("notices", AdminStates.MAIN_PANEL),
}
_COMMANDS: Final[dict[str, tuple[str, State]]] = {
    "admin": _PAGES[callbacks.ADMIN_PANEL],
    "stats": _PAGES[callbacks.ADMIN_STATS],
    "debug": ("debug", AdminStates.VIEWING_STATS),
}
_LONGEST_ANSWER: Final = 64


async def command(_message: Message, command: CommandObject, state: FSMContext, tap: TapFields) -> None:
    """Open the panel, the figures or the technical state."""
    page, place = _COMMANDS[command.command]
    await state.set_state(place)
    await jobs.send_async(jobs.ShowAdminPage(**tap, page=page))


async def show_page(callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """Show a fixed page of the panel."""
    page, place = _PAGES[callback.data or ""]
    await state.set_state(place)
    await jobs.send_async(jobs.ShowAdminPage(**tap, page=page))


async def show_exceptions(_callback: CallbackQuery, state: FSMContext, tap: TapFields, page: int) -> None:
    """List the payments that wait for a decision."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowExceptions(**tap, page=page))


async def show_payment(_callback: CallbackQuery, state: FSMContext, tap: TapFields, payment_id: str) -> None:
    """Show one payment."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowPayment(**tap, payment_id=payment_id))


async def resolve(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, decision: tuple[str, str, str]
) -> None:
    """Decide about a payment in the state that the admin saw. Without a confirmation, ask for it."""
    action, payment_id, seen = decision
    await state.set_state(AdminStates.MAIN_PANEL)
    about = {"payment_id": payment_id, "action": action}
    if seen:
        await jobs.send_async(jobs.ResolvePayment(**tap, **taps.decision(tap), **about, seen=seen))
    else:
        await jobs.send_async(jobs.AskDecision(**tap, **about))


async def ask_owner(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, payment: tuple[str, str]
) -> None:
    """Open a dialogue that the next message answers. Its data is written before its state."""
    payment_id, seen = payment
    await state.set_data({"payment_id": payment_id, "seen": seen, "dialogue": f"tg:{tap['update_id']}"})
    await state.set_state(AdminDialogues.NAMING_OWNER)
    await jobs.send_async(jobs.AskPaymentOwner(**tap, payment_id=payment_id))


async def name_owner(message: Message, tap: TapFields, asked: dict[str, str]) -> None:
    """Send the admin's answer to a worker. The dialogue stays open until the worker has accepted it."""
    text = (message.text or "")[:_LONGEST_ANSWER]
    await jobs.send_async(jobs.NamePaymentOwner(**tap, **taps.decision(tap), text=text, **asked))


async def show_jobs(_callback: CallbackQuery, state: FSMContext, tap: TapFields, page: int) -> None:
    """List the parked jobs and dead letters."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowParkedJobs(**tap, page=page))


async def show_job(_callback: CallbackQuery, state: FSMContext, tap: TapFields, ref: str) -> None:
    """Show one parked job or dead letter."""
    await state.set_state(AdminStates.MAIN_PANEL)
    await jobs.send_async(jobs.ShowParkedJob(**tap, ref=ref))


async def settle_job(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, settlement: tuple[str, str, str]
) -> None:
    """Replay or discard one of them. To discard without a confirmation asks for it."""
    action, ref, seen = settlement
    await state.set_state(AdminStates.MAIN_PANEL)
    if action == "discard" and not seen:
        await jobs.send_async(jobs.AskSettlement(**tap, ref=ref))
        return
    await jobs.send_async(
        jobs.SettleParkedJob(**tap, **taps.decision(tap), ref=ref, action=action, seen=seen)
    )


_OWNER: Final = Asked("payment_id", "dialogue", seen="")
ROUTES: Final = (
    Route(MESSAGE, command, (Command(*_COMMANDS, ignore_mention=True),)),
    Route(CALLBACK, show_page, (Tapped(*_PAGES),)),
    Route(CALLBACK, show_exceptions, (Carries(callbacks.ADMIN_EXCEPTIONS_PREFIX, "page", page_number),)),
    Route(CALLBACK, resolve, (Carries(callbacks.PAYMENT_PREFIX, "decision", callbacks.payment_decision),)),
    Route(CALLBACK, ask_owner, (Carries(callbacks.PAYMENT_OWNER_PREFIX, "payment", callbacks.uuid_seen),)),
    Route(CALLBACK, show_payment, (Carries(callbacks.PAYMENT_PREFIX, "payment_id", callbacks.uuid),)),
    Route(CALLBACK, show_jobs, (Carries(callbacks.ADMIN_JOBS_PREFIX, "page", page_number),)),
    Route(CALLBACK, settle_job, (Carries(callbacks.JOB_PREFIX, "settlement", callbacks.job_settlement),)),
    Route(CALLBACK, show_job, (Carries(callbacks.JOB_PREFIX, "ref", callbacks.job_ref),)),
    Route(MESSAGE, name_owner, (StateFilter(AdminDialogues.NAMING_OWNER), _OWNER, *strays.ANSWER)),
)
"""The routes. Commands come first, because they are commands in any dialogue."""
