"""Webhook delivery: one request at a time per chat, retries with a doubling delay, same update_id."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.telegram.state import now
from sandbox.telegram.updates import Update, Updates

LONGEST_DELAY_SECONDS = 60.0
LONGEST_RETRY_AFTER_SECONDS = 3600
GONE_FOR_SECONDS = 23 * 3600.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
NOT_IN_ANSWER = ("get", "setwebhook", "deletewebhook", "close", "logout")


@dataclass
class Subscription:
    """Where updates go. `url` is empty while the bot polls."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""
    gone_since: float = 0.0
    lanes: dict[int | str, asyncio.Task[None]] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(40))


class Webhook:
    """Sends pending updates to the bot's URL until each is accepted or expires."""

    def __init__(self, updates: Updates, *, retry_seconds: float, timeout_seconds: float) -> None:
        self._updates = updates
        self._retry_seconds = retry_seconds
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._pump: asyncio.Task[None] | None = None
        self.current = Subscription()
        self.call_in_answer: Any = None

    async def set(self, subscription: Subscription) -> None:
        """Send to this URL from now on; what is pending goes there too."""
        await self.stop()
        subscription.slots = asyncio.Semaphore(subscription.max_connections)
        self.current = subscription
        if subscription.url:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
            self._pump = asyncio.create_task(self._run(subscription))

    async def stop(self) -> None:
        """End delivery, requests in flight included; unconfirmed updates stay pending."""
        tasks = [*self.current.lanes.values(), *([self._pump] if self._pump else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pump = None
        self.current = Subscription()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def info(self) -> dict[str, Any]:
        """The Bot API's WebhookInfo."""
        current = self.current
        info: dict[str, Any] = {
            "url": current.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending),
        }
        if current.url:
            info |= {
                "max_connections": current.max_connections,
                "allowed_updates": sorted(self._updates.allowed),
            }
        if current.last_error_message:
            info["last_error_date"] = current.last_error_date
            info["last_error_message"] = current.last_error_message
        return info

    async def _run(self, subscription: Subscription) -> None:
        """Start a delivery for every chat with pending updates."""
        while True:
            self._updates.drop_expired()
            repeats, self._updates.again = self._updates.again, []
            for update in repeats:
                self._start_lane(subscription, f"repeat of {update.id}", self._repeat(subscription, update))
            for chat_id in {update.chat_id for update in self._updates.pending.values()}:
                if chat_id not in subscription.lanes:
                    self._start_lane(subscription, chat_id, self._drain(subscription, chat_id))
            await self._updates.signal.wait(1.0)

    def _start_lane(
        self, subscription: Subscription, lane: int | str, work: Coroutine[Any, Any, None]
    ) -> None:
        task = asyncio.create_task(work)
        subscription.lanes[lane if lane not in subscription.lanes else f"{lane} {id(task)}"] = task
        task.add_done_callback(lambda done: self._forget(subscription, done))

    def _forget(self, subscription: Subscription, done: asyncio.Task[None]) -> None:
        subscription.lanes = {lane: task for lane, task in subscription.lanes.items() if task is not done}
        self._updates.signal.fire()

    async def _drain(self, subscription: Subscription, chat_id: int) -> None:
        """Deliver a chat's updates in order; a failing one holds back the rest of its chat only."""
        while update := next((one for one in self._updates.pending.values() if one.chat_id == chat_id), None):
            retry_after = await self._send(subscription, update)
            if retry_after is None:
                self._updates.pending.pop(update.id, None)
                continue
            delay = self._next_delay(update, retry_after)
            if time.time() + delay > update.expires_at:
                self._updates.pending.pop(update.id, None)
                continue
            await asyncio.sleep(delay)

    async def _repeat(self, subscription: Subscription, update: Update) -> None:
        """A duplicate on demand: once, whatever the answer."""
        await self._send(subscription, update)

    def _next_delay(self, update: Update, retry_after: int) -> float:
        """The first repeat comes at once, then after 2, 4, 8… units, up to a random 60 to 120 s."""
        first, update.fails = update.fails == 0, update.fails + 1
        if retry_after:
            return float(min(retry_after, LONGEST_RETRY_AFTER_SECONDS))
        if first:
            update.delay = self._retry_seconds
            return 0.0
        longest = random.uniform(LONGEST_DELAY_SECONDS, 2 * LONGEST_DELAY_SECONDS)
        update.delay = min(longest, update.delay * 2)
        return update.delay

    async def _send(self, subscription: Subscription, update: Update) -> int | None:
        """None when accepted, else the seconds of Retry-After (0 without)."""
        headers = {"Content-Type": "application/json"}
        if subscription.secret:
            headers[SECRET_HEADER] = subscription.secret
        body = json.dumps(update.body(), ensure_ascii=False).encode()
        session = self._session
        if session is None:
            return 0
        async with subscription.slots:
            try:
                async with session.post(
                    subscription.url, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    text = await answer.text(errors="replace")
                    self._updates.delivered(update, "webhook", status=answer.status)
                    return await self._judge(subscription, answer, text)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                words = "Connection timed out" if isinstance(error, TimeoutError) else "Connection refused"
                self._updates.delivered(update, "webhook", error=words)
                self._failed(subscription, words)
                return 0

    async def _judge(
        self, subscription: Subscription, answer: aiohttp.ClientResponse, text: str
    ) -> int | None:
        if 200 <= answer.status < 300:
            subscription.gone_since = 0.0
            await self._answer_with_method(text)
            return None
        self._failed(subscription, f"Wrong response from the webhook: {answer.status} {answer.reason}")
        await self._drop_if_gone(subscription, answer.status)
        retry_after = answer.headers.get("Retry-After", "")
        return int(retry_after) if retry_after.isdigit() else 0

    async def _answer_with_method(self, text: str) -> None:
        """Run the method call that a 2xx answer may contain. Its result is not returned."""
        try:
            call = json.loads(text) if text.lstrip().startswith("{") else None
        except ValueError:
            return
        method = call.pop("method", None) if isinstance(call, dict) else None
        if isinstance(method, str) and method and not method.lower().startswith(NOT_IN_ANSWER):
            await self.call_in_answer(method, call)

    def _failed(self, subscription: Subscription, words: str) -> None:
        subscription.last_error_date, subscription.last_error_message = now(), words

    async def _drop_if_gone(self, subscription: Subscription, status: int) -> None:
        """23 hours of HTTP 410 remove the webhook."""
        if status != 410:
            subscription.gone_since = 0.0
        elif not subscription.gone_since:
            subscription.gone_since = time.monotonic()
        elif time.monotonic() - subscription.gone_since > GONE_FOR_SECONDS:
            self.current = Subscription()
            for task in (self._pump, *subscription.lanes.values()):
                if task is not None and task is not asyncio.current_task():
                    task.cancel()
