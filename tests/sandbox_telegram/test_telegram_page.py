"""Tests of the chat page in a real browser: a person, buttons, the strip, and hostile text."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.sandbox_telegram.standin import Sim, standin

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

pytestmark = [
    pytest.mark.browser,
    # In CI a missing browser is a failure: a skipped test would look like a passed one.
    pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="needs Chromium"),
]


async def serve_bot(sim: Sim, taps: int) -> None:
    """A bot of a few lines: greets, answers taps by editing, echoes what it got."""
    offset, answered = 0, 0
    keys = {
        "inline_keyboard": [[{"text": "Go", "callback_data": "go"}, {"text": "Site", "url": "https://e.org"}]]
    }
    while answered < taps:
        _, body = await sim.call("getUpdates", {"offset": offset, "timeout": 10})
        for update in body["result"]:
            offset = update["update_id"] + 1
            if query := update.get("callback_query"):
                message = query["message"]
                where = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
                await asyncio.sleep(0.3)
                await sim.call("answerCallbackQuery", {"callback_query_id": query["id"], "text": "Done"})
                await sim.call("editMessageText", {**where, "text": "<b>edited</b>", "parse_mode": "HTML"})
                answered += 1
            else:
                chat_id, text = update["message"]["chat"]["id"], update["message"]["text"]
                await sim.call(
                    "sendMessage", {"chat_id": chat_id, "text": f"got {text}", "reply_markup": keys}
                )


async def walk(page: Page, url: str) -> None:
    await page.goto(url)
    await page.click("#new-person")
    await page.click(".wide")
    await page.wait_for_selector(".key >> text=Go")
    await page.fill("textarea", HOSTILE)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".message.bot >> text=got <img")
    assert await page.locator(".key.link").last.get_attribute("href") == "https://e.org"
    await page.locator(".key >> text=Go").last.click()
    await page.wait_for_selector(".spinner")
    await page.wait_for_selector(".toast.on >> text=Done")
    await page.wait_for_selector(".message.bot strong >> text=edited")
    assert await page.locator(".spinner").count() == 0
    await page.wait_for_selector(".story >> text=tapped “Go”")
    await page.wait_for_selector(".row >> text=Message edited")
    assert await page.title() == "SocialBoost · local world"
    assert await page.locator(".messages img").count() == 0


async def test_a_walk_in_a_browser(tmp_path: Path) -> None:
    trouble: list[str] = []
    others = {"checkout_url": "http://127.0.0.1:9", "mainbot_url": "http://127.0.0.1:9"}
    async with standin(log_dir=tmp_path, **others) as sim, async_playwright() as playwright:
        bot = asyncio.create_task(serve_bot(sim, taps=1))
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        await walk(page, sim.url)
        await page.set_viewport_size({"width": 360, "height": 700})
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, "nothing sticks out on a phone"
        await browser.close()
        await asyncio.wait_for(bot, 20)
    assert trouble == []
