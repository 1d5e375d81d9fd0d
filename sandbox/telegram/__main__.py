"""`python -m sandbox.telegram`: run the stand-in until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from sandbox.telegram.config import Config
from sandbox.telegram.server import Server


def read_arguments() -> Config:
    """The command line as a Config."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.telegram", description="A stand-in for Telegram's Bot API."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--token", required=True, help="the bot's token, <number>:<text>")
    parser.add_argument(
        "--public-url", default="", help="the address people open, when it is not host and port"
    )
    parser.add_argument(
        "--log-dir", type=Path, help="directory of the product's *.log files, for the live strip"
    )
    parser.add_argument("--checkout-url", default="", help="link to the checkout page")
    parser.add_argument("--mainbot-url", default="", help="link to the Main Bot page")
    parser.add_argument("--wire-log", type=Path, help="append every wire record to this file")
    parser.add_argument("--state-file", type=Path, help="keep people and conversations here across restarts")
    parser.add_argument("--rate-limits", choices=["on", "off"], default="on")
    parser.add_argument("--bot-username", default=Config.bot_username)
    parser.add_argument("--bot-name", default=Config.bot_name)
    parser.add_argument("--callback-answer-seconds", type=float, default=Config.callback_answer_seconds)
    parser.add_argument("--webhook-retry-seconds", type=float, default=Config.webhook_retry_seconds)
    parser.add_argument("--webhook-timeout-seconds", type=float, default=Config.webhook_timeout_seconds)
    values = vars(parser.parse_args())
    return Config(**{**values, "rate_limits": values["rate_limits"] == "on"})


async def serve(config: Config) -> None:
    """Serve until told to stop; say where as soon as it is known."""
    server = Server(config)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.start()
    listening = {"event": "listening", "url": server.url}
    if config.public_url:
        listening["public_url"] = config.public_url
    print(json.dumps(listening), flush=True)
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(read_arguments()))
