"""Guards the admins' part: only ids on the list, in their own private chat, checked at every step.

Everybody else gets the answer to an unknown button or command, and the attempt is logged. The worker checks
the right again (workers/people/access.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, TelegramObject

from socialboost import logs
from socialboost.bot import strays
from socialboost.bot.taps import TapFields

log = logs.get(__name__)

MESSAGE: Final = "message"
CALLBACK: Final = "callback_query"


@dataclass(frozen=True)
class Route:
    """A handler of an admins' topic and what it listens for."""

    observer: Literal["message", "callback_query"]
    handler: Callable[..., Awaitable[None]]
    filters: tuple[Any, ...]


class IsAdmin(Filter):
    """Passes if the sender is on the list and this is their private chat, also for forwards."""

    def __init__(self, admins: Collection[int]) -> None:
        self._admins = frozenset(admins)

    async def __call__(self, event: TelegramObject) -> bool:
        """Return True if this person is an admin."""
        message = event.message if isinstance(event, CallbackQuery) else event
        person = event.from_user if isinstance(event, CallbackQuery | Message) else None
        # Telegram does not say where a very old button is. It was in a private chat: only those have buttons.
        private = message is None or (isinstance(event, CallbackQuery | Message) and _is_private(message))
        return person is not None and private and person.id in self._admins


def _is_private(message: Any) -> bool:
    return bool(message.chat.type == ChatType.PRIVATE)


async def refuse(event: TelegramObject, tap: TapFields) -> None:
    """Answer anybody else as if the button or command did not exist."""
    log.warning("admin_refused", where="bot")
    await strays.nothing_there(event, tap)


def routers(name: str, routes: Sequence[Route], admins: Collection[int]) -> tuple[Router, Router]:
    """Return the admins' router, and the router after it that refuses everybody else."""
    admitted, refused = Router(name=name), Router(name=f"{name}_refused")
    for observer in (admitted.message, admitted.callback_query):
        observer.filter(IsAdmin(admins))
    for route in routes:
        admitted.observers[route.observer].register(route.handler, *route.filters)
        refused.observers[route.observer].register(refuse, *route.filters)
    return admitted, refused
