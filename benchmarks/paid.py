"""Measures the time from a webhook to an active package and its receipt, in an idle shop.

Three clocks that agree on one machine: ours when the webhook leaves, the product's log when the payment was
committed, the Telegram stand-in's when the receipt's call came in.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import requests

from benchmarks import log_times, notices, webhooks
from benchmarks.database_orders import Pending, pay, prepare
from benchmarks.figures import Spread, ratio, spread
from benchmarks.options import Options
from benchmarks.results import Goal, Result, Table
from benchmarks.wire_times import records
from benchmarks.worlds import described, world
from sandbox.world import World
from socialboost.db import Database

ORDERS: Final = 60
WARM_UP: Final = 15
QUICK: Final = 4
GAP: Final = (0.15, 0.35)
FLOOR_PERSON: Final = 850_000_001
SETTLE_SECONDS: Final = 3.0
GOAL: Final = 30.0

HOW: Final = f"""\
{ORDERS} orders paid one after another, {GAP[0] * 1000:.0f} to {GAP[1] * 1000:.0f} ms apart, default
limits."""


def run(options: Options) -> Result:
    """Pay one order after another."""
    warm, count = (1, QUICK) if options.quick else (WARM_UP, ORDERS)
    with world() as running:
        pending = webhooks.orders(running, warm + count)
        since = time.time()
        sent = _pay_one_by_one(running, pending)
        time.sleep(SETTLE_SECONDS)
        acknowledged = [took for _, took in list(sent.values())[warm:]]
        measured = pending[warm:]
        active = _since_sent(measured, sent, _activated(running, since))
        told = _since_sent(measured, sent, _told(running))
        floor = _floor(running, count)
        servers = described(running)
    times = {
        "acknowledged": spread(acknowledged),
        "active (committed)": spread(active),
        "told (receipt's call reached Telegram)": spread(told),
        "floor: the payment's SQL alone": spread(floor),
    }
    goal = _goal(times["told (receipt's call reached Telegram)"])
    return Result("paid", [_table(times)], [goal], HOW, servers)


def _pay_one_by_one(running: World, pending: Sequence[Pending]) -> dict[int, tuple[float, float]]:
    """Send each order's webhook; when it left (wall clock, ms) and how long the answer took, by invoice."""
    found: dict[int, tuple[float, float]] = {}
    url, token = f"{running.web_url}/webhook/cryptobot", running.secrets["CRYPTOBOT_TOKEN"]
    with requests.Session() as http:
        for order in pending:
            time.sleep(random.uniform(*GAP))
            body = notices.paid(order)
            headers = notices.headers(token, body)
            left, began = time.time() * 1000, time.perf_counter()
            http.post(url, data=body, headers=headers, timeout=10).raise_for_status()
            found[order.invoice_id] = left, (time.perf_counter() - began) * 1000
    return found


def _activated(running: World, since: float) -> dict[int, float]:
    """When each payment was committed, by invoice."""
    lines = log_times.events(running.log_dir, since - 1, time.time())
    applied = [line for line in lines if line["event"] == "payment_applied"]
    return {int(line["invoice_id"]): log_times.moment(line) * 1000 for line in applied}


def _told(running: World) -> dict[int, list[float]]:
    """When receipts reached Telegram, by chat."""
    found: dict[int, list[float]] = {}
    for record in records(running.wire_log("telegram")):
        if record["kind"] == "call" and record["method"] == "sendMessage" and record["status"] == 200:
            found.setdefault(int(record["chat_id"]), []).append(float(record["at_ms"]))
    return found


def _since_sent(
    orders: Sequence[Pending], sent: Mapping[int, tuple[float, float]], moments: Mapping[int, Any]
) -> list[float]:
    """Milliseconds from each webhook to its event: by invoice, or the chat's first message after it."""
    found: list[float] = []
    for order in orders:
        left = sent[order.invoice_id][0]
        if order.invoice_id in moments:
            found.append(moments[order.invoice_id] - left)
        else:
            later = [at for at in moments.get(order.telegram_id, []) if at >= left]
            found += [min(later) - left] if later else []
    return found


def _floor(running: World, count: int) -> list[float]:
    """Milliseconds of the payment's one SQL function, on one connection, nothing around it."""
    found: list[float] = []
    people = [FLOOR_PERSON + number for number in range(count)]
    with Database(running.database_url, pool_size=1) as db:
        for order in prepare(db, people, count, first_invoice=90_000_001):
            time.sleep(0.02)
            began = time.perf_counter()
            pay(db, order)
            found.append((time.perf_counter() - began) * 1000)
    return found


def _table(times: Mapping[str, Spread]) -> Table:
    base = times["floor: the payment's SQL alone"].p50
    rows = [
        (name, one.count, one.p50, one.p95, one.p99, one.worst, ratio(one.p50, base))
        for name, one in times.items()
    ]
    columns = ("from the webhook until", "orders", "p50 ms", "p95 ms", "p99 ms", "max ms", "p50 / floor")
    return Table("From a paid webhook", columns, rows)


def _goal(told: Spread) -> Goal:
    what = "paid webhook → package active and user told, idle"
    return Goal(what, f"p50 ≤ {GOAL:.0f} ms", f"p50 {told.p50:.1f} ms", told.p50 <= GOAL)
