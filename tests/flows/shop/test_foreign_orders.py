"""Tests of taps on other people's orders: pay and cancel change none of a thousand."""

from __future__ import annotations

import uuid

import pytest

from socialboost import jobs
from tests.flows.shop.world import Buyer, Shop, wait_until

ORDERS = 1_000
COUNTED = ("orders", "invoices", "payments", "activations", "users", "posts", "tasks")


@pytest.fixture
def hasty(stage: Shop) -> Shop:
    """A shop with a higher send rate than Telegram allows: the test waits for two thousand answers."""
    stage.environment |= {"TELEGRAM_SEND_RATE": "1000", "TELEGRAM_CHAT_BURST": "10000"}
    stage.start_workers()
    return stage


def test_a_thousand_foreign_orders_stay_as_they_are(hasty: Shop) -> None:
    shop, owner, other = hasty, Buyer(hasty), Buyer(hasty)
    owner.start()
    other.start()
    foreign = [str(row["id"]) for row in own_orders(shop, owner)]
    assert len(foreign) == ORDERS
    answers = {wanted: answered(shop, other, wanted) for wanted in (foreign[0], str(uuid.uuid4()))}
    assert len(set(answers.values())) == 1, "a foreign order is answered as one that does not exist"
    before = {table: everything(shop, table) for table in COUNTED}
    calls = invoices_touched(shop)
    message = other.newest()["message_id"]
    keys = [key for order_id in foreign for key in taps(other, order_id, message)]
    wait_until(lambda: settled(shop, keys) == len(keys), "every tap worked on", 120)
    assert {table: everything(shop, table) for table in COUNTED} == before
    assert invoices_touched(shop) == calls == 0
    assert len(shop.messages(owner.id)) == 1, "their owner hears nothing of it"


def own_orders(shop: Shop, owner: Buyer) -> list[dict[str, object]]:
    """Pending orders of the owner's, of packages of their own: one may be pending per package."""
    shop.rows(
        "INSERT INTO packages (slug, name, price, posts_per_day, is_active)"
        " SELECT 'foreign-' || n, 'Foreign', 10, 1, false FROM generate_series(1, %s) AS n"
        " ON CONFLICT DO NOTHING RETURNING slug",
        ORDERS,
    )
    shop.rows("UPDATE packages SET is_active = true WHERE slug LIKE 'foreign-%%' RETURNING slug")
    try:
        return shop.rows(
            "SELECT create_order(%s, 'foreign-' || n) ->> 'order_id' AS id FROM generate_series(1, %s) AS n",
            owner.id,
            ORDERS,
        )
    finally:
        shop.rows("UPDATE packages SET is_active = false WHERE slug LIKE 'foreign-%%' RETURNING slug")


def invoices_touched(shop: Shop) -> int:
    """Return the calls that made or withdrew an invoice, without the reconciler's questions."""
    methods = ("createInvoice", "deleteInvoice")
    return sum(len(shop.calls(shop.crypto_pay, event="api", method=method)) for method in methods)


def answered(shop: Shop, person: Buyer, order_id: str) -> str:
    """Return what the person reads after tapping pay and cancel."""
    texts = []
    for tap in (person.tap_pay, lambda wanted: person.do(jobs.CancelOrder, order_id=wanted)):
        shop.wait_for_job(tap(order_id).key)
        texts.append(person.read("Такого замовлення не знайдено")["text"])
        shop.wait_for_job(person.do(jobs.SetLanguage, chosen="uk").key)
    return "|".join(texts)


def taps(person: Buyer, order_id: str, message_id: int) -> list[str]:
    """Tap pay and cancel without waiting for an answer; the keys of the two jobs."""
    pay = jobs.CreateInvoice(
        **{**person.fields(), "key": f"invoice:{order_id}:{person.id}", "order_id": order_id}
    )
    fields = {**person.fields(), "message_id": message_id}
    cancel = jobs.CancelOrder(**{**fields, "key": f"tg:{fields['update_id']}:0", "order_id": order_id})
    for job in (pay, cancel):
        jobs.send(job)
    return [pay.key, cancel.key]


def settled(shop: Shop, keys: list[str]) -> int:
    return int(
        shop.value("SELECT count(*) FROM job_ledger WHERE key = ANY(%s) AND state = 'done'", keys) or 0
    )


def everything(shop: Shop, table: str) -> list[str]:
    return [str(row["t"]) for row in shop.rows(f"SELECT t::text AS t FROM {table} AS t ORDER BY 1")]  # noqa: S608
