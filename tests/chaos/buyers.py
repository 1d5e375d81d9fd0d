"""Simulates buyers over HTTP: they write, tap, wait, tap again if nothing comes, and pay.

They do only what a person would do. A wiped Redis may lose a tap, so a buyer who sees nothing for a while
repeats it. A buyer who has paid only waits.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PACKAGES = ("starter-mini", "pro-advanced", "enterprise-elite")
PATIENCE_SECONDS = 6.0
"""The times without an answer after which a person tries again. They grow, as with people."""
LONGEST_PATIENCE_SECONDS = 25.0
GIVE_UP_SECONDS = 150.0
RECEIPT_SECONDS = 75.0
RECEIPT = "✅ Оплата успішна"
ACCEPTED = ("✅ Пост успішно додано", "♻️ Цей пост ви сьогодні вже додали")
FINISHED = ("🎉",)
WELCOME = "🚀 Вітаємо"

Message = dict[str, Any]
Matches = Callable[[Message], Any]


class LostPatienceError(Exception):
    """A buyer never got an answer, and nothing was paid."""


@dataclass(frozen=True)
class Habit:
    """What a buyer does besides buying once, drawn from the seed."""

    package: str
    posts: int = 0
    pays_twice: bool = False
    """Pays a second invoice of the same order at the same moment."""
    pays_wrong: bool = False
    cancels_first: bool = False
    """Cancels the order and pays its invoice anyway."""
    taps_twice: bool = False


@dataclass(frozen=True)
class Shares:
    """The share of buyers with each habit."""

    posts: float = 0.25
    pays_twice: float = 0.02
    pays_wrong: float = 0.01
    cancels_first: float = 0.02
    taps_twice: float = 0.10


def habits(seed: int, count: int, shares: Shares | None = None) -> list[Habit]:
    """Return the habits of `count` buyers. The same seed gives the same habits."""
    shares, rng = shares or Shares(), random.Random(f"habits {seed}")
    drawn = []
    for _ in range(count):
        fate = rng.random()
        bounds = (shares.pays_twice, shares.pays_wrong, shares.cancels_first)
        edges = [sum(bounds[: number + 1]) for number in range(len(bounds))]
        pays_wrong = edges[0] <= fate < edges[1]  # then there is no package to add a post to
        drawn.append(
            Habit(
                package=rng.choice(PACKAGES),
                posts=1 if rng.random() < shares.posts and not pays_wrong else 0,
                pays_twice=fate < edges[0],
                pays_wrong=pays_wrong,
                cancels_first=edges[1] <= fate < edges[2],
                taps_twice=rng.random() < shares.taps_twice,
            )
        )
    return drawn


@dataclass
class Town:
    """The buyers' world: the stand-ins' addresses, and one reader of all messages of the bot."""

    telegram_url: str
    crypto_pay_url: str
    crypto_pay_token: str
    http: aiohttp.ClientSession
    messages: dict[int, dict[int, Message]] = field(default_factory=dict)
    """By chat and message id, each as it was last."""
    _news: dict[int, asyncio.Event] = field(default_factory=dict)

    async def read(self) -> None:
        """Read the bot's messages until cancelled."""
        change = -1
        while True:
            try:
                body = await self.get(f"{self.telegram_url}/sim/outbox", after_change=change, timeout=2)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.2)
                continue
            change = max(change, int(body["change"]))
            for message in body["messages"]:
                chat = int(message["chat_id"])
                self.messages.setdefault(chat, {})[int(message["message_id"])] = message
                if chat in self._news:
                    self._news[chat].set()
            await asyncio.sleep(0.03)  # what comes meanwhile comes in one answer

    def news(self, chat: int) -> asyncio.Event:
        """Set whenever the bot has written to this chat."""
        return self._news.setdefault(chat, asyncio.Event())

    async def get(self, url: str, **query: Any) -> dict[str, Any]:
        """GET, JSON."""
        async with self.http.get(url, params={key: str(value) for key, value in query.items()}) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def post(self, url: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
        """POST. Returns the status and the answer."""
        async with self.http.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()


@dataclass
class Buyer:
    """One person and one order."""

    town: Town
    number: int
    habit: Habit
    id: int = 0
    order_id: str = ""
    paid: list[int] = field(default_factory=list)
    """Ids of the invoices this person has paid."""
    posts_accepted: int = 0
    tries: int = 0
    """Acts repeated because nothing came."""
    done: bool = False
    gave_up: str = ""

    async def run(self) -> None:
        """Buy, then add the posts."""
        try:
            await self._arrive()
            await self._pay(await self._get_link())
            await self._add_posts()
        except LostPatienceError as error:
            self.gave_up = str(error)
        self.done = True

    async def _arrive(self) -> None:
        person = {"first_name": f"Buyer {self.number}", "language_code": "uk", "started": True}
        _, created = await self.town.post(f"{self.town.telegram_url}/sim/people", person)
        self.id = int(created["id"])
        await self._insist(
            lambda: self._write("/start"), lambda one: one["text"].startswith(WELCOME), "hello"
        )

    async def _get_link(self) -> str:
        """Order and tap "pay" until there is a link. An order that ended without one is opened again."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            card = await self._insist(
                lambda: self._tap(f"confirm_{self.habit.package}"),
                lambda one: _data(one, "pay_") or _url(one),
                "the order's card",
                old_ones=True,
            )
            if not (link := _url(card)):
                data = _data(card, "pay_")
                try:
                    link = await self._pressed(data)
                except LostPatienceError:
                    continue
            return link
        raise LostPatienceError("no link")

    async def _pressed(self, data: str) -> str:
        """Tap "pay" until there is a link."""
        return _url(await self._insist(lambda: self._pay_taps(data), _url, "a link", times=4))

    async def _pay_taps(self, data: str) -> None:
        self.order_id = data.removeprefix("pay_")
        await self._tap(data)
        if self.habit.taps_twice:
            await self._tap(data)

    async def _pay(self, link: str) -> None:
        invoice = await self._invoice(link)
        self.order_id = str(invoice["payload"])
        if self.habit.cancels_first:
            since = self._newest()
            await self._tap(f"cancel_{self.order_id}")
            await self._wait_for(lambda one: not _url(one), seconds=PATIENCE_SECONDS, since=since)
        body = {"amount": "1.00"} if self.habit.pays_wrong else {}
        bodies = [(invoice["hash"], body)]
        if self.habit.pays_twice:
            bodies.append((await self._second_invoice(invoice), {}))
        answers = await asyncio.gather(*(self._pay_one(code, what) for code, what in bodies))
        self.paid += [number for number in answers if number]

    async def _pay_one(self, code: str, body: dict[str, Any]) -> int:
        url = f"{self.town.crypto_pay_url}/sim/invoices/{code}/pay"
        status, invoice = await self.town.post(url, body)
        return int(invoice["invoice_id"]) if status == 200 else 0

    async def _invoice(self, link: str) -> dict[str, Any]:
        code = link.rpartition("/")[2]
        found = await self.town.get(f"{self.town.crypto_pay_url}/sim/invoices", hash=code)
        invoice: dict[str, Any] = found["items"][0]
        return invoice

    async def _second_invoice(self, first: dict[str, Any]) -> str:
        """Make another invoice of the same order, like a createInvoice whose answer was lost."""
        body = {name: first[name] for name in ("asset", "amount", "description", "payload")}
        url = f"{self.town.crypto_pay_url}/api/createInvoice"
        token = {"Crypto-Pay-API-Token": self.town.crypto_pay_token}
        while True:
            try:
                status, answer = await self.town.post(url, body, **token)
            except aiohttp.ClientError:  # the service is failing at this moment, for us too
                status, answer = 0, {}
            if status == 200:
                return str(answer["result"]["hash"])
            await asyncio.sleep(0.3)

    async def _add_posts(self) -> None:
        for number in range(self.habit.posts):
            receipt = await self._wait_for(
                lambda one: one["text"].startswith(RECEIPT), seconds=RECEIPT_SECONDS
            )
            if receipt is None:  # that is the scorecard's to tell, not ours
                return
            await self._add_post(number)

    async def _add_post(self, number: int) -> None:
        link = f"https://t.me/channel_{self.id}/{number + 1}"
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            try:
                await self._insist(
                    lambda: self._tap("add_post"),
                    lambda one: _data(one, "platform_telegram"),
                    "platforms",
                    old_ones=True,
                )
                await self._insist(
                    lambda: self._tap("platform_telegram"),
                    lambda one: "platform_telegram" not in _all_data(one),
                    "the question for the link",
                    times=2,
                )
                await self._insist(
                    lambda: self._write(link),
                    lambda one: one["text"].startswith(ACCEPTED),
                    "the post",
                    times=2,
                )
            except LostPatienceError:  # Redis forgot what was being talked about: from the beginning
                continue
            self.posts_accepted += 1
            return
        raise LostPatienceError("no post accepted")

    async def _insist(
        self,
        act: Callable[[], Awaitable[None]],
        matches: Matches,
        what: str,
        *,
        times: int = 10,
        old_ones: bool = False,
    ) -> Message:
        """Act and wait for an answer that matches. Repeat it after a while, at most `times` times.

        With `old_ones` the present screen is enough if no new one comes, because an identical screen changes
        nothing.
        """
        since, patience = self._newest(), PATIENCE_SECONDS
        for _ in range(times):
            await act()
            found = await self._wait_for(matches, since=since, seconds=patience)
            patience = min(patience * 1.6, LONGEST_PATIENCE_SECONDS)
            if found is None and old_ones:
                found = await self._wait_for(matches, seconds=0)
            if found is not None:
                return found
            self.tries += 1
        raise LostPatienceError(what)

    async def _wait_for(self, matches: Matches, *, seconds: float, since: int = -1) -> Message | None:
        deadline, news = time.monotonic() + seconds, self.town.news(self.id)
        while True:
            news.clear()
            for message in reversed(self._messages()):  # the newest first
                if message["change"] > since and not message["deleted"] and matches(message):
                    return message
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                await asyncio.wait_for(news.wait(), left)
            except TimeoutError:
                continue

    def _messages(self) -> list[Message]:
        return list(self.town.messages.get(self.id, {}).values())

    def _newest(self) -> int:
        return max((int(message["change"]) for message in self._messages()), default=-1)

    async def _write(self, text: str) -> None:
        await self.town.post(f"{self.town.telegram_url}/sim/people/{self.id}/messages", {"text": text})

    async def _tap(self, data: str) -> None:
        """Tap the button, even if another screen has replaced it meanwhile."""
        url = f"{self.town.telegram_url}/sim/people/{self.id}/taps"
        await self.town.post(url, {"data": data, "stale": True})


def _buttons(message: Message) -> list[dict[str, Any]]:
    return [button for row in message["keyboard"] for button in row]


def _all_data(message: Message) -> list[str]:
    return [str(button["data"]) for button in _buttons(message) if button["kind"] == "callback"]


def _data(message: Message, prefix: str) -> str:
    """The callback data of the first button that begins so; empty without one."""
    return next((data for data in _all_data(message) if data.startswith(prefix)), "")


def _url(message: Message) -> str:
    """The address behind the first url button; empty without one."""
    return next((str(button["url"]) for button in _buttons(message) if button["kind"] == "url"), "")
