"""Drives the chat page in a real browser as a person does: reads, taps visible buttons, sends photos."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import FilePayload, Locator, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_MS = 30_000.0

browser_tests = [
    pytest.mark.e2e,
    pytest.mark.browser,
    # In CI a missing browser is a failure: a skipped test would look like a passed one.
    pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="needs Chromium"),
]


@asynccontextmanager
async def opened_chat(telegram_url: str, person_id: int) -> AsyncIterator[Chat]:
    """Somebody's chat in a browser of its own; a script of the page that failed fails the test."""
    expect.set_options(timeout=PATIENCE_MS)
    trouble: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        await page.goto(f"{telegram_url}/#{person_id}")
        yield Chat(page)
        await browser.close()
    assert trouble == []


class Chat:
    """What a person sees and does."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def having(self, words: str) -> Locator:
        return self.page.locator(".message.bot", has_text=words)

    def key(self, label: str) -> Locator:
        return self.page.locator(".key", has_text=label)

    async def says(self, words: str) -> None:
        """Wait until the newest message with these words is to be seen."""
        await expect(self.having(words).last).to_be_visible()

    async def tap(self, label: str, leads_to: str) -> None:
        """Tap the newest button of that name and wait until its message, or a new one, says this."""
        place = await self._place(label)
        tapped = self.page.locator(f".messages > :nth-child({place + 1})")
        fresh = await self._new(leads_to)
        await tapped.locator(".key", has_text=label).last.click()
        await expect(tapped.filter(has_text=leads_to).or_(fresh).first).to_be_visible()

    async def _place(self, label: str) -> int:
        """Where in the chat the newest button of that name is, counted from 0."""
        places = """node => {
            const chat = node.closest('.messages')
            return chat ? [...chat.children].indexOf(node.closest('.message')) : -1
        }"""
        for _ in range(100):
            place = int(await self.key(label).last.evaluate(places))
            if place >= 0:
                return place
            await asyncio.sleep(0.05)  # its message was drawn anew just then
        raise AssertionError(f"no button {label!r} stays in the chat")

    async def write(self, text: str, leads_to: str) -> None:
        """Send a text and wait for the answer that says this."""
        answer = await self._new(leads_to)
        await self.page.get_by_label("Message to the bot").fill(text)
        await self.page.keyboard.press("Enter")
        await expect(answer.first).to_be_visible()

    async def command(self, name: str, leads_to: str) -> None:
        """Choose a command from the menu beside the line and wait for the answer that says this."""
        answer = await self._new(leads_to)
        await self.page.get_by_label("The bot's commands").click()
        await self.page.locator(".menu.up button", has_text=name).click()
        await expect(answer.first).to_be_visible()

    async def _new(self, words: str) -> Locator:
        """Messages with these words below those that are there now."""
        there = await self.page.locator(".messages > *").count()
        return self.page.locator(f".messages > .bot:nth-child(n+{there + 1})", has_text=words)

    async def photos(self, count: int, caption: str) -> None:
        """Attach so many pictures, with this text below the first."""
        await self.page.get_by_label("Message to the bot").fill(caption)
        files = [FilePayload(name=f"{n}.png", mimeType="image/png", buffer=picture()) for n in range(count)]
        await self.page.get_by_label("Send photos").set_input_files(files)

    async def order(self, package: str) -> None:
        """From the menu to an invoice's link."""
        await self.tap("Вибрати пакет", "Пакети просування")
        await self.tap(package, "Строк дії")
        await self.tap("Замовити за", "Ваше замовлення")
        await self.tap("платити", "Рахунок готовий")

    async def link(self) -> str:
        """Return where the newest invoice is paid."""
        return str(await self.key("Оплатити в CryptoBot").last.get_attribute("href"))

    async def pay(self, link: str = "") -> None:
        """Open the newest invoice's link, or this one, in another tab and pay there."""
        tab = await self.page.context.new_page()
        await tab.goto(link or await self.link())
        await tab.get_by_role("button", name="Pay", exact=True).click()
        await tab.close()

    async def withdrawn(self, link: str) -> bool:
        """Wait until the checkout page is gone."""
        for _ in range(60):
            if (await self.page.request.get(link)).status == 404:
                return True
            await asyncio.sleep(0.5)
        return False


def picture(width: int = 240, height: int = 120) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x2f\x80\xed" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
