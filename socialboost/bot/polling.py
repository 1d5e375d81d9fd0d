"""Long polling that loses no update: the offset advances only when the update's jobs are on Redis.

aiogram's own polling calls getMe first, advances when a handler fails, and fails for ever at an update that
it cannot parse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.methods import GetUpdates
from aiogram.types import Update
from pydantic import ValidationError

from socialboost import jobs, logs
from socialboost.bot.dispatcher import ALLOWED_UPDATES, QUEUE_AWAY, feed
from socialboost.bot.reading import read_update
from socialboost.bot.updates import CONFLICT, get_updates
from socialboost.errors import RefusesUsError, RejectedError, ServiceError, ThrottledError

log = logs.get(__name__)

_POLL_SECONDS: Final = 10
"""The length of a poll. A silent connection is noticed only at its end, and delays all answers until then."""
_ANSWER_SECONDS: Final = 5
"""How much longer than the poll itself an answer may take before the connection counts as dead."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_LONGEST_REFUSED: Final = 60.0
"""Time between two tries with a token that Telegram refuses. Only an operator can correct it."""
_CONFLICTS: Final = 3
"""Conflicts in a row that mean another poller with this token. A restart causes one."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A received update. `update` is None if it cannot be parsed; without an id it cannot be confirmed."""

    update_id: int | None
    update: Update | None


class Poller:
    """Fetches updates and feeds them one after another, until `stop` is set."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, stop: asyncio.Event) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._stop = stop
        self._offset: int | None = None
        self._pause = _FIRST_PAUSE
        self._conflicts = 0
        self._refused = False

    async def run(self) -> None:
        """Poll until stopped, whatever Telegram answers. Then confirm the updates that are done."""
        while not self._stop.is_set():
            for item in await self._fetch():
                if item.update is not None and not await self._deliver(item.update):
                    break
                if item.update_id is not None:
                    self._offset = item.update_id + 1
        await self._confirm()

    async def _fetch(self) -> list[_Item]:
        """Wait for updates. Returns an empty list if there are none, Telegram is down, or it must stop."""
        call = asyncio.ensure_future(self._get_updates(_POLL_SECONDS))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({call, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                return []
            items = [self._read(item) for item in await call]
        except ServiceError as error:
            await self._back_off(error)
            return []
        finally:
            for task in (call, stopping):
                task.cancel()
        if items and all(item.update_id is None for item in items):  # a request at once would fail again
            await self._wait(_LONGEST_PAUSE)
            return []
        self._pause, self._conflicts, self._refused = _FIRST_PAUSE, 0, False
        return items

    async def _get_updates(self, seconds: int) -> list[Any]:
        method = GetUpdates(offset=self._offset, timeout=seconds, allowed_updates=list(ALLOWED_UPDATES))
        return await get_updates(self._bot, method, seconds + _ANSWER_SECONDS)

    def _read(self, raw: object) -> _Item:
        """Parse one update. One that cannot be parsed is logged and skipped."""
        try:
            update = read_update(raw, self._bot)
        except ValidationError as error:
            update_id = raw.get("update_id") if isinstance(raw, Mapping) else None
            known = update_id if type(update_id) is int else None
            log.error("update_unreadable", update_id=known, problems=error.error_count())
            return _Item(known, None)
        return _Item(update.update_id, update)

    async def _back_off(self, error: ServiceError) -> None:
        """Log why there are no updates and wait before the next try."""
        reason = str(error)
        if isinstance(error, RefusesUsError):
            if not self._refused:
                log.error("token_refused", reason=f"Telegram refuses {error.setting}: {reason}")
            self._refused = True
            await self._wait(_LONGEST_REFUSED)
            return
        if isinstance(error, RejectedError) and error.status == CONFLICT:
            log.error("polling_conflict", reason=reason, hint="another poller or a webhook uses this token")
            self._conflicts += 1
            if self._conflicts == _CONFLICTS:
                await self._tell_admins()
        else:
            log.warning("telegram_unavailable", error=type(error).__name__, reason=reason)
        if isinstance(error, ThrottledError):
            await self._sleep(error.retry_after)
        else:
            await self._wait(_LONGEST_PAUSE)

    async def _wait(self, longest: float) -> None:
        """Wait twice as long as before."""
        pause = min(self._pause, longest)
        self._pause = pause * 2
        await self._sleep(pause)

    async def _tell_admins(self) -> None:
        """Notify the admins, at most once an hour, that two pollers each get a part of the updates."""
        key = f"notice:second_poller:{datetime.now(UTC):%Y-%m-%dT%H}"
        try:
            await jobs.send_async(jobs.NotifyAdmins(key=key, kind="second_poller"))
        except QUEUE_AWAY as error:
            log.warning("conflict_not_told", error=type(error).__name__)

    async def _deliver(self, update: Update) -> bool:
        """Feed one update, and retry while Redis is down. Returns False if stopped before it was queued."""
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
            except Exception:  # a bug in one handler must not stop the bot for everybody
                log.exception("update_failed", update_id=update.update_id)
                return True
            else:
                return True

    async def _confirm(self) -> None:
        """Confirm the finished updates to Telegram, so that the next start does not get them again."""
        if self._offset is not None:
            with suppress(ServiceError, TimeoutError):
                await asyncio.wait_for(self._get_updates(0), timeout=2.0)

    async def _sleep(self, seconds: float) -> None:
        """Wait, or return earlier if told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), timeout=seconds)
