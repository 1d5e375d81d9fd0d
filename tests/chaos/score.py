"""Scores a chaos run: compares the services' own logs with the shop's database, order by order."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import redis
import requests
from psycopg.rows import dict_row

from sandbox.world import World
from socialboost.db import queries
from tests.chaos.buyers import RECEIPT, Buyer, Message
from tests.chaos.rig import iter_lines
from tests.chaos.stress import Planted

QUERIES = Path(__file__).with_name("scorecard.sql")
LATE_SECONDS = 30.0
"""A job that is due for longer and not done is a breach. Parked jobs are a separate figure."""
NOTICES = tuple(
    f"⚠️ <b>{words}"
    for words in ("Сума платежу", "Інша валюта", "Платіж надійшов запізно", "Повторний платіж")
)
"""The beginning of every notice about money that waits for a decision."""
MAY_COME_LATER = "send_admin_notice"
"""An actor. A channel gets twenty messages a minute: what it is told of thousands of orders may come for
minutes; `find_breaches` names one that was left behind."""
MONEY_WORDS = ("receipt:", "notice:")
"""Keys of the jobs that tell a buyer about money."""
BARS = {"lost": 0, "double": 0, "silent": 0, "repeats": 1, "active_p99": 15.0, "active_max": 60.0} | {
    "extra_invoices": 0,
    "denied": 0,
    "receipts_edited_away": 0,
}
"""The limit of each figure. Times are in seconds."""


@dataclass
class Score:
    """One run's figures. `problems` names the first few cases of each kind."""

    figures: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    """Orders, invoices and tasks with a double effect."""

    @property
    def broken(self) -> list[str]:
        """Return the limits that this run exceeded, each with its figure."""
        return [
            f"{name}: {self.figures[name]} (at most {bar})"
            for name, bar in BARS.items()
            if (value := self.figures.get(name)) is not None and value > bar
        ] + [f"{name}: {self.figures[name]}" for name in ("breaches", "met_nobody") if self.figures.get(name)]

    def note(self, kind: str, subject: str) -> None:
        """Record one case."""
        self.problems.setdefault(kind, []).append(subject)

    def note_double(self, subject: str, what: str) -> None:
        """Record a double effect."""
        self.doubled.add(subject)
        self.note("double", f"{subject} {what}")


@dataclass(frozen=True)
class Sent:
    """A message about money: what it is, and when the bot's call for it came."""

    kind: str
    chat_id: int
    message_id: int
    at: float


@dataclass
class Evidence:
    """The evidence from the services and the shop's database."""

    paid: dict[str, dict[str, Any]]
    """Crypto Pay: invoice id to the moment at which it was paid and the order it was for."""
    rows: dict[str, list[dict[str, Any]]]
    """The shop's database."""
    sent: list[Sent]
    """Telegram: every message about money that it took from the bot."""
    invoices: list[dict[str, Any]]
    """Crypto Pay: every invoice that can be paid or was."""
    executions: dict[str, Any]
    """Main Bot: what it was given, and how much of it twice."""
    breaches: list[str]
    denied: list[str]
    """Redis: what its access list refused to the product."""


def gather(world: World) -> Evidence:
    """Collect the evidence from all services."""
    paid: dict[str, dict[str, Any]] = {}
    for _, line in iter_lines(world.wire_log("crypto_pay")):
        record = json.loads(line)
        if record["event"] == "paid":
            paid[str(record["invoice_id"])] = {"at": float(record["paid_at"])}
    listed = requests.get(f"{world.crypto_pay_url}/sim/invoices", timeout=30).json()["items"]
    for invoice in listed:
        if str(invoice["invoice_id"]) in paid:
            paid[str(invoice["invoice_id"])]["order_id"] = str(invoice.get("payload"))
    return Evidence(
        paid=paid,
        rows=ask_database(world),
        sent=_sent(world),
        invoices=listed,
        executions=requests.get(f"{world.main_bot_url}/sim/tasks", timeout=30).json(),
        breaches=breaches(world),
        denied=_denied(world),
    )


def _denied(world: World) -> list[str]:
    with redis.Redis.from_url(world.redis_url) as operator:
        return [f"{one['username']}: {one['reason']} {one['object']}" for one in operator.acl_log()]


def ask_database(world: World) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every query of scorecard.sql, by name."""
    with psycopg.connect(world.database_url, row_factory=dict_row, connect_timeout=10) as connection:
        return {
            name: connection.execute(statement.encode()).fetchall()
            for name, statement in named_queries().items()
        }


def named_queries() -> dict[str, str]:
    """Return the statements of scorecard.sql."""
    parts = QUERIES.read_text().split("-- name: ")[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}


def breaches(world: World) -> list[str]:
    """Return the breaches that find_breaches finds in the shop."""
    wanted = {"since": datetime(2000, 1, 1, tzinfo=UTC), "late_seconds": LATE_SECONDS}
    with psycopg.connect(world.database_url, connect_timeout=10) as connection:
        found = connection.execute(queries.get("find_breaches", "many").text, wanted).fetchall()
    return [f"{name}: {subject}" for name, subject in found]


def _sent(world: World) -> list[Sent]:
    found = []
    for _, line in iter_lines(world.wire_log("telegram")):
        record = json.loads(line)
        # With a number the message is in the chat, also when the answer was lost on its way back.
        if record.get("method") == "sendMessage" and "result_message_id" in record:
            text = str(record["params"].get("text", ""))
            kind = "receipt" if text.startswith(RECEIPT) else "notice" if text.startswith(NOTICES) else ""
            if kind:
                at = float(record["at_ms"]) / 1000
                found.append(Sent(kind, int(record["chat_id"]), int(record["result_message_id"]), at))
    return found


def judge(
    evidence: Evidence,
    buyers: Iterable[Buyer],
    messages: Mapping[int, Mapping[int, Message]],
    planted: Planted | None = None,
) -> Score:
    """Compare the evidence with the payments. Planted rows may affect only themselves."""
    score, planted = Score(), planted or Planted()
    crowd = list(buyers)
    paid = {number: one for number, one in evidence.paid.items() if number not in planted.invoices}
    payments = {row["invoice_id"]: row for row in evidence.rows["payments"]}
    activations: dict[str, list[float]] = {}
    for row in evidence.rows["activations"]:
        activations.setdefault(row["order_id"], []).append(row["active_at"])
    told = _told(evidence, crowd)
    active_after, told_after = _follow_money(score, replace(evidence, paid=paid), payments, activations, told)
    _count_doubles(score, evidence, payments, activations)
    receipts = [len(times) for (_, kind), times in told.items() if kind == "receipt"]
    _note_jobs(score, [row for row in evidence.rows["jobs"] if not planted.is_in(row["key"])])
    breaches = [breach for breach in evidence.breaches if not planted.is_in(breach)]
    for breach in breaches:
        score.note("breaches", breach)
    for refusal in evidence.denied:
        score.note("denied", refusal)
    for buyer in crowd:
        if buyer.gave_up:
            score.note(
                "gave_up", f"buyer {buyer.number} ({buyer.id}, order {buyer.order_id}): {buyer.gave_up}"
            )
    sources = Counter(row["source"] for row in evidence.rows["payments"])
    score.figures |= {
        "buyers": len(crowd),
        "orders_paid": len({one.get("order_id") for one in paid.values()}),
        "invoices_paid": len(paid),
        "activated": len(activations),
        "exceptions": sum(row["state"] == "exception" for row in evidence.rows["payments"]),
        "lost": len(score.problems.get("lost", [])),
        "double": len(score.doubled),
        "silent": len(score.problems.get("silent", [])),
        "untold_but_listed": len(score.problems.get("untold_but_listed", [])),
        "receipts": sum(sent.kind == "receipt" for sent in evidence.sent),
        "receipts_edited_away": _edited_away(evidence, messages),
        "extra_invoices": _extra_invoices(score, evidence, crowd),
        "repeats": max((count - 1 for count in receipts), default=0),
        "repeated": sum(count > 1 for count in receipts),
        **_times("active", active_after),
        **_times("told", told_after),
        "by_source": dict(sources),
        "posts_accepted": sum(buyer.posts_accepted for buyer in crowd),
        "posts_ended": evidence.rows["posts_told"][0]["count"],
        "tasks": len(evidence.rows["tasks"]),
        "tasks_open": sum(
            row["status"] not in ("completed", "failed", "cancelled") for row in evidence.rows["tasks"]
        ),
        "open_jobs": len(score.problems.get("open_jobs", [])),
        "notices_to_come": len(score.problems.get("notices_to_come", [])),
        "parked": len(score.problems.get("parked", [])),
        "gave_up": len(score.problems.get("gave_up", [])),
        "tapped_again": sum(buyer.tries for buyer in crowd),
        "breaches": len(breaches),
        "bad_rows": _fates(evidence, planted),
        "denied": len(evidence.denied),
    }
    return score


def _note_jobs(score: Score, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        kind = "notices_to_come" if row["actor"] == MAY_COME_LATER else "open_jobs"
        score.note(
            "parked" if row["state"] == "parked" else kind,
            f"{row['key']} {row['state']} after {row['attempts']}: {row['error']}",
        )


def _fates(evidence: Evidence, planted: Planted) -> dict[str, int]:
    """Return the state of the planted rows: payments by state, jobs by state."""
    states = {row["invoice_id"]: f"payment {row['state']}" for row in evidence.rows["payments"]}
    states |= {row["key"]: f"job {row['state']}" for row in evidence.rows["jobs"]}
    fates = [states.get(name, "payment unknown") for name in planted.invoices]
    return dict(Counter(fates + [states.get(key, "job gone") for key in planted.keys]))


def _extra_invoices(score: Score, evidence: Evidence, crowd: Iterable[Buyer]) -> int:
    """Return how many invoices an order could be paid by, beyond the first that the shop made for it.

    Not of the orders of those who make more themselves, whose answers get lost as the shop's do.
    """
    theirs = {buyer.order_id for buyer in crowd if buyer.habit.pays_twice}
    made = Counter(str(one["payload"]) for one in evidence.invoices)
    extra = {order_id: count - 1 for order_id, count in made.items() if count > 1 and order_id not in theirs}
    for order_id, count in extra.items():
        score.note("extra_invoices", f"order {order_id}: {count}")
    return sum(extra.values())


def _told(evidence: Evidence, crowd: Iterable[Buyer]) -> dict[tuple[str, str], list[float]]:
    """Return when each order's buyer was sent receipts, and notices about its money."""
    orders = {buyer.id: buyer.order_id for buyer in crowd}
    told: dict[tuple[str, str], list[float]] = {}
    for sent in evidence.sent:
        if sent.chat_id in orders:
            told.setdefault((orders[sent.chat_id], sent.kind), []).append(sent.at)
    return told


def _edited_away(evidence: Evidence, messages: Mapping[int, Mapping[int, Message]]) -> int:
    """Return how many receipts show something else now."""
    receipts = (sent for sent in evidence.sent if sent.kind == "receipt")
    shown = (messages.get(sent.chat_id, {}).get(sent.message_id) for sent in receipts)
    return sum(message is not None and not message["text"].startswith(RECEIPT) for message in shown)


def _follow_money(
    score: Score,
    evidence: Evidence,
    payments: Mapping[str, dict[str, Any]],
    activations: Mapping[str, list[float]],
    told: Mapping[tuple[str, str], list[float]],
) -> tuple[list[float], list[float]]:
    """Record lost orders and missing receipts; return the seconds until activation and until the receipt."""
    active_after, told_after = [], []
    parked = [row["key"] for row in evidence.rows["jobs"] if row["state"] == "parked"]
    listed_words = {part for key in parked if key.startswith(MONEY_WORDS) for part in key.split(":")}
    for invoice_id, paid in evidence.paid.items():
        order_id, row = str(paid.get("order_id")), payments.get(invoice_id)
        applied = row is not None and row["state"] == "applied"
        listed = row is not None and row["state"] in ("exception", "resolved")
        if not listed and not (applied and len(activations.get(order_id, [])) >= 1):
            score.note("lost", f"invoice {invoice_id} of order {order_id}")
        if applied and order_id in activations:
            active_after.append(min(activations[order_id]) - paid["at"])
        words = told.get((order_id, "receipt" if applied else "notice"), [])
        if words:
            told_after.append(min(words) - paid["at"])
        else:
            # Both sends that a money message may have ended in doubt: then an admin has it on the list.
            kind = "untold_but_listed" if order_id in listed_words else "silent"
            score.note(kind, f"invoice {invoice_id} of order {order_id}: {row and row['state']}")
    return active_after, told_after


def _count_doubles(
    score: Score,
    evidence: Evidence,
    payments: Mapping[str, dict[str, Any]],
    activations: Mapping[str, list[float]],
) -> None:
    for order_id, times in activations.items():
        if len(times) > 1:
            score.note_double(f"order {order_id}", f"was activated {len(times)} times")
    applied = Counter(row["order_id"] for row in evidence.rows["payments"] if row["state"] == "applied")
    for order_id, count in applied.items():
        if count > 1:
            score.note_double(f"order {order_id}", f"took the money of {count} payments")
    for invoice_id, count in Counter(row["invoice_id"] for row in evidence.rows["payments"]).items():
        if count > 1:
            score.note_double(f"invoice {invoice_id}", f"is recorded {count} times")
    for invoice_id in payments.keys() - evidence.paid.keys():
        score.note_double(f"invoice {invoice_id}", "is recorded as paid and was not")
    per_task = Counter(one["task_id"] for one in evidence.executions["tasks"])
    for task_id, count in per_task.items():
        if count > 1:
            score.note_double(f"task {task_id}", f"was worked {count} times")


def _times(name: str, seconds: list[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    at_99 = ordered[min(len(ordered) - 1, math.ceil(len(ordered) * 0.99) - 1)]
    return {
        f"{name}_p50": round(ordered[len(ordered) // 2], 3),
        f"{name}_p99": round(at_99, 3),
        f"{name}_max": round(ordered[-1], 3),
    }
