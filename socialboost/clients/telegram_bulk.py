"""Sends broadcasts: one thread with an event loop and keep-alive connections, thousands of messages a second.

`requests` needs a thread per call and several times the processor time. The module is loaded only where a
broadcast runs. It classifies outcomes as clients/http.py does, and never repeats a call.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp

from socialboost import logs
from socialboost.clients import telegram
from socialboost.clients.answers import Answer
from socialboost.clients.http import MAX_IDLE_SECONDS, dump_json
from socialboost.clients.telegram import SERVICE, Content
from socialboost.errors import AmbiguousError, ServiceError, ThrottledError, UnreachableError
from socialboost.partners import outbound

TOTAL_SECONDS: Final = 12.0
CONNECT_SECONDS: Final = 3.05
_MAX_BYTES: Final = 64 * 1024
_NAME_SECONDS: Final = 60

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a broadcast. `ref` is the caller's reference to it."""

    ref: str
    chat_id: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a letter: not `begun` (certainly not sent), sent, or refused with `error`."""

    letter: Letter
    begun: bool = True
    error: ServiceError | None = None


class BulkSender:
    """The sender of a process. `send` may be called from any thread."""

    def __init__(self, api_url: str, token: str, *, connections: int) -> None:
        self._prefix = f"{api_url.rstrip('/')}/bot{token}/"
        self._proxy = outbound.proxy_for(api_url)
        self._connections = connections
        self._shut_until = 0.0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="bulk-sender", daemon=True)
        self._thread.start()
        self._ready.wait()

    def send(
        self,
        content: Content,
        letters: Sequence[Letter],
        may_begin: Callable[[], bool],
        done: Callable[[Outcome], object],
    ) -> None:
        """Start sending the letters.

        `done` is called once per letter and `may_begin` right before each call, from another thread. A
        letter is not begun if `may_begin` says no, or if Telegram has asked for a pause.
        """
        head = dump_json(dict(content.body))[:-1]
        url = self._prefix + content.method
        for letter in letters:
            body = b'%s,"chat_id":%d}' % (head, letter.chat_id)
            asyncio.run_coroutine_threadsafe(self._one(url, body, letter, may_begin, done), self._loop)

    def close(self) -> None:
        """End the thread and abort the calls in flight."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        self._slots = asyncio.Semaphore(self._connections)
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            keepalive_timeout=MAX_IDLE_SECONDS,
            ttl_dns_cache=_NAME_SECONDS,
            ssl=ssl.create_default_context(cafile=outbound.ca_bundle()),
        )
        timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
        headers = {"Content-Type": "application/json", "User-Agent": "SocialBoost"}
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=headers, proxy=self._proxy, auto_decompress=False
        ) as self._session:
            self._ready.set()
            await self._closing.wait()

    async def _one(
        self,
        url: str,
        body: bytes,
        letter: Letter,
        may_begin: Callable[[], bool],
        done: Callable[[Outcome], object],
    ) -> None:
        async with self._slots:
            if not may_begin() or time.monotonic() < self._shut_until:
                done(Outcome(letter, begun=False))
                return
            error: ServiceError | None = None
            try:
                await self._call(url, body)
            except ServiceError as exc:
                error = exc
            except Exception:
                log.exception("letter_broke")  # the caller waits for an outcome in any case
                error = AmbiguousError(SERVICE, "the sender broke")
            if isinstance(error, ThrottledError):
                self._shut_until = max(self._shut_until, time.monotonic() + error.retry_after)
        done(Outcome(letter, error=error))

    async def _call(self, url: str, body: bytes) -> None:
        """Raise the error that Telegram's answer means, if it is not a result. It never holds the URL."""
        try:
            async with self._session.post(url, data=body, allow_redirects=False) as response:
                content = b""
                while len(content) <= _MAX_BYTES and (chunk := await response.content.read(_MAX_BYTES)):
                    content += chunk
                whole = content if len(content) <= _MAX_BYTES else None
                answer = Answer(response.status, response.headers, whole)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError):
            raise UnreachableError(SERVICE, "no connection was made") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            reason = f"no answer in time or a broken one ({type(exc).__name__})"
            raise AmbiguousError(SERVICE, reason) from None
        telegram.check(answer)
