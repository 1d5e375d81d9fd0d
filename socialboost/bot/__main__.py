"""Runs long polling: `python -m socialboost.bot`. With TELEGRAM_WEBHOOK_URL it logs that and exits."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Final

import uvloop

from socialboost import last_resort, logs
from socialboost.errors import SettingsError
from socialboost.queue import broker
from socialboost.settings import BotSettings

END_SECONDS: Final = 15.0
"""The longest time for a shutdown: less than supervisors wait (supervisord.conf)."""


async def _poll(settings: BotSettings) -> None:
    """Poll until SIGTERM or SIGINT."""
    from aiogram import Bot  # noqa: PLC0415 (2 s and 130 MB that webhook mode does not need)

    from socialboost.bot import dispatcher  # noqa: PLC0415
    from socialboost.bot.polling import Poller  # noqa: PLC0415
    from socialboost.bot.session import Session  # noqa: PLC0415

    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():
            stop.set()
            last_resort.arm(END_SECONDS)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    session = Session(settings.telegram_api_url)
    bot = Bot(settings.telegram_bot_token.get_secret_value(), session=session)
    updates = dispatcher.build(settings.redis_url.get_secret_value(), settings.admin_telegram_ids)
    try:
        await Poller(bot, updates, stop).run()
    finally:
        await dispatcher.close(updates)
        await session.close()


def main() -> int:
    """Run the process. Returns 0 after a clean stop or in webhook mode, 2 if a setting is wrong."""
    try:
        settings = BotSettings.load()
        logs.configure("bot", settings.log_level, settings.log_dir)
        log = logs.get("socialboost.bot")
        if settings.telegram_webhook_url:
            log.info("polling_not_needed", reason="TELEGRAM_WEBHOOK_URL is set: web receives the updates")
            return 0
        broker.install(settings.redis_url.get_secret_value())
        log.info("bot_started", mode="polling")
        # uvloop saves half a millisecond from a tap to its answer.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_poll(settings))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.info("bot_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
