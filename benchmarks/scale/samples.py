"""Realistic arguments for every named query, on a shop that benchmarks.scale.fill has filled.

`prepare` adds, by the product's own statements, what each query works on (an open order, a payment that waits
for a decision, a task on its way, a parked job…); `arguments` says what a query is called with then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from socialboost.db import queries
from socialboost.db.pool import configure_json

HEAVY: Final = 5_000_000_001
"""Who has most orders and posts (fill.sql)."""
BUYER, OWNER, DEBTOR, REFUNDED = (7_000_000_000 + number for number in range(4))
ADMIN: Final = 1
RUN_BY_MIGRATE: Final = frozenset({"migrations.sql", "session.sql"})
"""These statements concern no table of the shop."""


class Shop:
    """A connection that runs named queries as the program does: prepared, each answer read to its end."""

    def __init__(self, dsn: str) -> None:
        self.connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
            dsn, autocommit=True, row_factory=dict_row, prepare_threshold=0
        )
        configure_json(self.connection)

    def call(self, name: str, /, **arguments: object) -> Any:
        """Run a named query: its first column in its first row, if it has rows."""
        rows = self.rows(name, **arguments)
        return next(iter(rows[0].values())) if rows else None

    def rows(self, name: str, /, **arguments: object) -> list[dict[str, Any]]:
        """Run a named query: its rows."""
        cursor = self.connection.execute(queries.load()[name].text, arguments, prepare=True)
        return cursor.fetchall() if cursor.description else []

    def count(self, name: str, /, **arguments: object) -> int:
        """Run a named query: how many rows it touched."""
        return self.connection.execute(queries.load()[name].text, arguments, prepare=True).rowcount


@dataclass(frozen=True)
class World:
    """What `prepare` made."""

    order_id: str
    invoice_id: str
    paid_order_id: str
    paid_payment_id: str
    payment_id: str
    refund_id: str
    post_id: str
    task_id: str
    sent_task_id: str
    letter_id: str
    parked_ref: str
    withheld_ref: str
    package_id: str
    draft_id: str
    broadcast_id: str
    pending: list[str]
    taken: list[str]


def prepare(shop: Shop) -> World:
    """Add what the queries work on."""
    for person in (BUYER, OWNER, DEBTOR, REFUNDED):
        shop.call("claim_and_register_user", **_job(f"sample:{person}"), **_person(person))
    orders = {person: _open_order(shop, person) for person in (BUYER, OWNER, DEBTOR, REFUNDED)}
    price = Decimal("99.99")
    payments = {
        person: shop.call("apply_payment", **_event(orders[person], f"A{person}", amount))["payment_id"]
        for person, amount in ((OWNER, price), (DEBTOR, Decimal(1)), (REFUNDED, Decimal(2)))
    }
    if shop.call("get_user", telegram_id=HEAVY):  # whoever has most has a package, too
        shop.call("apply_payment", **_event(_open_order(shop, HEAVY), f"A{HEAVY}", price))
    refund = shop.call(
        "resolve_payment",
        payment_id=payments[REFUNDED],
        action="refund",
        admin=ADMIN,
        seen=None,
        origin="bot",
    )
    posts = [
        shop.call("add_user_post", telegram_id=OWNER, url=f"https://t.me/scale/{n}", platform="telegram",
                  post_ref=f"scale/{n}", request_id=f"sample:{n}", rate_count=10, rate_seconds=3600)
        for n in range(2)
    ]  # fmt: skip
    shop.call("begin_dispatch", task_id=posts[1]["task_id"], owner="sample", lease_seconds=60)
    shop.call("keep_dead_letter", queue="maintenance", message_id="sample", actor=None, body=b"{}")
    shop.call("claim_job", **_job("sample:parked"))
    shop.call("park_job", key="sample:parked", worker="sample", error="it failed")
    shop.call("claim_job", **_job("sample:running"))
    shop.count("withhold_job", **_job("sample:withheld"))
    return World(
        order_id=orders[BUYER],
        invoice_id=f"A{BUYER}",
        paid_order_id=orders[OWNER],
        paid_payment_id=payments[OWNER],
        payment_id=payments[DEBTOR],
        refund_id=refund["refund_id"],
        post_id=posts[0]["post_id"],
        task_id=posts[0]["task_id"],
        sent_task_id=posts[1]["task_id"],
        letter_id=shop.call("get_dead_letters", limit=1, offset=0),
        parked_ref=shop.call("get_parked_jobs", limit=1, offset=0),
        withheld_ref=shop.call("get_withheld", limit=1, offset=0),
        package_id=shop.call("get_every_package"),
        draft_id=_draft(shop, "sample:draft"),
        **_running_broadcast(shop),
    )


def _running_broadcast(shop: Shop) -> dict[str, Any]:
    """A broadcast under way: some of its audience listed, ten of those taken to be sent to."""
    broadcast_id = _draft(shop, "sample:running")
    shop.call("move_broadcast", broadcast_id=broadcast_id, action="send", admin=ADMIN, at=None)
    runner = {"broadcast_id": broadcast_id, "runner": "sample"}
    shop.call("begin_broadcast", **runner, chunk=1, lease_seconds=600)
    shop.call("list_recipients", **runner, scan=50)
    listed = [
        row["user_id"] for row in shop.rows("get_pending_recipients", broadcast_id=broadcast_id, limit=20)
    ]
    taken = shop.call("take_recipients", **runner, users=listed[:10], lease_seconds=600)
    return {"broadcast_id": broadcast_id, "pending": listed[10:], "taken": taken}


def _draft(shop: Shop, request_id: str) -> str:
    broadcast_id: str = shop.call(
        "create_broadcast", telegram_id=ADMIN, body="Hello", from_chat_id=None, message_id=None,
        request_id=request_id,
    )  # fmt: skip
    return broadcast_id


def catch_up(shop: Shop) -> None:
    """Work off what is due, as the sweeps do: what they cost then is what they cost most of the time."""
    while due := shop.rows("get_due_invoices", limit=1000):
        invoices = [row["invoice_id"] for row in due]
        shop.call("postpone_invoice_checks", invoice_ids=invoices, soon_seconds=3600.0)
    while due := shop.rows("get_unverified_payments", limit=1000, age_seconds=0.0):
        shop.call("verify_payments", invoice_ids=[row["invoice_id"] for row in due])
    while shop.rows("expire_orders", limit=1000):
        pass
    while shop.call("complete_orders", limit=1000):
        pass
    while shop.rows("ask_about_silent_tasks", limit=1000, silent_seconds=60.0):
        pass
    while shop.count("purge_ledger", limit=1000):
        pass
    shop.connection.execute("VACUUM (ANALYZE)")  # as autovacuum does some time after


def arguments(query: queries.Query, world: World) -> dict[str, Any]:
    """Return this query's arguments. Raises KeyError, which names a parameter without a sample."""
    names = set(re.findall(r"%\((\w+)\)s", query.text.decode()))
    known = _common(world) | _special(world).get(query.name, {})
    return {name: known[name] for name in names}


def _common(world: World) -> dict[str, Any]:
    return {
        **_person(OWNER), **_event(world.order_id, world.invoice_id, Decimal("99.99")),
        **_job("sample:running"),
        "order_id": world.order_id, "payment_id": world.payment_id, "refund_id": world.refund_id,
        "post_id": world.post_id, "task_id": world.task_id, "letter_id": world.letter_id,
        "ref": world.parked_ref, "keys": ["sample:running"], "workers": ["sample"],
        "invoice_ids": ["S7", "S8"], "order_ids": [world.order_id, world.paid_order_id], "seq": 1,
        "limit": 10, "offset": 0, "admin": ADMIN, "action": "dismiss", "owner": "sample", "name": "sample",
        "package_slug": "starter-mini", "slug": "starter-mini", "pay_url": "https://pay.example/",
        "expires_at": None, "reachable": False, "url": "https://t.me/scale/9", "platform": "telegram",
        "post_ref": "scale/9", "rate_count": 2, "rate_seconds": 3600,
        "request_id": "sample:9", "status": "completed", "state": "sent", "outcome": "accepted",
        "external_task_id": "ext", "response": None, "transfer_id": "1", "refusal": None, "reason": "reason",
        "error": "it failed", "message_id": "new", "body": b"{}", "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "timezone": "Europe/Kyiv", "since": datetime.now(UTC) - timedelta(days=1), "late_seconds": 600,
        "silent_seconds": 900.0, "age_seconds": 60.0, "soon_seconds": 5.0, "resend_seconds": 30.0,
        "kind": "job_parked", "data": "{}", "states": ["done"],
        "wait_seconds": 180.0, "chat_ids": [ADMIN, -ADMIN], "message_ids": [2, 3], "moved_to": -ADMIN,
        "delay_seconds": 1.0, "grace_seconds": 2.0, "seconds": 5.0,
        "queues": ["interactive", "payments", "tasks", "notifications", "broadcast", "maintenance"],
        "key": "sample:running", "segment": "all", "buttons": "[]", "at": None, "chunk": 1,
        "runner": "sample",
        "seen": None, "origin": "bot", "value": "{}",
        "broadcast_id": world.broadcast_id, "scan": 100, "users": world.pending, "per_minute": 1500,
        "statuses": ["sent"] * len(world.taken), "errors": [None] * len(world.taken), "chat_id": ADMIN,
        "away": True, "answered": True,
        "transfer_ids": ["1", "2"], "named": world.order_id,
        "grows": True, "shortest_seconds": 2.0, "longest_seconds": 60.0, "calm_seconds": 900.0,
        "service": "crypto_pay", "setting": "CRYPTOBOT_TOKEN",
        "most_open": 3, "most_an_hour": 10,
        "answer_by": None, "task_ids": [world.task_id], "arrived": True,
        "ahead_seconds": 5.0, "package_id": world.package_id, "price": None, "posts": 3, "active": True,
    }  # fmt: skip


def _special(world: World) -> dict[str, dict[str, Any]]:
    """Return where one name means different things, and who stands for the worst case."""
    return {
        "get_history": {"telegram_id": HEAVY, "limit": 6, "offset": 0},
        "cancel_order": {"telegram_id": BUYER},
        "get_order": {"telegram_id": BUYER},
        "pay_from_balance": {"telegram_id": BUYER},
        "get_notice_order": {"order_id": world.paid_order_id},
        "get_receipt": {"order_id": world.paid_order_id},
        "create_broadcast": {"body": "Hello", "from_chat_id": None, "message_id": None},
        "aim_broadcast": {"broadcast_id": world.draft_id},
        "set_broadcast_buttons": {"broadcast_id": world.draft_id},
        "move_broadcast": {"action": "pause"},
        "record_recipients": {"users": world.taken},
        "set_broadcast_card": {"message_id": 1},
        "forget_previous_card": {"message_id": 1},
        "remember_card": {"message_id": 1},
        "forget_card": {"message_id": 1},
        "attach_invoice": {"invoice_id": "sample:new"},
        "owe_job": {"key": "sample:new"},
        "claim_job": {"key": "sample:new"},
        "withhold_job": {"key": "sample:new"},
        "get_withheld_message": {"ref": world.withheld_ref},
        "settle_withheld": {"ref": world.withheld_ref, "action": "send"},
        "settle_parked_job": {"action": "replay"},
        "settle_dead_letter": {"state": "discarded"},
        "record_dispatch": {"task_id": world.sent_task_id},
        "update_task_status": {"task_id": world.sent_task_id},
        "get_due_invoices": {"limit": 100},
        "expire_orders": {"limit": 100},
        "complete_orders": {"limit": 100},
        "purge_ledger": {"limit": 1000},
        "purge_kept_messages": {"limit": 1000, "days": 60},
        "owe_claimed_job": {"key": "sample:claimed"},
        "owe_admin_notices": {
            "keys": [f"notice:sample:{chat}" for chat in (ADMIN, -ADMIN)],
            "args": [f'{{"chat_id": {chat}}}' for chat in (ADMIN, -ADMIN)],
        },
        "get_message_fate": {"message_id": 1},
        "wake_again": {"keys": ["sample:running"]},
        "renew_leases": {"seconds": [5.0]},
        "claim_admin_notice": {"key": "sample:notice", "page": 200},
        "claim_and_register_user": {"key": "sample:start"},
        "finish_closing_cards": {"message_ids": [1], "seqs": [1]},
        "space_waiting_notices": {"together": 20, "seconds": 1.0, "page": 200, "longest": 60.0},
        "sweep_jobs": {"limit": 100, "owner": "sample", "lease_seconds": 5.0},
        "ask_about_silent_tasks": {"limit": 50},
        "get_unverified_payments": {"limit": 100},
    }


def _person(telegram_id: int) -> dict[str, Any]:
    return {
        "telegram_id": telegram_id, "username": "sample", "first_name": "Sample", "last_name": None,
        "language": "uk", "start_payload": None,
    }  # fmt: skip


def _open_order(shop: Shop, telegram_id: int) -> str:
    order_id: str = shop.call("create_order", telegram_id=telegram_id, package_slug="starter-mini")[
        "order_id"
    ]
    shop.call(
        "attach_invoice", order_id=order_id, invoice_id=f"A{telegram_id}", asset="USDT",
        amount=Decimal("99.99"), pay_url="https://pay.example/", expires_at=None,
    )  # fmt: skip
    return order_id


def _event(order_id: str, invoice_id: str, amount: Decimal) -> dict[str, Any]:
    return {
        "provider": "crypto_pay", "invoice_id": invoice_id, "order_id_text": order_id, "asset": "USDT",
        "amount": amount, "paid_at": None, "source": "webhook", "raw": b"sealed",
    }  # fmt: skip


def _job(key: str) -> dict[str, Any]:
    return {
        "key": key, "actor": "sample", "queue": "maintenance", "args": "{}", "max_attempts": 3,
        "lease_seconds": 60, "worker": "sample", "tells": False,
    }  # fmt: skip
