"""Tests of package days: one test for each row of the table in docs/adr/0004-package-days.md.

Time passes by moving everything stored into the past; the days are 720 hours each.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.db.store import Store, at_once

pytestmark = pytest.mark.breaks(
    "order_refunded_without_refund", why="refund_order moves the days; the money is its caller's"
)
DAY = timedelta(days=1)


@pytest.fixture
def buyer(store: Store) -> int:
    store.package("pro", posts_per_day=3)
    store.package("elite", posts_per_day=4)
    return store.person()


def schedule(store: Store) -> list[tuple[str, float, float]]:
    """The live orders as they run: package, days until the start (0 = begun), days until the end."""
    now = store.now()
    rows = store.rows("SELECT * FROM orders WHERE status = 'paid' AND expires_at > now() ORDER BY expires_at")
    return [
        (
            row["package_slug"],
            max(round((row["activated_at"] - now) / DAY, 3), 0.0),
            round((row["expires_at"] - now) / DAY, 3),
        )
        for row in rows
    ]


def waiting(store: Store, buyer: int) -> list[tuple[str, float]]:
    """Return what the buyer is told comes after the running package: each, and in how many days it ends."""
    now = store.now()
    found = store.stats(buyer)["current_package"]["waiting"]
    return [(one["slug"], round((datetime.fromisoformat(one["expires_at"]) - now) / DAY, 3)) for one in found]


def current(store: Store, buyer: int) -> str | None:
    package = store.stats(buyer)["current_package"]
    return package["slug"] if package else None


def test_1_the_first_package_starts_at_once(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    assert schedule(store) == [("starter", 0, 30)]


def test_2_the_same_package_extends_the_running_one(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    store.later("10 days")
    store.buy(buyer, "starter")

    assert schedule(store) == [("starter", 0, 20), ("starter", 20, 50)]
    ends = store.value("SELECT max(expires_at) FROM orders")
    assert datetime.fromisoformat(store.stats(buyer)["current_package"]["expires_at"]) == ends


def test_3_an_extension_brings_no_second_quota(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    assert [store.post(buyer)["success"] for _ in range(2)] == [True, True]
    store.buy(buyer, "starter")
    assert store.post(buyer)["error"] == "daily_limit"

    # the day the first one ends and the second takes over is still one day
    store.run("UPDATE orders SET expires_at = now() WHERE activated_at <= now()")
    store.run("UPDATE orders SET activated_at = now() WHERE activated_at > now()")
    store.call("complete_orders", 10)
    answer = store.post(buyer)
    assert (answer["error"], answer["used"]) == ("daily_limit", 2)
    assert store.stats(buyer)["current_package"]["posts_remaining"] == 0


def test_4_a_different_package_starts_at_once_and_the_earlier_one_resumes_after_it(
    store: Store, buyer: int
) -> None:
    store.buy(buyer, "starter")
    store.later("10 days")
    store.buy(buyer, "pro")

    assert schedule(store) == [("pro", 0, 30), ("starter", 0, 50)]
    assert current(store, buyer) == "pro"
    store.later("30 days 1 minute")
    store.call("complete_orders", 10)
    assert current(store, buyer) == "starter"
    store.later("20 days")
    assert current(store, buyer) is None


def test_5_each_package_has_its_own_quota(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    assert [store.post(buyer)["success"] for _ in range(2)] == [True, True]
    store.buy(buyer, "pro")
    assert [store.post(buyer)["success"] for _ in range(4)] == [True, True, True, False]


def test_6_extending_the_running_package_moves_those_that_wait(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    store.buy(buyer, "pro")
    store.buy(buyer, "pro")
    assert schedule(store) == [("pro", 0, 30), ("pro", 30, 60), ("starter", 0, 90)]


def test_7_a_queued_extension_waits_too(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    store.buy(buyer, "starter")
    store.buy(buyer, "pro")
    assert schedule(store) == [("pro", 0, 30), ("starter", 0, 60), ("starter", 60, 90)]


def test_8_the_waiting_package_bought_again_starts_at_once_without_a_second_quota(
    store: Store, buyer: int
) -> None:
    store.buy(buyer, "starter")
    assert [store.post(buyer)["success"] for _ in range(2)] == [True, True]
    store.buy(buyer, "pro")
    store.buy(buyer, "starter")

    assert schedule(store) == [("starter", 0, 30), ("pro", 0, 60), ("starter", 0, 90)]
    assert current(store, buyer) == "starter"
    assert store.post(buyer)["error"] == "daily_limit"
    ends = store.value("SELECT min(expires_at) FROM orders")
    assert datetime.fromisoformat(store.stats(buyer)["current_package"]["expires_at"]) == ends

    store.buy(buyer, "starter")  # behind the running one, not behind the one that waits
    assert schedule(store) == [("starter", 0, 30), ("starter", 30, 60), ("pro", 0, 90), ("starter", 0, 120)]
    store.later("1 day")
    assert [store.post(buyer)["success"] for _ in range(3)] == [True, True, False]


def test_9_a_package_bought_after_its_end_starts_anew(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    store.later("31 days")
    store.buy(buyer, "starter")
    assert schedule(store) == [("starter", 0, 30)]
    assert store.value("SELECT count(DISTINCT run_id) FROM activations") == 2


def test_10_refunding_the_running_package_gives_the_waiting_one_its_days(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    store.later("10 days")
    running = store.buy(buyer, "pro")
    store.later("4 days")

    assert store.call("refund_order", running)

    assert schedule(store) == [("starter", 0, 20)]
    assert current(store, buyer) == "starter"


def test_11_refunding_the_extended_order_brings_the_extension_forward(store: Store, buyer: int) -> None:
    running = store.buy(buyer, "starter")
    store.buy(buyer, "starter")
    store.later("10 days")

    store.call("refund_order", running)

    assert schedule(store) == [("starter", 0, 30)]
    assert current(store, buyer) == "starter"


def test_12_refunding_an_extension_takes_its_days_only(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    extension = store.buy(buyer, "starter")
    store.buy(buyer, "pro")

    store.call("refund_order", extension)

    assert schedule(store) == [("pro", 0, 30), ("starter", 0, 60)]


def test_13_refunding_a_waiting_package_leaves_the_running_one(store: Store, buyer: int) -> None:
    waiting = store.buy(buyer, "starter")
    store.buy(buyer, "pro")

    store.call("refund_order", waiting)

    assert schedule(store) == [("pro", 0, 30)]


def test_14_refunding_an_ended_package_moves_nothing(store: Store, buyer: int) -> None:
    over = store.buy(buyer, "starter")
    store.later("31 days")
    store.call("complete_orders", 10)
    store.buy(buyer, "pro")

    assert store.call("refund_order", over)

    assert schedule(store) == [("pro", 0, 30)]
    assert store.order_row(over)["status"] == "refunded"


def test_15_a_refund_happens_once_and_only_to_what_was_paid(store: Store, buyer: int) -> None:
    store.buy(buyer, "starter")
    refunded = store.buy(buyer, "pro")
    pending = store.order(buyer, "elite")

    results = at_once(store.dsn, 10, lambda other, _: other.call("refund_order", refunded), behind="orders")

    assert sum(results) == 1
    assert not store.call("refund_order", pending)
    assert schedule(store) == [("starter", 0, 30)]


def test_16_no_days_are_lost_however_many_packages_are_paid_at_once(store: Store, buyer: int) -> None:
    orders = [(store.order(buyer, slug, invoice=slug), slug) for slug in ("starter", "pro", "elite")]

    at_once(store.dsn, 3, lambda other, n: other.pay(orders[n][1], orders[n][0]), behind="payments")

    ends = [end for _, _, end in schedule(store)]
    assert ends == [30, 60, 90]
    newest = store.value("SELECT package_slug FROM orders ORDER BY activated_at DESC LIMIT 1")
    assert current(store, buyer) == newest


@pytest.mark.parametrize("zone", ["Europe/Kyiv", "America/New_York"])
def test_17_a_package_is_720_hours_when_the_clocks_change(store: Store, buyer: int, zone: str) -> None:
    store.run(f"SET timezone = '{zone}'")
    order = store.order_row(store.buy(buyer, "starter"))
    assert (order["expires_at"] - order["activated_at"]).total_seconds() == 720 * 3600
    store.buy(buyer, "pro")
    moved = store.order_row(order["id"])
    assert (moved["expires_at"] - order["expires_at"]).total_seconds() == 720 * 3600


def test_orders_are_completed_when_their_days_are_over(store: Store, buyer: int) -> None:
    order_id = store.buy(buyer, "starter")
    store.later("29 days 23 hours")
    assert store.call("complete_orders", 10) == 0
    store.later("1 hour")
    assert store.call("complete_orders", 10) == 1
    assert store.order_row(order_id)["status"] == "completed"


@pytest.mark.parametrize(
    ("bought", "told"),
    [
        (["starter"], []),
        (["starter", "starter"], []),
        (["elite", "starter"], [("elite", 60)]),
        (["elite", "elite", "starter"], [("elite", 90)]),
        (["elite", "starter", "starter"], [("elite", 90)]),
        (["elite", "starter", "pro"], [("starter", 60), ("elite", 90)]),
        (["elite", "starter", "elite"], [("starter", 60), ("elite", 90)]),
    ],
)
def test_waiting_packages_are_listed_in_their_order(
    store: Store, buyer: int, bought: list[str], told: list[tuple[str, float]]
) -> None:
    for slug in bought:
        store.buy(buyer, slug)
    assert waiting(store, buyer) == told
    stranger = store.person()
    store.buy(stranger, "starter")
    assert waiting(store, stranger) == [], "somebody else's days are not theirs"
