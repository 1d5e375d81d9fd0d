"""Makes orders with the SQL functions alone, without processes: as a floor, and to prepare many orders."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from socialboost.db import Database

ASSET: Final = "USDT"
FIRST_INVOICE: Final = 80_000_001


@dataclass(frozen=True)
class Pending:
    """An order that waits for its payment."""

    order_id: str
    invoice_id: int
    telegram_id: int
    amount: Decimal


def register(db: Database, telegram_id: int) -> None:
    """Write a person down as /start does."""
    db.one(
        "claim_and_register_user",
        key=f"start:{telegram_id}",
        actor="register_user",
        queue="interactive",
        args="{}",
        max_attempts=3,
        lease_seconds=10,
        worker="bench",
        tells=False,
        telegram_id=telegram_id,
        username=None,
        first_name="Buyer",
        last_name=None,
        language="uk",
        start_payload=None,
    )


def open_order(db: Database, telegram_id: int, slug: str, invoice_id: int) -> Pending:
    """Open an order and give it an invoice."""
    order: dict[str, Any] = db.value("create_order", telegram_id=telegram_id, package_slug=slug)
    pending = Pending(order["order_id"], invoice_id, telegram_id, Decimal(order["amount"]))
    db.value(
        "attach_invoice",
        order_id=pending.order_id,
        invoice_id=str(invoice_id),
        asset=ASSET,
        amount=pending.amount,
        pay_url=f"https://pay.example/{invoice_id}",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    return pending


def pay(db: Database, pending: Pending) -> None:
    """Apply the payment: the order is active afterwards."""
    result = db.value(
        "apply_payment",
        provider="crypto_pay",
        invoice_id=str(pending.invoice_id),
        order_id_text=pending.order_id,
        asset=ASSET,
        amount=pending.amount,
        paid_at=datetime.now(UTC),
        source="webhook",
        raw=None,
    )
    if result["outcome"] != "activated":
        raise RuntimeError(f"the floor's order was not activated: {result}")


def slugs(db: Database) -> list[str]:
    """The packages on sale."""
    return [str(package["slug"]) for package in json.loads(db.value("get_available_packages"))]


def prepare(
    db: Database, telegram_ids: Sequence[int], count: int, first_invoice: int = FIRST_INVOICE
) -> list[Pending]:
    """Open so many orders for these people, one a package each."""
    on_sale = slugs(db)
    if count > len(telegram_ids) * len(on_sale):
        raise ValueError(f"{len(telegram_ids)} people have at most {len(on_sale)} pending orders each")
    for telegram_id in telegram_ids:
        register(db, telegram_id)
    pairs = [(telegram_id, slug) for slug in on_sale for telegram_id in telegram_ids][:count]
    return [open_order(db, *pair, first_invoice + number) for number, pair in enumerate(pairs)]


def floor_rate(dsn: str, seconds: float, threads: int = 4) -> float:
    """Orders a second that the database does when nothing else is asked of the machine."""
    done: list[int] = []
    deadline = time.monotonic() + seconds

    def work(number: int) -> None:
        telegram_id, invoice_id = 5_000_000 + number, FIRST_INVOICE + 10_000_000 * (number + 1)
        register(db, telegram_id)
        while time.monotonic() < deadline:
            invoice_id += 1
            pay(db, open_order(db, telegram_id, on_sale, invoice_id))
            done.append(invoice_id)

    with Database(dsn, pool_size=threads) as db:
        on_sale = slugs(db)[0]
        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return len(done) / seconds
