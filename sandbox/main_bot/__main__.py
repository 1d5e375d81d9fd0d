"""`python -m sandbox.main_bot --port 0 --api-key K --callback-url URL`.

Announces `url` (the page and /sim) and `api_url` (what the shop calls; closed while Main Bot is down).
"""

from __future__ import annotations

import asyncio
import sys

from sandbox.main_bot.app import MainBot
from sandbox.main_bot.shop import Shop
from sandbox.wire import WireLog, announce, listen, parser, until_told_to_stop


async def serve() -> None:
    """Run until told to stop."""
    options = parser(__doc__ or "")
    options.add_argument("--api-port", type=int, default=0, help="port of the API; 0 takes a free one")
    options.add_argument("--api-key", required=True)
    options.add_argument("--callback-url", required=True, help="address of the shop")
    options.add_argument("--auto", choices=("on", "off"), default="on", help="work tasks by itself")
    options.add_argument("--step-seconds", type=float, default=1.0, help="time between two states")
    given = options.parse_args()
    log = WireLog("main_bot", given.wire_log)
    shop = Shop(given.callback_url.rstrip("/"), given.api_key, log)
    bot = MainBot(given.api_key, shop, log, auto=given.auto == "on", step_seconds=given.step_seconds)
    runner, url = await listen(bot.app(), given.host, given.port)
    announce(url=url, api_url=await bot.open_door(given.host, given.api_port))
    await until_told_to_stop()
    await runner.cleanup()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve()))
