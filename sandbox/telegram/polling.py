"""getUpdates: long poll, offsets, and the conflict of two pollers."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sandbox.telegram.errors import ApiError, conflict
from sandbox.telegram.params import Params
from sandbox.telegram.updates import Update, Updates, read_allowed

MAX_TIMEOUT = 50
CONFLICT_PAUSE_SECONDS = 3.0
OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = "terminated by setWebhook request"


class Poller:
    """At most one poll waits at a time; a new one ends it with 409."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._waiting: asyncio.Future[ApiError] | None = None
        self._next_conflict = 0.0

    def abort(self, words: str) -> None:
        """End the waiting poll, if any, with 409 and these words."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(conflict(words))

    async def poll(self, params: Params) -> list[dict[str, Any]]:
        """Updates for the bot: at once when there are some, else as soon as one comes within `timeout` s."""
        updates = self._updates
        allowed = read_allowed(params.json("allowed_updates"))
        if allowed is not None:
            updates.allowed = allowed
        offset = params.integer("offset")
        if offset > 0:
            updates.confirm_below(offset)
        elif offset < 0:
            updates.keep_last(-offset)
        limit = params.integer("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        self.abort(OTHER_POLLER)
        taken = updates.take(limit)
        seconds = min(max(params.integer("timeout"), 0), MAX_TIMEOUT)
        if not taken and seconds:
            taken = await self._wait(limit, seconds)
        for update in taken:
            updates.delivered(update, "poller")
        return [update.body() for update in taken]

    async def _wait(self, limit: int, seconds: float) -> list[Update]:
        aborted: asyncio.Future[ApiError] = asyncio.get_running_loop().create_future()
        self._waiting = aborted
        arrival = asyncio.ensure_future(self._updates.signal.until(self._some_wait, seconds))
        try:
            await asyncio.wait({aborted, arrival}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
            if self._waiting is aborted:
                self._waiting = None
        if aborted.done():
            await self._pace_conflicts()
            raise aborted.result()
        return self._updates.take(limit)

    def _some_wait(self) -> bool:
        return bool(self._updates.again or self._updates.pending)

    async def _pace_conflicts(self) -> None:
        """Telegram answers one conflict in 3 s at once and the others 3 s later."""
        if time.monotonic() < self._next_conflict:
            await asyncio.sleep(CONFLICT_PAUSE_SECONDS)
        self._next_conflict = time.monotonic() + CONFLICT_PAUSE_SECONDS
