"""Simulates concurrent buyers of whole orders: confirmation, payment link, payment, receipt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from benchmarks.people import Crowd, Message, Person

PACKAGE: Final = "starter-mini"
RECEIPT: Final = "✅ Оплата успішна"


async def order(crowd: Crowd, crypto_pay_url: str, person: Person) -> None:
    """Buy one package: from the confirming tap until the receipt was read."""
    await pay(crowd, crypto_pay_url, await ask_for_invoice(crowd, person))
    await crowd.wait_for(person, lambda message: str(message["text"]).startswith(RECEIPT), "the receipt")


async def ask_for_invoice(crowd: Crowd, person: Person) -> str:
    """Confirm the package and take the pay link; the invoice's code in it."""
    await crowd.tap(person, f"confirm_{PACKAGE}")
    card = await crowd.wait_for(person, lambda message: bool(button(message, "pay_")), "the order's card")
    await crowd.tap(person, button(card, "pay_"))
    link = await crowd.wait_for(person, lambda message: bool(address(message)), "the pay link")
    return address(link).rpartition("/")[2]


async def pay(crowd: Crowd, crypto_pay_url: str, code: str) -> None:
    """Pay the invoice at Crypto Pay's stand-in."""
    await crowd.post(f"/sim/invoices/{code}/pay", {}, crypto_pay_url)


async def keep_at_it(
    act: Callable[[Person], Awaitable[Any]], people: list[Person], seconds: float
) -> list[tuple[float, float]]:
    """Let everybody act again and again (a closed loop). Returns the end and the seconds of each act."""
    deadline = time.monotonic() + seconds
    done: list[tuple[float, float]] = []

    async def one(person: Person) -> None:
        while time.monotonic() < deadline:
            began = time.monotonic()
            await act(person)
            ended = time.monotonic()
            done.append((ended, ended - began))

    await asyncio.gather(*(one(person) for person in people))
    return [moment for moment in sorted(done) if moment[0] <= deadline]


def button(message: Message, prefix: str) -> str:
    """Return the data of the message's button that begins so, or nothing."""
    return next(
        (str(one["data"]) for one in _flat(message) if str(one.get("data", "")).startswith(prefix)), ""
    )


def address(message: Message) -> str:
    """Return the address of the message's url button, or nothing."""
    return next((str(one["url"]) for one in _flat(message) if one["kind"] == "url"), "")


def _flat(message: Message) -> list[dict[str, Any]]:
    return [one for row in message["keyboard"] for one in row]
