"""Filters that parse callback data (socialboost/chat/callbacks.py) and pass its values to the handler.

Data that cannot be parsed passes no filter and ends in strays.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiogram.filters import Filter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from socialboost.chat import callbacks


class Tapped(Filter):
    """Callback data that is exactly one of `data`.

    aiogram evaluates its F in another thread, for each route that an update passes. That takes longer than
    everything else aiogram does with the update.
    """

    def __init__(self, *data: str) -> None:
        self._data = frozenset(data)

    async def __call__(self, callback: CallbackQuery) -> bool:
        """Return True if the button carries such data."""
        return callback.data in self._data


class Carries(Filter):
    """Callback data `<prefix><value>` whose value `parse` accepts; the handler gets it as `name`."""

    def __init__(self, prefix: str, name: str, parse: Callable[[str], Any] = str) -> None:
        self._prefix = prefix
        self._name = name
        self._parse = parse

    async def __call__(self, callback: CallbackQuery) -> bool | dict[str, Any]:
        """Return {name: value}, or False if the data is something else."""
        text = callbacks.after(self._prefix, callback.data or "")
        value = None if text is None else self._parse(text)
        return False if value is None else {self._name: value}


class CarriesOrder(Filter):
    """Callback data `<prefix><order id>`; the handler gets `order_id` in canonical form."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    async def __call__(self, callback: CallbackQuery) -> bool | dict[str, Any]:
        """Return {"order_id": id}, or False if the data carries no UUID."""
        order_id = callbacks.order_id(self._prefix, callback.data or "")
        return False if order_id is None else {"order_id": order_id}


class Asked(Filter):
    """A message that answers the bot's question. The handler gets these fields of its data as `asked`.

    It does not match if the dialogue's data has expired, or a worker has just ended the dialogue.
    """

    def __init__(self, *fields: str, **defaults: str) -> None:
        self._fields = fields
        self._defaults = defaults  # of fields that a dialogue of an older release does not have

    async def __call__(self, _message: Message, state: FSMContext) -> bool | dict[str, Any]:
        """Return {"asked": fields}, or False if one is missing."""
        data = await state.get_data()
        if not set(self._fields) <= data.keys():
            return False
        later = {name: data.get(name, default) for name, default in self._defaults.items()}
        return {"asked": {name: data[name] for name in self._fields} | later}


def one_of(*choices: str) -> Callable[[str], str | None]:
    """Return a parser that accepts only `choices`."""
    return lambda text: text if text in choices else None


def page_number(text: str) -> int | None:
    """Parse a page of the history: 0 to 9999."""
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None
