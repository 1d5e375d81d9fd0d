"""Handlers for admins who edit packages: on sale or not, name, price. Behind guard.py."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from socialboost import jobs
from socialboost.bot import strays, taps
from socialboost.bot.filters import Asked, Carries, Tapped
from socialboost.bot.guard import CALLBACK, MESSAGE, Route
from socialboost.bot.states import AdminDialogues, AdminStates
from socialboost.bot.taps import TapFields
from socialboost.chat import callbacks

_LONGEST_ANSWER: Final = 200


async def show_packages(_callback: CallbackQuery, state: FSMContext, tap: TapFields) -> None:
    """List all packages."""
    await state.set_state(AdminStates.PACKAGE_MANAGEMENT)
    await jobs.send_async(jobs.ShowEveryPackage(**tap))


async def show_package(_callback: CallbackQuery, state: FSMContext, tap: TapFields, package_id: str) -> None:
    """Show one package."""
    await state.set_state(AdminStates.PACKAGE_MANAGEMENT)
    await jobs.send_async(jobs.ShowAnyPackage(**tap, package_id=package_id))


async def ask_value(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, chosen: tuple[str, str, str]
) -> None:
    """Open a dialogue that the next message answers. Its data is written before its state."""
    field, package_id, seen = chosen
    data = {"package_id": package_id, "field": field, "seen": seen, "dialogue": f"tg:{tap['update_id']}"}
    await state.set_data(data)
    await state.set_state(AdminDialogues.CHANGING_PACKAGE)
    await jobs.send_async(jobs.ShowAnyPackage(**tap, package_id=package_id, field=field))


async def change_value(message: Message, tap: TapFields, asked: dict[str, str]) -> None:
    """Send the admin's answer to a worker. The dialogue stays open until the worker has accepted it."""
    text = (message.text or "")[:_LONGEST_ANSWER]
    await jobs.send_async(jobs.ChangePackage(**tap, **taps.decision(tap), text=text, **asked))


async def switch_sale(
    _callback: CallbackQuery, state: FSMContext, tap: TapFields, chosen: tuple[str, str, str]
) -> None:
    """Put a package on sale, or take it off."""
    sale, package_id, seen = chosen
    await state.set_state(AdminStates.PACKAGE_MANAGEMENT)
    about = {"package_id": package_id, "field": "sale", "text": sale, "seen": seen}
    await jobs.send_async(jobs.ChangePackage(**tap, **taps.decision(tap), **about))


def _one_of(choices: Collection[str]) -> Callable[[str], tuple[str, str, str] | None]:
    """Return a parser of `<choice>_<package id>` with or without `_<seen>`."""

    def parse(text: str) -> tuple[str, str, str] | None:
        choice, _, rest = text.partition("_")
        found = callbacks.uuid_seen(rest)
        return (choice, *found) if choice in choices and found else None

    return parse


_VALUE: Final = Asked("package_id", "field", "dialogue", seen="")
ROUTES: Final = (
    Route(CALLBACK, show_packages, (Tapped(callbacks.ADMIN_PACKAGES),)),
    Route(
        CALLBACK, ask_value, (Carries(callbacks.EDIT_PREFIX, "chosen", _one_of(callbacks.PACKAGE_FIELDS)),)
    ),
    Route(CALLBACK, switch_sale, (Carries(callbacks.EDIT_PREFIX, "chosen", _one_of(callbacks.SALES)),)),
    Route(CALLBACK, show_package, (Carries(callbacks.EDIT_PREFIX, "package_id", callbacks.uuid),)),
    Route(MESSAGE, change_value, (StateFilter(AdminDialogues.CHANGING_PACKAGE), _VALUE, *strays.ANSWER)),
)
