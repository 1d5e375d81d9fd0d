"""Server-sent events to any number of readers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

QUEUE_LIMIT = 2_000
KEEP_ALIVE_SECONDS = 15.0


def event(name: str, data: Any) -> bytes:
    """One event in the wire format."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Broadcast:
    """Sends each event to every open stream. A reader that is too slow is cut off and reconnects."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes | None]] = set()

    def publish(self, name: str, data: Any) -> None:
        """Send to all readers."""
        if not self._queues:
            return
        chunk = event(name, data)
        for queue in list(self._queues):
            if queue.qsize() >= QUEUE_LIMIT:
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(chunk)

    def close(self) -> None:
        """End all streams."""
        for queue in self._queues:
            queue.put_nowait(None)
        self._queues.clear()

    async def stream(self, request: web.Request, first: Callable[[], list[bytes]]) -> web.StreamResponse:
        """Answer a request with `first` events, then everything published, until the reader leaves."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        opening = first()
        self._queues.add(queue)
        try:
            await response.write(b"retry: 1000\n\n" + b"".join(opening))
            while True:
                try:
                    chunk = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    chunk = b": still here\n\n"
                if chunk is None:
                    return response
                await response.write(chunk)
        except ConnectionError:
            return response
        finally:
            self._queues.discard(queue)
