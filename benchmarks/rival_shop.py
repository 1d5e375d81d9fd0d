"""A shop bot in the usual way: aiogram handlers and a webhook's view that do all the work themselves.

One process, psycopg's async pool, no queue. Its tables and statements are in rival.sql. It exists to be
measured beside the product (rival.py), so it does what its authors would call done: a payment is checked
against its order, marks it once, and is followed by the receipt and the admins' notices.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiohttp import ClientSession, web
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from benchmarks.buyers import RECEIPT
from benchmarks.notices import SIGNATURE

CONNECTIONS: Final = 10
ASSET: Final = "USDT"
WELCOME: Final = "🚀 Welcome, {}!\n\nPick a package, pay in USDT and send the links to your posts."
MENU: Final = (
    ("🛒 Packages", "select_packages"),
    ("➕ Add a post", "add_post"),
    ("📊 Statistics", "my_stats"),
)
BACK: Final = ("⬅️ Menu", "back_to_menu")

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


def statements() -> dict[str, bytes]:
    """The statements of rival.sql by name."""
    parts = Path(__file__).with_name("rival.sql").read_text(encoding="utf-8").split("-- name: ")[1:]
    return {name: text.encode() for name, _, text in (part.partition("\n") for part in parts)}


def keyboard(*buttons: tuple[str, str]) -> InlineKeyboardMarkup:
    """One button a row; an address becomes a link."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button(*one)] for one in buttons])


def _button(text: str, target: str) -> InlineKeyboardButton:
    if "://" in target:
        return InlineKeyboardButton(text=text, url=target)
    return InlineKeyboardButton(text=text, callback_data=target)


async def show(query: CallbackQuery, text: str, *buttons: tuple[str, str]) -> None:
    """Edit the message with the button and end the spinner."""
    if isinstance(query.message, Message):
        await query.message.edit_text(text, reply_markup=keyboard(*buttons))
    await query.answer()


class Screens:
    """The handlers of a person's commands and taps."""

    def __init__(self, pool: Pool, invoices: Invoices) -> None:
        self.pool = pool
        self.invoices = invoices
        self.sql = statements()

    def router(self) -> Router:
        """Return every handler with what it is for."""
        router = Router()
        router.message.register(self.start, CommandStart())
        taps = router.callback_query
        taps.register(self.menu, F.data == "back_to_menu")
        taps.register(self.packages, F.data == "select_packages")
        taps.register(self.stats, F.data == "my_stats")
        taps.register(self.add_post, F.data == "add_post")
        taps.register(self.package, F.data.startswith("pkg_"))
        taps.register(self.confirm, F.data.startswith("confirm_"))
        taps.register(self.pay, F.data.startswith("pay_"))
        return router

    async def start(self, message: Message) -> None:
        """Register the person and welcome them."""
        person = message.from_user
        if person is None:
            return
        values = {"first_name": person.first_name, "language": person.language_code or "en"}
        async with self.pool.connection() as connection:
            await connection.execute(self.sql["register"], {"telegram_id": person.id, **values})
        await message.answer(WELCOME.format(person.first_name), reply_markup=keyboard(*MENU))

    async def menu(self, query: CallbackQuery) -> None:
        """Show the main menu."""
        await show(query, WELCOME.format(query.from_user.first_name), *MENU)

    async def packages(self, query: CallbackQuery) -> None:
        """List the packages."""
        async with self.pool.connection() as connection:
            rows = await (await connection.execute(self.sql["packages"])).fetchall()
        buttons = [(f"{row['name']}: ${row['price']}", f"pkg_{row['slug']}") for row in rows]
        await show(query, "Pick a package to promote your posts:", *buttons, BACK)

    async def package(self, query: CallbackQuery) -> None:
        """Show one package."""
        row = await self.one("package", slug=self.argument(query))
        text = f"📦 {row['name']}\n\n💵 ${row['price']} for 30 days\n📝 {row['posts_per_day']} posts a day"
        await show(query, text, ("✅ Buy", f"confirm_{row['slug']}"), BACK)

    async def stats(self, query: CallbackQuery) -> None:
        """Show the person's figures."""
        row = await self.one("stats", telegram_id=query.from_user.id)
        text = f"📊 Orders: {row['paid_orders']}\nActive: {row['active']}\nSpent: ${row['total_spent']}"
        await show(query, text, BACK)

    async def add_post(self, query: CallbackQuery) -> None:
        """Ask for a link, or for an order first."""
        row = await self.one("stats", telegram_id=query.from_user.id)
        text = "Send the link to your post." if row["active"] else "Buy a package first, then add posts."
        await show(query, text, BACK)

    async def confirm(self, query: CallbackQuery) -> None:
        """Open an order and show its card."""
        order = await self.one("open_order", telegram_id=query.from_user.id, slug=self.argument(query))
        text = f"🧾 Order {order['id']}\n\n📦 {order['slug']}\n💵 ${order['price']}"
        buttons = ("💳 Pay", f"pay_{order['id']}"), ("❌ Cancel", f"cancel_{order['id']}")
        await show(query, text, *buttons, BACK)

    async def pay(self, query: CallbackQuery) -> None:
        """Make the invoice and show its link."""
        asked = {"id": int(self.argument(query)), "telegram_id": query.from_user.id}
        order = await self.one("order", **asked)
        invoice = await self.invoices.create(order)
        values = {"invoice_id": invoice["invoice_id"], "url": invoice["bot_invoice_url"], "id": order["id"]}
        async with self.pool.connection() as connection:
            await connection.execute(self.sql["keep_invoice"], values)
        text = f"💳 Order {order['id']}: pay ${order['price']} in {ASSET} within an hour."
        await show(query, text, ("Pay", invoice["bot_invoice_url"]), BACK)

    async def one(self, name: str, **values: object) -> DictRow:
        """Run a statement that has a row to give. LookupError when it has none."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(self.sql[name], values)).fetchone()
        if row is None:
            raise LookupError(f"{name}: nothing for {values}")
        return row

    @staticmethod
    def argument(query: CallbackQuery) -> str:
        """Return what follows the button's first word."""
        return str(query.data).partition("_")[2]


class Invoices:
    """Crypto Pay's API, as far as a shop needs it."""

    def __init__(self, http: ClientSession, url: str, token: str) -> None:
        self.http = http
        self.url = f"{url}/api/createInvoice"
        self.headers = {"Crypto-Pay-API-Token": token}

    async def create(self, order: DictRow) -> dict[str, Any]:
        """Make the order's invoice."""
        body = {
            "asset": ASSET,
            "amount": str(order["price"]),
            "payload": str(order["id"]),
            "description": f"Order {order['id']}",
            "expires_in": 3600,
        }
        async with self.http.post(self.url, json=body, headers=self.headers) as answer:
            answer.raise_for_status()
            result: dict[str, Any] = (await answer.json())["result"]
            return result


class Payments:
    """The webhook's view."""

    def __init__(self, pool: Pool, bot: Bot, token: str, admins: list[int]) -> None:
        self.pool = pool
        self.bot = bot
        self.key = hashlib.sha256(token.encode()).digest()
        self.admins = admins
        self.sql = statements()

    async def receive(self, request: web.Request) -> web.Response:
        """Mark the order paid, then tell the buyer and the admins."""
        body = await request.read()
        expected = hmac.new(self.key, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get(SIGNATURE, "")):
            return web.json_response({"ok": False}, status=401)
        notice = json.loads(body)
        if notice["update_type"] == "invoice_paid" and (order := await self.mark(notice["payload"])):
            await self.tell(order)
        return web.json_response({"ok": True})

    async def mark(self, invoice: dict[str, Any]) -> DictRow | None:
        """Mark the invoice's order paid; None when it was before, or when this is not its price."""
        values = {
            "id": int(invoice["payload"]),
            "invoice_id": invoice["invoice_id"],
            "amount": Decimal(invoice["amount"]),
        }
        async with self.pool.connection() as connection, connection.transaction():
            order = await (await connection.execute(self.sql["pay"], values)).fetchone()
            if order is not None:
                await connection.execute(self.sql["count"], order)
        return order

    async def tell(self, order: DictRow) -> None:
        """Send the receipt and the notices."""
        receipt = f"{RECEIPT}!\n\n📦 {order['slug']}\n💵 ${order['price']}\n🚀 30 days begin now."
        await self.bot.send_message(order["telegram_id"], receipt, reply_markup=keyboard(*MENU))
        for admin in self.admins:
            text = f"💰 Order {order['id']}: {order['slug']}, ${order['price']} from {order['telegram_id']}"
            await self.bot.send_message(admin, text)


async def main() -> None:
    """Poll and serve until told to stop."""
    setting = os.environ
    server = TelegramAPIServer.from_base(setting["TELEGRAM_API_URL"])
    bot = Bot(setting["TELEGRAM_BOT_TOKEN"], session=AiohttpSession(api=server))
    options = {"autocommit": True, "row_factory": dict_row}
    pool: Pool = AsyncConnectionPool(
        setting["DATABASE_URL"], min_size=1, max_size=CONNECTIONS, kwargs=options, open=False
    )
    token, admins = setting["CRYPTOBOT_TOKEN"], [int(one) for one in setting["ADMINS"].split(",")]
    async with pool, ClientSession() as http:
        dispatcher = Dispatcher()
        invoices = Invoices(http, setting["CRYPTOBOT_API_URL"], token)
        dispatcher.include_router(Screens(pool, invoices).router())
        app = web.Application()
        app.router.add_post("/webhook/cryptobot", Payments(pool, bot, token, admins).receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        port = int(setting["PORT"])
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(json.dumps({"event": "listening", "url": f"http://127.0.0.1:{port}"}), flush=True)
        await dispatcher.start_polling(bot)
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
