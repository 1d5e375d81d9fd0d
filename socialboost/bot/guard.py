"""Guards the admin panel: only owners and people with a role, in their own private chat, at every step.

Everybody else gets the answer to an unknown button or command, and the attempt is logged. The worker decides
by the database what an admin may do (workers/people/access.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, TelegramObject
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from socialboost import logs
from socialboost.bot import strays
from socialboost.bot.taps import TapFields
from socialboost.chat import admins

log = logs.get(__name__)

MESSAGE: Final = "message"
CALLBACK: Final = "callback_query"


@dataclass(frozen=True)
class Route:
    """A handler of an admins' topic and what it listens for."""

    observer: Literal["message", "callback_query"]
    handler: Callable[..., Awaitable[None]]
    filters: tuple[Any, ...]


class Admins:
    """Recognises admins: the owners from the setting, and the ids in Redis (socialboost/chat/admins.py)."""

    def __init__(self, owners: Collection[int], redis: Redis) -> None:
        self._owners = frozenset(owners)
        self._redis = redis

    async def include(self, telegram_id: int) -> bool:
        """Return True if this person is an admin. Raises RedisError while Redis is away."""
        if telegram_id in self._owners:
            return True
        try:
            return bool(await self._redis.sismember(admins.KEY, str(telegram_id)))
        except NoPermissionError:  # Redis' access list is an older release's: only the owners are known
            log.error("admins_unreadable")
            return False


class IsAdmin(Filter):
    """Passes if the sender is an admin and this is their private chat, also for forwards."""

    def __init__(self, known: Admins) -> None:
        self._known = known

    async def __call__(self, event: TelegramObject) -> bool:
        """Return True if this person is an admin."""
        message = event.message if isinstance(event, CallbackQuery) else event
        person = event.from_user if isinstance(event, CallbackQuery | Message) else None
        # Telegram does not name the chat of a very old button. It was private: others have no buttons.
        private = message is None or (isinstance(event, CallbackQuery | Message) and _is_private(message))
        return person is not None and private and await self._known.include(person.id)


def _is_private(message: Any) -> bool:
    return bool(message.chat.type == ChatType.PRIVATE)


async def refuse(event: TelegramObject, tap: TapFields) -> None:
    """Answer other people as if the button or command did not exist."""
    log.warning("admin_refused", where="bot")
    await strays.nothing_there(event, tap)


def routers(name: str, routes: Sequence[Route], known: Admins) -> tuple[Router, Router]:
    """Return the admins' router, and the router after it that refuses everybody else.

    Redis is asked only about the sender of an update that fits one of the routes.
    """
    admitted, refused = Router(name=name), Router(name=f"{name}_refused")
    is_admin = IsAdmin(known)
    for route in routes:
        admitted.observers[route.observer].register(route.handler, *route.filters, is_admin)
        refused.observers[route.observer].register(refuse, *route.filters)
    return admitted, refused
