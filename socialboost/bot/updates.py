"""Calls getUpdates, and classifies its answer as clients/telegram.py does for other methods.

aiogram's own request follows redirects, treats a proxy's status line as Telegram's answer and fails on a
page that is not UTF-8. Its connections are still used, because they know the proxy.
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import GetUpdates

from socialboost import cleaning
from socialboost.errors import (
    AmbiguousError,
    RefusesUsError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)

SERVICE: Final = "telegram"
CONFLICT: Final = 409
_LONGEST_WAIT: Final = 3600
_SHORTEST_WAIT: Final = 1
_DEFAULT_WAIT: Final = 5
_MOST_BYTES: Final = 32 * 1024 * 1024
"""Ten times a hundred updates, each with the longest text, its entities and a quoted message."""


async def get_updates(bot: Bot, method: GetUpdates, seconds: float) -> list[Any]:
    """Return the raw updates, or raise the ServiceError that says why there are none.

    Only a JSON object with a boolean `ok` is Telegram's own answer. No error message holds the URL.
    """
    session = bot.session
    if not isinstance(session, AiohttpSession):
        raise TypeError("the poller needs aiogram's HTTP session")
    connections = await session.create_session()
    url = session.api.api_url(token=bot.token, method=method.__api_method__)
    form = session.build_form_data(bot, method)
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with connections.post(url, data=form, timeout=timeout, allow_redirects=False) as response:
            status, content = response.status, await _read(response)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise UnreachableError(SERVICE, type(error).__name__) from None
    return _result(status, content)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body. One that is too long is cut, and is then not valid JSON."""
    parts, size = list[bytes](), 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            break
    return b"".join(parts)


def _result(status: int, content: bytes) -> list[Any]:
    try:
        body = cleaning.loads(content)
    except (ValueError, RecursionError):
        body = None
    said = body.get("ok") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(said, bool):
        raise UnreachableError(SERVICE, f"HTTP {status} without Telegram's envelope", status=status)
    if not said:
        raise _refusal(status, body)
    result = body.get("result")
    if not 200 <= status < 300 or not isinstance(result, list):
        raise AmbiguousError(SERVICE, f"HTTP {status} without a list of updates", status=status)
    return result


def _refusal(status: int, body: dict[str, Any]) -> ServiceError:
    number = body.get("error_code")
    code = number if type(number) is int and 400 <= number < 600 else status
    said = body.get("description")
    words = said[:300] if isinstance(said, str) and said else f"error {code}"
    if code == 429:
        return ThrottledError(SERVICE, words, retry_after=_wait(body))
    if code in {401, 404}:
        return RefusesUsError(SERVICE, words, setting="TELEGRAM_BOT_TOKEN", status=code)
    if code >= 500:
        return AmbiguousError(SERVICE, words, status=code)
    return RejectedError(SERVICE, words, status=code)


def _wait(body: dict[str, Any]) -> float:
    parameters = body.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return min(max(_SHORTEST_WAIT, seconds), _LONGEST_WAIT) if type(seconds) is int else _DEFAULT_WAIT
