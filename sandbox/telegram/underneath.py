"""The live stream of the chat page: the messages people see, and the jobs and calls behind them."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from sandbox.telegram.bot_api import json_answer, person_name
from sandbox.telegram.log_tail import LogTail
from sandbox.telegram.service import Service
from sandbox.telegram.sim_api import number
from sandbox.telegram.sse import Broadcast, event
from sandbox.telegram.stories import Stories
from sandbox.telegram.views import answer_view, message_view

LOOK_SECONDS = 0.1


class Underneath:
    """Feeds the page's one stream from the world, the wire log and the product's log files."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._page = Broadcast()
        self._wire_stream = Broadcast()
        self._stories = Stories(self._page.publish, lambda chat_id: person_name(service, chat_id))
        self._tail = LogTail(service.config.log_dir) if service.config.log_dir else None
        self._task: asyncio.Task[None] | None = None
        service.wire.listen(self._on_wire)
        service.world.listeners.append(self._on_change)

    def start(self) -> None:
        """Begin following the logs."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End streams and stop following."""
        self._page.close()
        self._wire_stream.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._tail is not None:
            self._tail.close()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`GET /sim/underneath/stream`: backlog, story, entry, message, people, answer, action, reset."""
        return await self._page.stream(request, lambda: [event("backlog", self._stories.backlog())])

    async def backlog(self, _: web.Request) -> web.Response:
        """`GET /sim/underneath`: stories and entries so far."""
        return json_answer(self._stories.backlog())

    async def wire_stream(self, request: web.Request) -> web.StreamResponse:
        """`GET /sim/wire/stream?after=N`: each wire record as an event named by its kind."""
        after = number(request.query.get("after", self._service.wire.seq), "after")
        return await self._wire_stream.stream(
            request, lambda: [event(record["kind"], record) for record in self._service.wire.after(after, {})]
        )

    def _on_wire(self, record: dict[str, Any]) -> None:
        self._wire_stream.publish(record["kind"], record)
        self._stories.on_wire(record)

    def _on_change(self, kind: str, details: dict[str, Any]) -> None:
        if kind == "message":
            self._page.publish("message", message_view(details["message"]))
        elif kind == "callback_answer":
            self._page.publish("answer", answer_view(details["callback"]))
        elif kind == "chat_action":
            self._page.publish("action", details)
        else:
            self._page.publish(kind, {})

    async def _follow(self) -> None:
        while True:
            lines = await asyncio.to_thread(self._tail.read) if self._tail else []
            for line in sorted(lines, key=lambda item: str(item.get("timestamp", ""))):
                self._stories.on_log(line)
            self._stories.flush()
            await asyncio.sleep(LOOK_SECONDS)
