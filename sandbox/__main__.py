"""Runs the demo: `./run demo` is `python -m sandbox [--once] [--keep]`."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import requests

from sandbox.leftovers import MARK
from sandbox.person import NotSeenError
from sandbox.programs import ROOT
from sandbox.servers_process import ServersUnavailableError
from sandbox.walk import narrate
from sandbox.world import World, WorldOptions

STATE = ROOT / ".local"
PREFERRED_PORTS = {"telegram": 8080, "crypto_pay": 8081, "main_bot": 8082, "web": 8000}
UNHURRIED_SECONDS = 10.0


def say(text: str) -> None:
    """Print one line to the terminal at once."""
    print(text, flush=True)


def main() -> int:
    """Start a world, walk through it, and keep it running unless told otherwise. Returns the exit code."""
    options = argparse.ArgumentParser(prog="./run demo", description="SocialBoost on this machine.")
    options.add_argument("--once", action="store_true", help="exit after the walk, 0 if it succeeded")
    options.add_argument("--keep", action="store_true", help="keep the database from one start to the next")
    given = options.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with _own_directory(keep=given.keep) as directory:
        mark = os.environ.get(MARK) or secrets.token_hex(8)
        # A second demo at the same time takes free ports, so that two starting at once do not race for one.
        ports = _free_preferred_ports() if directory.name == "demo" else {}
        world = World(WorldOptions(directory=directory, keep=given.keep, ports=ports, mark=mark, say=say))
        try:
            return _run(world, once=given.once)
        except KeyboardInterrupt:
            say("\nstopping…")
            return 0 if not given.once else 130
        except (NotSeenError, ServersUnavailableError, TimeoutError) as error:
            say(f"\nFAILED: {error}")
            return 1
        finally:
            world.stop()


def _run(world: World, *, once: bool) -> int:
    started = time.monotonic()
    world.start()
    say(f"everything is up after {time.monotonic() - started:.1f} s; a buyer walks through the shop\n")
    try:
        narrate(world, say)
    except NotSeenError as error:
        say(f"\nFAILED: {error}\n\n{world.last_words()}")
        if once:
            return 1
    if once:
        return 0
    # A person at the Main Bot page needs time to complete or fail a task before it is done by itself.
    settings = {"step_seconds": UNHURRIED_SECONDS}
    requests.post(f"{world.main_bot_url}/sim/settings", json=settings, timeout=10).raise_for_status()
    _show_addresses(world)
    while world.product.alive:
        time.sleep(0.5)
    say(f"the product ended by itself:\n{world.last_words()}")
    return 1


def _show_addresses(world: World) -> None:
    say(
        f"""
  Chat page      {world.telegram_url}/     tap the bot's buttons as anybody you like
  Checkout       {world.crypto_pay_url}/     invoices: pay or abandon
  Main Bot       {world.main_bot_url}/     tasks: complete, fail, go down
  Product        {world.web_url}/health

  Logs           {world.log_dir}
  Admin's key    {world.secrets["ADMIN_API_KEY"]}   (of this run only)

Ctrl-C stops everything.
"""
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _own_directory(*, keep: bool) -> Iterator[Path]:
    """A state directory that no other running demo uses. It is removed at the end unless it is kept."""
    STATE.mkdir(exist_ok=True)
    for number in range(1, 100):
        name = "demo" if number == 1 else f"demo-{number}"
        lock = os.open(STATE / f"{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        try:
            yield STATE / name
        finally:
            if not keep and number > 1:
                shutil.rmtree(STATE / name, ignore_errors=True)
            os.close(lock)
        return
    raise ServersUnavailableError("too many demos run in this checkout")


def _free_preferred_ports() -> dict[str, int]:
    """Return the usual ports without those that are in use."""
    free = {}
    for name, port in PREFERRED_PORTS.items():
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            free[name] = port
    return free


if __name__ == "__main__":
    sys.exit(main())
