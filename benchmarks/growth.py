"""Measures orders and taps with one and with two worker processes, in the same closed loops."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from benchmarks import orders
from benchmarks.buyers import keep_at_it
from benchmarks.figures import ratio, spread
from benchmarks.options import Options
from benchmarks.people import Crowd, Person
from benchmarks.results import Result, Table
from benchmarks.worlds import described, world
from sandbox.world import World

PROCESSES: Final = (1, 2)
PEOPLE: Final = 48
TAP_SECONDS: Final = 15.0
WARM_SECONDS: Final = 3.0

Figures = tuple[float, float, float, float]

HOW: Final = f"""\
Closed loops of {orders.BUYERS} buyers and of {PEOPLE} people tapping through menus, as fast as answers
come; so many processes of eight threads for each of the two workers. Stand-ins, servers and buyers share
the same cores, which is where growth ends."""


def run(options: Options) -> Result:
    """Measure with each number of processes, in a world of its own."""
    found: dict[int, Figures] = {}
    servers: list[str] = []
    for processes in PROCESSES[:1] if options.quick else PROCESSES:
        with world(raised=True, processes=processes) as running:
            found[processes] = asyncio.run(_both(running, quick=options.quick))
            servers = described(running)
    first = found[PROCESSES[0]]
    rows: list[tuple[Any, ...]] = [
        (str(number), one[0], ratio(one[0], first[0]), one[1], one[2], ratio(one[2], first[2]), one[3])
        for number, one in found.items()
    ]
    columns = ("processes", "orders/s", "/ one", "order p50 ms", "taps/s", "/ one", "tap p50 ms")
    return Result("growth", [Table("Growth with worker processes", columns, rows)], [], HOW, servers)


async def _both(running: World, *, quick: bool) -> Figures:
    sold = await orders.sustained(running, quick=quick)
    seconds = 2.0 if quick else TAP_SECONDS
    async with Crowd(running.telegram_url) as crowd:
        await crowd.gather(2 if quick else PEOPLE)

        async def look(person: Person) -> None:
            await crowd.look(person)
            await crowd.wait_for(person, lambda message: bool(message["keyboard"]), "the screen")

        await keep_at_it(look, crowd.people, WARM_SECONDS)
        taps = await keep_at_it(look, crowd.people, seconds)
    return sold.rate, sold.times.p50, len(taps) / seconds, spread([took * 1000 for _, took in taps]).p50
