"""The command line of the chaos rig."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.chaos import controls, crash_points, report, schedule
from tests.chaos.run import AT_ONCE, Order, carry_out, say

ORDERS = 2000


def main(arguments: list[str]) -> int:
    """Run the requested command. Returns 1 if a figure was above its limit."""
    options = _parser().parse_args(arguments)
    if options.report:
        report.rewrite()
        return 0
    directory = Path(tempfile.mkdtemp(prefix="socialboost-chaos-"))
    directory.chmod(0o711)  # PostgreSQL runs as another user when we are root
    try:
        return _points(options, directory) if options.points is not None else _run(options, directory)
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)


def _run(options: argparse.Namespace, directory: Path) -> int:
    order = _order(options, directory)
    say(f"{order.orders} orders in {order.arriving:.0f} s, seed {order.seed}; everything is in {directory}")
    result = carry_out(order)
    print(report.render(result))  # noqa: T201
    if options.save:
        say(f"written to {report.save(result)}")
    return 1 if result.score.broken else 0


def _points(options: argparse.Namespace, directory: Path) -> int:
    coverage = crash_points.carry_out(
        directory, most=options.points, cut=options.cut, seed=options.seed, say=say
    )
    print(json.dumps(coverage.as_json(), indent=1, ensure_ascii=False))  # noqa: T201
    if options.save:
        say(f"written to {report.save_coverage(coverage, cut=options.cut)}")
    return 1 if coverage.failed else 0


def _order(options: argparse.Namespace, directory: Path) -> Order:
    if options.without and not options.orders:
        return replace(controls.order(options.without, directory), seed=options.seed, say=say)
    return Order(
        directory=directory,
        orders=options.orders or ORDERS,
        seed=options.seed,
        seconds=options.minutes * 60,
        rate=options.rate,
        at_once=options.at_once,
        without=options.without,
        kit=schedule.CALM if options.calm else None,
        settle_seconds=options.settle,
        rig={
            "log_level": options.log_level,
            "interactive": options.interactive,
            "background": options.background,
        },
        say=say,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run chaos", description="Buy while everything breaks, and count."
    )
    parser.add_argument("--orders", type=int, default=0, help=f"{ORDERS}, or few without a guard")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same faults and habits")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="in which people come; else as --rate says"
    )
    parser.add_argument("--rate", type=float, default=20.0, help="people a second")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="people on their way at the same time")
    parser.add_argument("--without", choices=("", *controls.NAMES), default="", help="take a guard away")
    parser.add_argument(
        "--points",
        type=int,
        nargs="?",
        const=0,
        metavar="N",
        help="instead: let a worker die at each of its points, or at N drawn by the seed",
    )
    parser.add_argument(
        "--cut", action="store_true", help="with --points: nobody dies, the connection is lost at each commit"
    )
    parser.add_argument("--calm", action="store_true", help="break nothing")
    parser.add_argument("--interactive", type=int, default=4, help="programs for interactive and payments")
    parser.add_argument("--background", type=int, default=3, help="programs for the other queues")
    parser.add_argument("--settle", type=float, default=120.0, help="longest wait for the end, seconds")
    parser.add_argument("--log-level", default="WARNING", help="of the product; INFO shows every step")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/reliability")
    parser.add_argument("--keep", action="store_true", help="keep the run's directory")
    parser.add_argument("--report", action="store_true", help="rewrite the tables of docs/reliability.md")
    return parser
