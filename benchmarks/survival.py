"""What becomes of paid orders while something breaks: the same disruptions for both shops of rival.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.buyers import RECEIPT, ask_for_invoice, pay
from benchmarks.people import Crowd, Person
from benchmarks.results import Table
from benchmarks.rival_world import Side

ORDERS: Final = 10
PATIENCE_SECONDS: Final = 60.0
"""The work of a killed worker is back by then."""
QUICK_PATIENCE_SECONDS: Final = 15.0
AWAY_SECONDS: Final = 5.0
SLOW_SECONDS: Final = 3.0
"""How long Telegram takes for a receipt that it will refuse: long enough to be killed meanwhile."""
KILL_AFTER_SECONDS: Final = 1.0
AFTERWARDS_SECONDS: Final = 2.0
"""For what would come twice."""
POLL_SECONDS: Final = 0.1
COUNT_PAID: Final = Path(__file__).with_name("webhooks.sql")

PayAll = Callable[[], Awaitable[None]]
Disruption = Callable[[Side, Crowd, PayAll], Awaitable[None]]


@dataclass(frozen=True)
class Outcome:
    """What became of the orders."""

    orders: int
    active: int
    receipts: Sequence[int]
    """How many each buyer got."""
    seconds: float | None
    """From the payments to the last receipt; None when somebody got none."""


async def all_doubled(side: Side, crowd: Crowd, pay_all: PayAll) -> None:
    """Every notice comes twice at once."""
    await _plan(side, crowd, "doubled")
    await pay_all()


async def all_lost(side: Side, crowd: Crowd, pay_all: PayAll) -> None:
    """No notice comes."""
    await _plan(side, crowd, "lost")
    await pay_all()


async def telegram_away(side: Side, crowd: Crowd, pay_all: PayAll) -> None:
    """Every call to Telegram is answered by a gateway's 502 page."""
    await crowd.post("/sim/faults", {"kind": "page", "times": None})
    await pay_all()
    await asyncio.sleep(AWAY_SECONDS)
    await _no_faults(side, crowd)


async def database_away(side: Side, _: Crowd, pay_all: PayAll) -> None:
    """PostgreSQL is stopped and started again."""
    await asyncio.to_thread(side.postgres.stop)
    await pay_all()
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(side.postgres.start)


async def killed(side: Side, crowd: Crowd, pay_all: PayAll) -> None:
    """Every program is killed while the receipts are on their way; none of those arrives."""
    slow = {"kind": "delay", "seconds": SLOW_SECONDS, "method": "sendMessage", "times": None}
    await crowd.post("/sim/faults", slow)
    await crowd.post("/sim/faults", {"kind": "reset", "method": "sendMessage", "times": None})
    await pay_all()
    await asyncio.sleep(KILL_AFTER_SECONDS)
    await _no_faults(side, crowd)  # calls under way keep theirs
    await asyncio.to_thread(side.crash)


DISRUPTIONS: Final[dict[str, Disruption]] = {
    "the payment's notice comes twice, at once": all_doubled,
    "the payment's notice never comes": all_lost,
    f"Telegram answers 502 for {AWAY_SECONDS:.0f} s": telegram_away,
    f"PostgreSQL is stopped for {AWAY_SECONDS:.0f} s": database_away,
    "all programs are killed before the receipts arrive, and start again": killed,
}
COLUMNS: Final = (
    "while orders are paid", "shop", "paid", "active", "one receipt", "more", "last receipt after, s"
)  # fmt: skip
QUICK: Final = (all_doubled, telegram_away)


async def measure(sides: Sequence[Side], *, quick: bool) -> Table:
    """Disrupt all sides at once, in one way after another."""
    rows: list[tuple[Any, ...]] = []
    for what, disruption in DISRUPTIONS.items():
        if quick and disruption not in QUICK:
            continue
        if disruption is database_away and any(side.postgres.process is None for side in sides):
            continue  # somebody else's server
        found = await asyncio.gather(*(_outcome(side, disruption, quick=quick) for side in sides))
        rows += [_row(what, side, one) for side, one in zip(sides, found, strict=True)]
    return Table("What each survives", COLUMNS, rows)


def _row(what: str, side: Side, found: Outcome) -> tuple[Any, ...]:
    once = sum(count == 1 for count in found.receipts)
    more = sum(count > 1 for count in found.receipts)
    return what, side.name, found.orders, found.active, once, more, found.seconds


async def _outcome(side: Side, disruption: Disruption, *, quick: bool) -> Outcome:
    async with Crowd(side.telegram_url) as crowd:
        await crowd.gather(1 if quick else ORDERS)
        codes = [await ask_for_invoice(crowd, person) for person in crowd.people]

        async def pay_all() -> None:
            await asyncio.gather(*(pay(crowd, side.crypto_pay_url, code) for code in codes))

        paid_before, began = _count_paid(side), time.monotonic()
        await disruption(side, crowd, pay_all)
        patience = QUICK_PATIENCE_SECONDS if quick else PATIENCE_SECONDS
        seconds = await _until_told(crowd, began, patience)
        await asyncio.sleep(AFTERWARDS_SECONDS)
        receipts = [await _receipts(crowd, person) for person in crowd.people]
        return Outcome(len(codes), _count_paid(side) - paid_before, receipts, seconds)


async def _until_told(crowd: Crowd, began: float, patience: float) -> float | None:
    deadline = time.monotonic() + patience
    waiting = list(crowd.people)
    while True:
        waiting = [person for person in waiting if not await _receipts(crowd, person)]
        if not waiting:
            return time.monotonic() - began
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(POLL_SECONDS)


async def _receipts(crowd: Crowd, person: Person) -> int:
    return sum(str(one["text"]).startswith(RECEIPT) for one in await crowd.messages(person))


def _count_paid(side: Side) -> int:
    """Both shops have a table of orders with a status."""
    with psycopg.connect(side.database_url, autocommit=True) as connection:
        row = connection.execute(COUNT_PAID.read_bytes()).fetchone()
    return int(row[0]) if row else 0


async def _plan(side: Side, crowd: Crowd, kind: str) -> None:
    plans = [{"kind": kind, "times": len(crowd.people)}]
    await crowd.post("/sim/webhook", {"plans": plans}, side.crypto_pay_url)


async def _no_faults(side: Side, crowd: Crowd) -> None:
    async with crowd.http.delete(f"{side.telegram_url}/sim/faults") as answer:
        answer.raise_for_status()
