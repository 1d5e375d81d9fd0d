"""Simulates many people at once with the Telegram stand-in: they write, tap and read."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

Message = dict[str, Any]

CONNECTIONS: Final = 128
WAIT_SECONDS: Final = 30.0
SCREENS: Final = ("select_packages", "my_stats", "add_post", "back_to_menu", "pkg_starter-mini")
"""Taps that show a screen and change nothing."""


class LostError(RuntimeError):
    """An expected answer did not come."""


@dataclass
class Person:
    """One person and the bot's message with the menu, which every tap of theirs is on."""

    id: int
    menu_id: int
    change: int = 0
    screens: int = 0


class Crowd:
    """All people in one process, with one pool of connections."""

    def __init__(self, telegram_url: str) -> None:
        self._url = telegram_url
        self.people: list[Person] = []

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        self.http = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def gather(self, count: int, at_once: int = 16) -> None:
        """Let so many people open the bot; each has its menu before any of them goes on."""
        turn = asyncio.Semaphore(at_once)

        async def one(number: int) -> Person:
            async with turn:
                return await self._arrive(number)

        self.people += await asyncio.gather(*(one(number) for number in range(count)))

    async def tap(self, person: Person, data: str) -> dict[str, Any]:
        """Tap a button of the menu message, whether or not it still shows it, as people do."""
        body = {"data": data, "message_id": person.menu_id, "stale": True}
        return await self.post(f"/sim/people/{person.id}/taps", body)

    async def look(self, person: Person) -> dict[str, Any]:
        """Tap for the next screen: never the one that is shown, which would be no edit."""
        person.screens += 1
        return await self.tap(person, SCREENS[person.screens % len(SCREENS)])

    async def wait_for(self, person: Person, matches: Callable[[Message], bool], what: str) -> Message:
        """Read until a message of the bot, changed since the last that was waited for, matches."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            news = await self._read(person)
            for message in news["messages"]:
                if message["from"] == "bot" and matches(message):
                    person.change = int(message["change"])
                    return dict(message)
            person.change = max(person.change, int(news["change"]))
        raise LostError(f"person {person.id} waited {WAIT_SECONDS:g} s for {what}")

    async def messages(self, person: Person) -> list[Message]:
        """Return everything the bot has in the person's chat now, oldest first."""
        async with self.http.get(f"{self._url}/sim/people/{person.id}/messages") as answer:
            found: dict[str, Any] = await answer.json()
            return [one for one in found["messages"] if one["from"] == "bot" and not one["deleted"]]

    async def post(self, path: str, body: dict[str, Any], base: str | None = None) -> dict[str, Any]:
        """POST to a stand-in; its answer. LostError when it refuses."""
        async with self.http.post(f"{base or self._url}{path}", json=body) as answer:
            if answer.status >= 400:
                raise LostError(f"{path} {body}: {answer.status} {(await answer.text())[:200]}")
            found: dict[str, Any] = await answer.json()
            return found

    async def _arrive(self, number: int) -> Person:
        created = await self.post("/sim/people", {"first_name": f"Person {number}", "language_code": "uk"})
        person = Person(int(created["id"]), 0)
        await self.post(f"/sim/people/{person.id}/messages", {"text": "/start"})
        welcome = await self.wait_for(person, lambda message: bool(message["keyboard"]), "the welcome")
        person.menu_id = int(welcome["message_id"])
        return person

    async def _read(self, person: Person) -> dict[str, Any]:
        query = {"after_change": str(person.change), "timeout": "5"}
        async with self.http.get(f"{self._url}/sim/people/{person.id}/messages", params=query) as answer:
            found: dict[str, Any] = await answer.json()
            return found


async def one_by_one(act: Callable[[], Awaitable[Any]], count: int, gap: tuple[float, float]) -> None:
    """Act again and again with a pause in between, so that everything has fallen idle."""
    for _ in range(count):
        await asyncio.sleep(random.uniform(*gap))
        await act()


async def at_rate(acts: Iterable[Callable[[], Awaitable[Any]]], per_second: float) -> list[Any]:
    """Start the acts at a constant rate, however long each takes (an open loop: a slow answer slows nobody).

    Their results in order; the first failure is raised once all have ended.
    """
    started, tasks = time.monotonic(), []
    for number, act in enumerate(acts):
        wait = started + number / per_second - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(act()))
    return list(await asyncio.gather(*tasks))
