"""Race tests from the failure catalogue. In the long form each is repeated as often as its row demands.

The short form repeats it twice as often as the negative control below needs to show a missing lock.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.store import PRICE, Row, Store, at_once, opened
from tests.examples import examples

T = TypeVar("T")
Thing = TypeVar("Thing")


def in_rounds(
    store: Store, count: int, things: Sequence[Thing], action: Callable[[Store, int, Thing], T]
) -> list[tuple[T, ...]]:
    """Return the results of `count` threads for each item. They start on each item together."""
    gate = threading.Barrier(count)

    def walk(other: Store, number: int) -> list[T]:
        answers: list[T] = []
        errors: list[psycopg.Error] = []
        for thing in things:
            gate.wait(30)
            try:
                answers.append(action(other, number, thing))
            except psycopg.Error as error:  # raised at the end: the others wait for this thread at the gate
                errors.append(error)
        if errors:
            raise errors[0]
        return answers

    return list(zip(*at_once(store.dsn, count, walk), strict=True))


def pending(store: Store, count: int) -> dict[str, str]:
    """Create people, each with an order that waits for payment. Returns the orders by invoice."""
    return {f"P{number}": store.order(store.person(), invoice=f"P{number}") for number in range(count)}


def outcomes(store: Store) -> Row:
    """Return the outcomes of the orders and of the payments."""
    return store.rows(
        "SELECT (SELECT count(*) FROM orders WHERE status = 'paid') AS active,"
        " (SELECT count(*) FROM activations) AS activations,"
        " count(*) FILTER (WHERE state = 'applied') AS applied,"
        " count(*) FILTER (WHERE state = 'exception') AS listed FROM payments"
    )[0]


# --- buying ---


def press_together(store: Store, people: int) -> None:
    """Each person taps "buy" 50 times at once, and each tap makes an invoice of its own."""

    def press(other: Store, number: int, person: int) -> tuple[str, str]:
        order = other.call("create_order", person, "starter")
        url = f"https://pay.example/{person}/{number}"
        invoice = other.call(
            "attach_invoice", order["order_id"], f"{person}-{number}", "USDT", order["amount"], url, None
        )
        return order["order_id"], invoice["pay_url"]

    pressed = in_rounds(store, 50, [store.person() for _ in range(people)], press)

    assert [len(set(answers)) for answers in pressed] == [1] * people
    for table in ("orders", "invoices"):
        assert store.value(f"SELECT count(*) FROM {table}") == people  # noqa: S608 (names above)


def test_fifty_taps_of_each_person_make_one_order_each(store: Store) -> None:
    """Each person has one order and one invoice."""
    press_together(store, examples(40, long=100))


def pay_two_invoices_together(store: Store, count: int) -> None:
    """Two invoices of each order are paid at once. None continues before all wait for the lock."""
    orders = pending(store, count)
    both = [(name, order) for invoice, order in orders.items() for name in (invoice, f"second-{invoice}")]
    told: Counter[tuple[str, str | None]] = Counter()
    for start in range(0, 2 * count, 40):  # so many connections

        def pay(other: Store, number: int, start: int = start) -> Row:
            return other.pay(*both[start + number])

        answers = at_once(store.dsn, 40, pay, behind="payments")
        told.update((answer["order_id"], answer["reason"]) for answer in answers)

    assert told == {(order, reason): 1 for order in orders.values() for reason in (None, "second_payment")}
    assert outcomes(store) == {"active": count, "activations": count, "applied": count, "listed": count}


def test_orders_paid_by_two_invoices_each_are_activated_once(store: Store) -> None:
    """Each order has one activation, and its other payment is listed."""
    pay_two_invoices_together(store, examples(40, long=100))


def pay_together(store: Store, count: int) -> None:
    """Fifty workers have the same payment of each order at once."""
    orders = pending(store, count)

    answers = in_rounds(store, 50, list(orders), lambda o, _, i: str(o.pay(i, orders[i])["outcome"]))

    assert [Counter(each) for each in answers] == [{"activated": 1, "duplicate": 49}] * count
    assert outcomes(store) == {"active": count, "activations": count, "applied": count, "listed": 0}


def test_fifty_workers_record_one_payment_once(store: Store) -> None:
    """Each payment is recorded once and activates once."""
    pay_together(store, examples(80, long=200))


WHEN = ("before the invoice", "before its commit", "in the same instant", "after its commit")


def test_payments_around_their_invoice_s_commit_activate_every_order(store: Store) -> None:
    """The order is active whether the webhook or the invoice comes first."""
    draw = random.Random(9)
    orders = [(store.order(store.person()), draw.choice(WHEN), draw.uniform(0, 0.05)) for _ in range(500)]
    gates = [threading.Barrier(2) for _ in range(20)]

    def act(other: Store, number: int) -> None:
        pair, is_payer = number // 2, number % 2 == 1
        meet = gates[pair].wait
        for order_id, when, pause in orders[pair :: len(gates)]:
            if is_payer:
                if when != "before the invoice":
                    meet(30)
                assert other.pay(f"I-{order_id}", order_id)["outcome"] == "activated"
                if when == "before the invoice":
                    meet(30)
                continue
            if when in {"before the invoice", "in the same instant"}:
                meet(30)
            with other.connection.transaction():
                other.call("attach_invoice", order_id, f"I-{order_id}", "USDT", PRICE, "https://pay", None)
                if when == "before its commit":
                    meet(30)
                    time.sleep(pause)  # the payment comes 0 to 50 ms before the commit
            if when == "after its commit":
                meet(30)

    at_once(store.dsn, 2 * len(gates), act)

    assert outcomes(store) == {"active": 500, "activations": 500, "applied": 500, "listed": 0}
    found = store.rows("SELECT order_id::text, adopted FROM invoices WHERE status = 'paid'")
    adopted = {row["order_id"]: row["adopted"] for row in found}
    assert len(found) == len(adopted) == 500
    sure = [(order_id, when == "before the invoice") for order_id, when, _ in orders if when != WHEN[2]]
    assert all(adopted[order_id] is was_first for order_id, was_first in sure)


def test_two_hundred_late_payments_are_activated_or_listed(store: Store) -> None:
    """Money counts for a day after the deadline. Later it is listed, and never ignored."""
    late_days = [(n + 0.5) / 100 for n in range(100)] + [1 + (n + 0.5) / 10 for n in range(100)]
    orders = list(pending(store, 200).items())
    for number, ((_, order_id), days) in enumerate(zip(orders, late_days, strict=True)):
        if number % 3 == 0:  # the others wait for the sweep, which runs while the money comes
            owner = "SELECT telegram_id FROM users WHERE id = (SELECT user_id FROM orders WHERE id = %s)"
            assert store.call("cancel_order", store.value(owner, order_id), order_id)["success"]
        store.run(
            "UPDATE orders SET created_at = created_at - late, deadline_at = deadline_at - late"
            " FROM (SELECT %s * interval '24 h' + interval '1 h' AS late) AS l WHERE id = %s", days, order_id,
        )  # fmt: skip

    mixed = random.Random(10).sample(orders, 200)

    def act(other: Store, number: int) -> list[Row]:
        if number < 8:
            return [other.pay(*order) for order in mixed[number::8]]
        while other.rows("SELECT * FROM expire_orders(1)"):
            pass
        return []

    answers = {answer["order_id"]: answer for batch in at_once(store.dsn, 9, act) for answer in batch}

    told = [(a["outcome"], a["reason"], a["is_late"]) for a in (answers[order_id] for _, order_id in orders)]
    assert told == [("activated", None, True)] * 100 + [("exception", "too_late", False)] * 100
    assert outcomes(store) == {"active": 100, "activations": 100, "applied": 100, "listed": 100}
    assert store.value("SELECT count(*) FROM payments WHERE reason = 'late' AND state = 'applied'") == 100
    assert store.value("SELECT count(*) FROM orders WHERE status = 'processing'") == 100


CHEAP = Decimal("49.99")
NEAR_MISSES = st.builds(
    lambda units, places: PRICE + Decimal(units).scaleb(-places),
    st.integers(-9, 9).filter(bool), st.integers(2, 14),
)  # fmt: skip
WRONG_AMOUNTS = st.one_of(
    st.sampled_from([CHEAP, Decimal("199.99"), PRICE * 2, PRICE * 100, PRICE / 100, Decimal("99.00")]),
    st.sampled_from([Decimal(text) for text in ("0", "-99.99", "NaN", "Infinity", "-Infinity")]),
    st.integers(4, 400).map(PRICE.scaleb) | st.decimals(-(10**9), 0),
    st.none(),  # what is no number: workers/payments/activation.py
)
WRONG_ASSETS = st.one_of(
    st.sampled_from(["usdt", "Usdt", " USDT", "USDT ", "USDT\n", "USDT.E", "ＵＳＤＴ", "", " ", None]),
    st.sampled_from(["USDC", "TON", "BTC", "ETH", "USD", "EUR"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40).filter("USDT".__ne__),
)  # fmt: skip
WAYS = st.sampled_from(["invoice recorded", "invoice unknown"])
SLOW = [HealthCheck.too_slow]
MUTANTS = st.one_of(
    st.tuples(WAYS, NEAR_MISSES, st.just("USDT")),
    st.tuples(WAYS, WRONG_AMOUNTS, st.just("USDT")),
    st.tuples(WAYS, st.just(PRICE), WRONG_ASSETS),
    st.tuples(WAYS, WRONG_AMOUNTS, WRONG_ASSETS),
    st.tuples(st.just("another's invoice"), st.just(PRICE) | WRONG_AMOUNTS, st.just("USDT")),
)


def test_no_wrong_payment_activates_anything(store: Store) -> None:
    """A wrong amount or asset, another order's invoice: no payment activates an order, and all are listed."""
    count = examples(60, long=200)
    store.package("cheap", price=CHEAP)
    tried: list[tuple[str, str | None]] = []

    @settings(derandomize=True, database=None, deadline=None, max_examples=count, suppress_health_check=SLOW)
    @given(MUTANTS)
    def pay(mutant: tuple[str, Decimal | None, str | None]) -> None:
        way, amount, asset = mutant
        invoice = f"M{len(tried)}"
        order_id = store.order(store.person(), invoice=invoice if way == "invoice recorded" else None)
        if way == "another's invoice":
            store.order(store.person(), "cheap", invoice=invoice)
        wrong = "wrong_asset" if asset != "USDT" else "wrong_amount"
        tried.append((invoice, "unknown_order" if way == "another's invoice" else wrong))

        answer = store.pay(invoice, order_id, amount, asset)

        assert (answer["outcome"], answer["reason"]) == ("exception", tried[-1][1])

    pay()

    assert len(tried) >= count
    assert {reason for _, reason in tried} == {"wrong_asset", "wrong_amount", "unknown_order"}
    assert outcomes(store) == {"active": 0, "activations": 0, "applied": 0, "listed": len(tried)}
    listed = store.rows("SELECT invoice_id, reason FROM payments WHERE state = 'exception'")
    assert {(row["invoice_id"], row["reason"]) for row in listed} == set(tried)


def edit_package(store: Store, number: int) -> Row:
    """Edit the package. Returns its new terms."""
    terms: Row = {
        "name": f"Edition {number}", "price": Decimal(1000 + number) / 100, "posts_per_day": 1 + number % 3,
        "views_range": f"{number}-{number + 9}", "features": {"speed": f"{number}%"},
    }  # fmt: skip
    store.run(
        "UPDATE packages SET name = %s, price = %s, posts_per_day = %s, views_range = %s, features = %s"
        " WHERE slug = 'starter'", *terms.values(),
    )  # fmt: skip
    return terms


def test_orders_keep_their_terms_while_the_package_is_edited(store: Store) -> None:
    """Each order has the price, limit, name and days with which it was bought."""
    people = [store.person() for _ in range(100)]
    bought: list[Row] = []
    for number, person in enumerate(people):
        bought.append(edit_package(store, number))
        store.order(person, invoice=f"T{number}")

    def act(other: Store, thread: int) -> None:
        if thread == 0:
            for number in range(500, 600):
                edit_package(other, number)
            other.run("UPDATE packages SET is_active = false")
            return
        for number in range(thread - 1, 100, 4):
            assert other.pay(f"T{number}", None, bought[number]["price"])["outcome"] == "activated"

    at_once(store.dsn, 5, act)

    for person, terms in zip(people, bought, strict=True):
        posts = [store.post(person) for _ in range(terms["posts_per_day"] + 1)]
        assert [post["success"] for post in posts] == [True] * terms["posts_per_day"] + [False]
        package = store.task_row(posts[0]["task_id"])["request_data"]["package_data"]
        assert all(package[name] == terms[name] for name in ("name", "views_range", "features"))
        shown = store.stats(person)
        assert (shown["total_spent"], shown["current_package"]["name"]) == (terms["price"], terms["name"])
    assert outcomes(store) == {"active": 100, "activations": 100, "applied": 100, "listed": 0}
    lengths = store.value("SELECT array_agg(DISTINCT expires_at - activated_at) FROM orders")
    assert lengths == [timedelta(days=30)]


# --- posts and tasks ---


def post_together(store: Store, people: int) -> None:
    """Each person sends forty links at once, with a limit of two a day."""
    buyers = [store.person() for _ in range(people)]
    for buyer in buyers:
        store.buy(buyer)

    def post(other: Store, number: int, user: object) -> str:
        answer = other.call("add_user_post_v2", user, f"https://t.me/c/{number}", "telegram", None)
        return str(answer.get("error", "accepted"))

    answers = in_rounds(store, 40, [store.user_id(buyer) for buyer in buyers], post)

    assert [Counter(each) for each in answers] == [{"accepted": 2, "daily_limit": 38}] * people
    assert store.value("SELECT count(*) FROM posts") == 2 * people
    assert store.value("SELECT count(DISTINCT post_id) FROM tasks") == 2 * people


def test_forty_links_of_each_person_give_exactly_the_limit(store: Store) -> None:
    """Exactly two posts of each person are accepted."""
    post_together(store, examples(20, long=50))


def new_tasks(store: Store, count: int) -> list[str]:
    """Create posts of one person, each with its task, as add_user_post_v2 makes them."""
    store.run("UPDATE packages SET posts_per_day = %s", count)
    store.buy(store.person())
    store.run(
        "INSERT INTO posts (user_id, order_id, url, post_ref, local_day, quota_used, created_at)"
        " SELECT o.user_id, o.id, 'https://t.me/c/' || n, 'c/' || n, local_day(t.at), n, t.at"
        " FROM orders AS o, generate_series(1, %s) AS n,"
        " LATERAL (SELECT now() - make_interval(secs => 60 - n / 1000.0) AS at) AS t", count,
    )  # fmt: skip
    store.run(
        "SELECT create_task(u, o, p) FROM posts AS p"
        " JOIN orders AS o ON o.id = p.order_id JOIN users AS u ON u.id = p.user_id"
    )
    return [row["id"] for row in store.rows("SELECT id::text FROM tasks ORDER BY id")]


def push_and_pull_together(store: Store, count: int) -> None:
    """Eight threads pull, and four push: each a different half of the tasks in a different order."""
    tasks = new_tasks(store, count)

    def act(other: Store, number: int) -> list[str]:
        issued: list[str] = []
        if number < 8:
            while batch := other.call("get_pending_tasks", 2, f"puller-{number}", 900):
                issued += [item["task_id"] for item in batch]
            return issued
        for task in random.Random(number).sample(tasks, count // 2):
            if other.call("begin_dispatch", task, f"pusher-{number}", 60)["outcome"] == "push":
                issued.append(task)
                other.call("record_dispatch", task, f"pusher-{number}", "accepted", None, None)
        return issued

    issued = [task for batch in at_once(store.dsn, 12, act) for task in batch]

    assert sorted(issued) == tasks
    assert store.value("SELECT array_agg(DISTINCT handed_over_by) FROM tasks") == ["pull", "push"]
    assert store.value("SELECT sum(attempts) FROM tasks WHERE status = 'sent'") == count


def test_pullers_and_pushers_issue_each_of_thousands_of_tasks_once(store: Store) -> None:
    """Each task is issued once."""
    push_and_pull_together(store, examples(1000, long=5000))


# --- the same with a lock removed ---

LOCK = re.compile("FOR (NO KEY )?UPDATE( SKIP LOCKED)?")
# Of one invoice's payments the upsert of its row lets one go on at a time, also without the order's lock.
UPSERT = "IF v_order.id IS NOT NULL THEN"
NO_UPSERT = "SELECT * INTO v_invoice FROM invoices WHERE invoice_id = p_invoice_id; IF false THEN"
KEYS = (
    "DROP INDEX idx_orders_one_pending, idx_payments_one_applied, idx_invoices_one_open;"
    "ALTER TABLE activations DROP CONSTRAINT activations_order_id_key;"
    "ALTER TABLE tasks DROP CONSTRAINT tasks_attempts_check"
)
UNLOCKED: dict[str, tuple[Callable[[Store, int], None], int, tuple[str, ...]]] = {
    "A1": (press_together, 20, ("create_order", "attach_invoice")),
    "A4": (pay_two_invoices_together, 20, ("lock_order",)),
    "A12": (pay_together, 40, ("lock_order", "apply_payment")),
    "B1": (post_together, 10, ("add_user_post_v2",)),
    "B5": (push_and_pull_together, 500, ("get_pending_tasks", "begin_dispatch")),
}


@pytest.mark.parametrize("row", UNLOCKED)
def test_without_a_function_s_lock_its_count_is_wrong(database_url: str, row: str) -> None:
    """Negative control. Keys that would make the mistake an error are removed, so the count must show it."""
    scene, count, functions = UNLOCKED[row]
    with opened(database_url) as store:
        store.package()
        store.connection.execute(KEYS)
        for function in functions:
            text = store.value("SELECT pg_get_functiondef(%s::regproc)", function)
            broken = LOCK.sub("", text).replace(UPSERT, NO_UPSERT)
            assert broken != text
            store.connection.execute(broken)
        with pytest.raises(AssertionError):
            scene(store, count)
