"""POST /webhook/telegram: receives updates in webhook mode, and passes them to the bot's dispatcher.

It answers 200 only when every job of the update is on Redis. It needs no bot token: nothing calls Telegram.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, request
from pydantic import SecretStr, ValidationError

from socialboost import cleaning, logs
from socialboost.errors import QueueUnavailableError
from socialboost.queue import broker
from socialboost.queue.latch import Latch
from socialboost.settings import WebSettings
from socialboost.web.auth import same_secret
from socialboost.web.bodies import json_object, read_body
from socialboost.web.errors import ApiError, bad_field

if TYPE_CHECKING:
    from aiogram import Bot, Dispatcher
    from aiogram.types import Update

log = logs.get(__name__)

PATH: Final = "/webhook/telegram"
_SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
_MAX_UPDATE_BYTES: Final = 1024 * 1024
"""Telegram's updates may be larger than other bodies. They are read only after the secret was checked."""
_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 0.3
"""Between two checks of a Redis that is down. A separate thread checks; updates are refused at once."""
_NO_TOKEN: Final = "1:nothing-here-calls-telegram"  # noqa: S105 (aiogram wants one of this shape)


class UpdateLoop:
    """The event loop that handles updates in this process, in a thread of its own.

    aiogram's and Redis' connections belong to one loop for life. The thread starts with the first update, so
    that it belongs to the serving process and not to the one that forked it.
    """

    def __init__(self, redis_url: str, admins: Collection[int]) -> None:
        from aiogram import Bot  # noqa: PLC0415 (2 s and 130 MB that polling mode does not need)

        from socialboost.bot import dispatcher, reading  # noqa: PLC0415

        self._read = reading.read_update
        self._feed = dispatcher.feed
        self._away = dispatcher.QUEUE_AWAY
        self._dispatcher: Dispatcher = dispatcher.build(redis_url, admins)
        self.bot: Bot = Bot(_NO_TOKEN)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()
        self._latch = Latch(
            lambda error: isinstance(error, self._away),
            lambda: QueueUnavailableError("Redis was away a moment ago"),
            pause_seconds=_RETRY_SECONDS,
            probe=broker.current().client.ping,
        )

    def handle(self, raw: dict[str, Any]) -> bool:
        """Queue the update's jobs. Returns False if it cannot be parsed; raises QueueUnavailableError."""
        try:
            update = self._read(raw, self.bot)
        except ValidationError as error:
            log.error("update_unreadable", update_id=raw.get("update_id"), problems=error.error_count())
            return False
        with self._latch.passing():
            self._queue(update)
        return True

    def _queue(self, update: Update) -> None:
        work = asyncio.run_coroutine_threadsafe(
            self._feed(self._dispatcher, self.bot, update), self._running_loop()
        )
        try:
            work.result(_SECONDS)
        except (*self._away, TimeoutError) as error:
            work.cancel()
            raise QueueUnavailableError(f"update not queued: {type(error).__name__}") from error

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="updates", daemon=True).start()
            return self._loop


def blueprint(settings: WebSettings, secret: SecretStr) -> Blueprint:
    """Return the route of webhook mode."""
    routes = Blueprint("telegram", __name__)
    updates = UpdateLoop(settings.redis_url.get_secret_value(), settings.admin_telegram_ids)

    @routes.post(PATH)
    def receive() -> dict[str, bool]:
        if not same_secret(request.headers.get(_SECRET_HEADER, ""), secret):
            log.warning("webhook_received", source="telegram", outcome="bad_secret")
            raise ApiError(401, "bad_secret", "the secret token is missing or wrong")
        raw = cleaning.clean(json_object(read_body(_MAX_UPDATE_BYTES)))
        if not isinstance(raw.get("update_id"), int):
            raise bad_field("update_id", "a number")
        # An unreadable one is accepted: Telegram would repeat it for a day and hold back the next ones.
        outcome = "queued" if updates.handle(raw) else "unreadable"
        log.info("webhook_received", source="telegram", outcome=outcome, update_id=raw["update_id"])
        return {"ok": True}

    return routes
