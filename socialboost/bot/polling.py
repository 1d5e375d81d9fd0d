"""Long polling that loses no update: the offset moves on only when the update's job is on Redis.

aiogram's own polling asks getMe first, moves on when a handler fails and stumbles for ever over an update it
cannot read, hence this loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import Update
from pydantic import ValidationError

from socialboost import jobs, logs
from socialboost.bot.dispatcher import ALLOWED_UPDATES, QUEUE_AWAY, feed
from socialboost.errors import SettingsError

log = logs.get(__name__)

_POLL_SECONDS: Final = 20
_ANSWER_SECONDS: Final = 10
"""How much longer than the poll itself an answer may take before the connection counts as dead."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_CONFLICTS: Final = 3
"""In a row: one comes of a restart, more of somebody else who polls with this token (failures.md D11)."""


class Poller:
    """Fetches updates and feeds them one after another, until `stop` is set."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, stop: asyncio.Event) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._stop = stop
        self._offset: int | None = None
        self._pause = _FIRST_PAUSE
        self._conflicts = 0

    async def run(self) -> None:
        """Work until stopped, then tell Telegram what is done. SettingsError when it refuses the token."""
        while not self._stop.is_set():
            for update in await self._fetch():
                if not await self._deliver(update):
                    break
                self._offset = update.update_id + 1
        await self._confirm()

    async def _fetch(self) -> list[Update]:
        """Wait for updates; an empty list when there are none, Telegram is away or it is time to stop."""
        call = asyncio.ensure_future(self._get_updates(_POLL_SECONDS))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({call, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                return []
            updates = await call
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise SettingsError("TELEGRAM_BOT_TOKEN is wrong; expected: a token Telegram accepts") from None
        except ClientDecodeError as error:
            offset, updates = self._offset, self._readable(error.data)
            if not updates and self._offset == offset:
                await self._back_off("ClientDecodeError", "not an answer of the Bot API", self._pause)
                return []
        except TelegramAPIError as error:
            retry_after = error.retry_after if isinstance(error, TelegramRetryAfter) else self._pause
            await self._back_off(type(error).__name__, error.message, retry_after)
            return []
        finally:
            for task in (call, stopping):
                task.cancel()
        self._pause = _FIRST_PAUSE
        self._conflicts = 0
        return updates

    async def _get_updates(self, seconds: int) -> list[Update]:
        method = GetUpdates(offset=self._offset, timeout=seconds, allowed_updates=list(ALLOWED_UPDATES))
        return await self._bot(method, request_timeout=seconds + _ANSWER_SECONDS)

    async def _back_off(self, error: str, reason: str, pause: float) -> None:
        """Log why there are no updates and wait before the next try."""
        if error == TelegramConflictError.__name__:
            log.error("polling_conflict", reason=reason, hint="another poller or a webhook uses this token")
            self._conflicts += 1
            if self._conflicts == _CONFLICTS:
                await self._tell_admins()
        else:
            log.warning("telegram_unavailable", error=error, reason=reason)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        await self._sleep(pause)

    async def _tell_admins(self) -> None:
        """Have the admins hear, at most once an hour, that each of two pollers gets a part of the updates."""
        key = f"notice:second_poller:{datetime.now(UTC):%Y-%m-%dT%H}"
        try:
            await jobs.send_async(jobs.NotifyAdmins(key=key, kind="second_poller"))
        except QUEUE_AWAY as error:
            log.warning("conflict_not_told", error=type(error).__name__)

    def _readable(self, answer: object) -> list[Update]:
        """Return the updates that can be read up to the first that cannot; pass over that one."""
        updates: list[Update] = []
        items = answer.get("result") if isinstance(answer, Mapping) else None
        for item in items if isinstance(items, list) else []:
            try:
                updates.append(Update.model_validate(item, context={"bot": self._bot}))
            except ValidationError as error:
                update_id = _update_id(item)
                log.error("update_unreadable", update_id=update_id, problems=error.error_count())
                if updates or update_id is None:
                    break
                self._offset = update_id + 1
        return updates

    async def _deliver(self, update: Update) -> bool:
        """Feed one update, again and again while Redis is away; False when stopped before it was taken."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await feed(self._dispatcher, self._bot, update)
            except QUEUE_AWAY as error:
                log.warning("update_waits", update_id=update.update_id, error=type(error).__name__)
                await self._sleep(pause)
                if self._stop.is_set():
                    return False
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:  # a fault in one handler must not silence the bot for everybody
                log.exception("update_failed", update_id=update.update_id)
                return True
            else:
                return True

    async def _confirm(self) -> None:
        """Let Telegram forget what is done, so that the next start does not get it once more."""
        if self._offset is not None:
            with suppress(TelegramAPIError, ClientDecodeError, TimeoutError):
                await asyncio.wait_for(self._get_updates(0), timeout=2.0)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than until told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), timeout=seconds)


def _update_id(item: Any) -> int | None:
    """The id of an update that could not be read as a whole."""
    update_id = item.get("update_id") if isinstance(item, Mapping) else None
    return update_id if isinstance(update_id, int) else None
