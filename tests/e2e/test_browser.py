"""A buyer in a real browser, with the running product: buys, cancels, and sees the buttons go."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from sandbox.person import Person
from sandbox.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_MS = 30_000.0

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    # In CI a missing browser is a failure: a skipped test would look like a passed one.
    pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="needs Chromium"),
]


class Chat:
    """The chat page as a person uses it: reads messages, taps what they offer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def newest(self) -> Locator:
        return self.page.locator(".message.bot").last

    def having(self, words: str) -> Locator:
        return self.page.locator(".message.bot", has_text=words)

    async def tap(self, label: str, leads_to: str) -> None:
        """Tap the newest button of that name and wait until the chat says this."""
        await self.page.locator(".key", has_text=label).last.click()
        await expect(self.having(leads_to).last).to_be_visible()

    async def order(self, package: str) -> None:
        """From the menu to an invoice's link."""
        await self.tap("Вибрати пакет", "Пакети просування")
        await self.tap(package, "Строк дії")
        await self.tap("Замовити за", "Ваше замовлення")
        await self.tap("платити", "Рахунок готовий")

    async def link(self) -> str:
        """Where the newest invoice is paid."""
        key = self.page.locator(".key.link", has_text="Оплатити в CryptoBot").last
        return str(await key.get_attribute("href"))

    async def pay(self) -> None:
        """Open the link in another tab and pay there."""
        tab = await self.page.context.new_page()
        await tab.goto(await self.link())
        await tab.get_by_role("button", name="Pay", exact=True).click()
        await tab.close()

    async def withdrawn(self, link: str) -> bool:
        """Wait until the checkout page is gone."""
        for _ in range(60):
            if (await self.page.request.get(link)).status == 404:
                return True
            await asyncio.sleep(0.5)
        return False


async def walk(page: Page) -> None:
    chat = Chat(page)
    await page.locator(".message.bot .key").first.wait_for()

    await chat.order("Enterprise Elite")
    await chat.pay()
    await expect(chat.having("✅ Оплата успішна")).to_have_count(1)
    card = chat.having("вже оплачено")
    await expect(card).to_have_count(1)
    await expect(card.locator(".key")).to_have_text(["« Назад до меню"])

    await chat.tap("Назад до меню", "Головне меню")
    await chat.order("Starter Mini")
    link = await chat.link()
    await chat.tap("Скасувати замовлення", "Замовлення скасовано")
    await expect(page.locator(".key.link")).to_have_count(0)
    assert await chat.withdrawn(link)

    await chat.tap("Вибрати пакет", "Пакети просування")
    await chat.tap("Starter Mini", "Строк дії")
    await chat.tap("Замовити за", "Справді перейти на менший пакет?")
    await chat.tap("Так, оплатити", "Рахунок готовий")
    await chat.pay()
    await expect(chat.having("✅ Оплата успішна")).to_have_count(2)
    await expect(chat.having("✅ Оплата успішна").last).to_contain_text("далі: Enterprise Elite до")
    await expect(page.locator(".key.link")).to_have_count(0)


async def test_buy_cancel_and_see_the_buttons_gone(world: World) -> None:
    person = Person(world.telegram_url, "Ганна")
    expect.set_options(timeout=PATIENCE_MS)
    trouble: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        await page.goto(f"{world.telegram_url}/#{person.id}")
        await page.click(".wide")
        await walk(page)
        await browser.close()
    person.close()
    assert trouble == []
