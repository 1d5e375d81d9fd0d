"""Tests in a real browser, as a buyer and as an admin, with the running product."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import requests
from playwright.async_api import expect

from sandbox.person import Person
from sandbox.world import ADMIN_ID, World
from tests.e2e.chat import Chat, browser_tests, opened_chat

pytestmark = browser_tests

PACKAGE, SUM = "Starter Mini", "99.99 USDT"
PAID, DECIDE = "50.00 USDT", "Платежі, що потребують рішення"
WORDS = "🎁 Знижка до п'ятниці"


async def buy_and_cancel(chat: Chat) -> None:
    page = chat.page
    await chat.order("Enterprise Elite")
    await chat.pay()
    await expect(chat.having("✅ Оплата успішна")).to_have_count(1)
    card = chat.having("вже оплачено")
    await expect(card).to_have_count(1)
    await expect(card.locator(".key")).to_have_text(["« Назад до меню"])

    await chat.tap("Назад до меню", "Головне меню")
    await chat.order(PACKAGE)
    link = await chat.link()
    await chat.tap("Скасувати замовлення", "Замовлення скасовано")
    await expect(page.locator(".key.link")).to_have_count(0)
    assert await chat.withdrawn(link)

    await chat.tap("Вибрати пакет", "Пакети просування")
    await chat.tap(PACKAGE, "Строк дії")
    await chat.tap("Замовити за", "Справді перейти на менший пакет?")
    await chat.tap("Так, оплатити", "Рахунок готовий")
    await chat.pay()
    await expect(chat.having("✅ Оплата успішна")).to_have_count(2)
    await expect(chat.having("✅ Оплата успішна").last).to_contain_text("далі: Enterprise Elite до")
    await expect(page.locator(".key.link")).to_have_count(0)


async def test_a_buyer_cancels_an_order_and_its_buttons_disappear(world: World) -> None:
    async with a_buyer(world, "Ганна") as chat:
        await buy_and_cancel(chat)


@asynccontextmanager
async def a_buyer(world: World, name: str) -> AsyncIterator[Chat]:
    """Somebody new who has pressed Start."""
    person = Person(world.telegram_url, name)
    async with opened_chat(world.telegram_url, person.id) as chat:
        await chat.page.click(".wide")
        await chat.page.locator(".message.bot .key").first.wait_for()
        yield chat
    person.close()


def underpay(world: World, link: str) -> None:
    """Somebody's wallet sends less than the invoice asks for."""
    invoice = link.rpartition("/")[2]
    play(f"{world.crypto_pay_url}/sim/invoices/{invoice}/pay", amount="50")


def play(url: str, **body: Any) -> None:
    requests.post(url, json=body, timeout=10).raise_for_status()


async def decide(admin: Chat) -> None:
    """The payment is shown with its reason and sums; "no" changes nothing, "yes" decides once."""
    await admin.command("/admin", "Адмін панель")
    await admin.tap("⚠️ Платежі (1)", DECIDE)
    await admin.tap(f"{PAID} · інша сума", "Надійшла не та сума, що в рахунку.")
    card = admin.having("Надійшла не та сума").last
    await expect(card).to_contain_text(f"Сума: {PAID}")
    await expect(card).to_contain_text("Сума замовлення: $99.99")
    await expect(card).to_contain_text(f"Пакет: {PACKAGE}")

    await admin.tap("↩️ Повернути кошти", "Повернути кошти?")
    await expect(admin.having("Повернути кошти?").last).to_contain_text(f"Повернути: {PAID}")
    await admin.tap("« Ні, назад", "Платіж потребує рішення")
    await admin.tap("« До платежів", DECIDE)
    await expect(admin.key(f"{PAID} · інша сума")).to_have_count(1)

    # The same question in two messages: below the notice, and in a panel opened after it.
    await admin.tap(f"🔎 Платіж {PAID}", "Надійшла не та сума")
    await admin.tap("💼 Зарахувати на баланс", "Зарахувати на баланс?")
    await admin.command("/admin", "Адмін панель")
    await admin.tap("⚠️ Платежі (1)", DECIDE)
    await admin.tap(f"{PAID} · інша сума", "Надійшла не та сума")
    await admin.tap("💼 Зарахувати на баланс", "Зарахувати на баланс?")
    yes = admin.key(f"💼 Так, зарахувати · {PAID}")
    await expect(yes).to_have_count(2)
    await yes.last.click()
    await admin.says("☑️ Рішення: зараховано на баланс")
    await yes.click()
    await admin.says("Рішення не прийнято: щодо цього платежу вже вирішено.")
    await admin.command("/admin", "Адмін панель")
    await expect(admin.key("⚠️ Платежі (0)")).to_have_count(1)


async def read_in_english(admin: Chat) -> None:
    """The same payment, its reason and its sums in the reader's own language."""
    await admin.tap("⚙️ Налаштування", "Їх задає середовище")
    await admin.tap("🌐 Мова", "English")
    await admin.key("English").last.click()
    await expect(admin.key("📦 Choose a package").last).to_be_visible()
    await admin.tap(f"🔎 Платіж {PAID}", "The amount differs from the invoice.")
    card = admin.having("The amount differs from the invoice.").last
    await expect(card).to_contain_text(f"Amount: {PAID}")
    await expect(card).to_contain_text("Decided: credited to the balance")
    await admin.tap("« Back to the panel", "Admin panel")
    await admin.tap("⚙️ Settings", "environment")
    await admin.tap("🌐 Language", "Українська")
    await admin.key("Українська").last.click()
    await expect(admin.key("📦 Вибрати пакет").last).to_be_visible()


async def pay_after_cancelling(world: World, buyer: Chat, admin: Chat) -> None:
    """Crypto Pay does not take the invoice back in time, and the wallet pays it all the same."""
    await buyer.tap("Назад до меню", "меню")
    await buyer.order("Enterprise Elite")
    link = await buyer.link()
    faults = f"{world.crypto_pay_url}/sim/faults"
    play(faults, operation="deleteInvoice", kind="status", status=502, times=None)
    await buyer.tap("Скасувати замовлення", "Замовлення скасовано")
    await buyer.pay(link)
    await buyer.says("Оплата надійшла після того, як ви скасували це замовлення.")
    await buyer.page.request.delete(faults)
    flag = "Кошти надійшли після того, як покупець скасував замовлення."
    await admin.says(flag)
    await admin.tap("🔎 Платіж 999.99 USDT", "Платіж зараховано, пакет активовано")
    await expect(admin.having("Платіж зараховано, пакет активовано").last).to_contain_text(flag)


async def broadcast(admin: Chat, buyer: Chat) -> None:
    """An album is refused in one sentence; a photo with a text has one card from the draft to the end."""
    await admin.command("/admin", "Адмін панель")
    await admin.tap("🔔 Розсилка", "Надішліть повідомлення, яке мають отримати люди")
    await admin.photos(2, WORDS)
    await admin.says("Альбом розіслати не можна.")
    await admin.photos(1, WORDS)
    await admin.says("Кому надіслати?")
    await expect(admin.having("Альбом розіслати не можна.")).to_have_count(1)
    await admin.tap("Усім", "Так це побачать люди")
    await expect(admin.having(WORDS).locator("img.photo")).to_have_count(1)
    await expect(admin.key("❌ Скасувати розсилку")).to_have_count(1)
    await admin.tap("🚀 Надіслати зараз", "Розсилка: завершено")
    await expect(admin.having("Розсилка: ")).to_have_count(1)
    await expect(admin.having("Картка цієї розсилки тепер в іншому повідомленні")).to_have_count(1)
    for gone in ("🚀 Надіслати зараз", "❌ Скасувати розсилку", "⏸ Пауза"):
        await expect(admin.key(gone)).to_have_count(0)
    await expect(buyer.having(WORDS).locator("img.photo")).to_have_count(1)


async def fail_a_post(world: World, buyer: Chat, admin: Chat) -> None:
    """Main Bot gives a post up: its owner reads why, and the statistics have it."""
    play(f"{world.main_bot_url}/sim/settings", auto=False)
    await buyer.tap("🔗 Додати пост", "платформу")
    await buyer.tap("Telegram", "посилання")
    await buyer.write("https://t.me/durov/77", "✅ Пост успішно додано")
    main_bot = await buyer.page.context.new_page()
    await main_bot.goto(world.main_bot_url)
    await main_bot.get_by_role("button", name="Fail").first.click()
    await main_bot.close()
    await buyer.says("Причина: ")
    play(f"{world.main_bot_url}/sim/settings", auto=True)
    await admin.command("/stats", "Статистика системи")
    await expect(admin.having("Статистика системи").last).to_contain_text("⚠️ Не вдалося: 1")


@pytest.mark.slow("walks through every screen of an admin in a browser, a broadcast included")
async def test_an_admin_decides_broadcasts_and_reads_the_figures(world: World) -> None:
    async with a_buyer(world, "Ірина") as buyer, opened_chat(world.telegram_url, ADMIN_ID) as admin:
        await buyer.order(PACKAGE)
        underpay(world, await buyer.link())
        await buyer.says("Сума платежу не збігається")
        await decide(admin)
        await buyer.says("Кошти зараховано на ваш баланс")
        await read_in_english(admin)
        await pay_after_cancelling(world, buyer, admin)
        await broadcast(admin, buyer)
        await fail_a_post(world, buyer, admin)
        await expect(buyer.having("Кошти зараховано на ваш баланс")).to_have_count(1)
