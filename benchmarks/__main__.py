"""Runs benchmarks: `./run bench [name] [--quick]` prints and stores; `--report` writes the document.

Without a name every bench runs, one after another: some thirty minutes on a quiet machine with two cores.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from typing import Final, cast

from benchmarks import report
from benchmarks.options import Options
from benchmarks.results import Result, save, show, text_table

BENCHES: Final = {
    "queues": "how soon an idle worker begins a job and how many it does, beside other queues (names follow)",
    "taps": "from a tap to the bot's answer, idle and under 100 updates a second",
    "hops": "what each hop of an idle tap costs, from the update to the screen's call",
    "webhooks": "how fast a payment webhook is acknowledged under 200 a second",
    "paid": "from a paid webhook to an active package and its receipt, idle",
    "cost": "what one order and each of its taps cost: commits, round trips, jobs, calls, lines",
    "orders": "full orders a second, and where the time goes",
    "rival": "beside a shop that does everything in its handlers: taps, orders, and what each survives",
    "broadcast": "how fast broadcasts go out, their memory, and taps beside one",
    "growth": "how orders and taps grow with worker processes",
    "scale": "every query in a shop of a million people beside an empty one",
    "footprint": "what the product's processes cost while nothing happens",
    "crowd": "what others notice while one floods, idles or hangs",
    "steps": "one HTTP exchange and one log line, in microseconds of processor time",
    "profile": "the functions of the hottest paths",
}


def main(arguments: list[str]) -> int:
    """Run the named benchmarks. Returns the exit code."""
    listed = "\n".join(f"  {name:<10} {what}" for name, what in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="./run bench", epilog=listed, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=[*BENCHES, "all"], default="all")
    parser.add_argument("arguments", nargs="*", help="for queues: which ones")
    parser.add_argument("--quick", action="store_true", help="the smallest run that goes the whole way")
    parser.add_argument("--report", action="store_true", help="write docs/performance.md from what is kept")
    chosen = parser.parse_intermixed_args(arguments)
    if not chosen.report or chosen.name != "all":
        options = Options(quick=chosen.quick, arguments=tuple(chosen.arguments))
        for name in BENCHES if chosen.name == "all" else [chosen.name]:
            measure(name, options)
    if chosen.report:
        print(f"wrote {report.write()}")
    return 0


def measure(name: str, options: Options) -> None:
    """Run one benchmark, print its result and store it."""
    print(f"── {name}: {BENCHES[name]}", flush=True)
    started = time.monotonic()
    result = cast("Result", importlib.import_module(f"benchmarks.{name}").run(options))
    for table in result.tables:
        print(f"\n{text_table(table)}")
    for goal in result.goals:
        print(f"{'reached' if goal.met else 'MISSED '}  {goal.what}: {goal.measured} (goal {goal.goal})")
    # A result of some queues must not replace a result of all of them.
    path = save(result, quick=options.quick or bool(options.arguments))
    print(f"\n{path.name}, {show(time.monotonic() - started)} s\n", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
