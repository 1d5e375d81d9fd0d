"""Tests of Crypto Pay's outage: no job is parked, payments still count, and the admins are notified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from sandbox.programs import own_environment
from socialboost import jobs
from tests.chaos.proxy import Proxy
from tests.flows.shop.world import ADMIN_ID, CHANNEL_ID, Buyer, Shop, wait_until

AWAY_SECONDS = 35
WITHIN_SECONDS = 60
"""The admins hear of an outage within a minute (docs/operating.md)."""
WORDS = "Crypto Pay не відповідає"


@pytest.fixture(scope="module")
def line(stage: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Start a proxy between the workers and Crypto Pay."""
    address = urlsplit(stage.crypto_pay.url)
    target = (str(address.hostname), int(address.port or 0))
    log = tmp_path_factory.mktemp("line") / "proxy.out"
    proxy = Proxy({"crypto_pay": target}, log, own_environment())
    stage.environment["CRYPTOBOT_API_URL"] = f"http://{proxy.url('crypto_pay')}"
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def shop(line: Proxy, stage: Shop) -> Shop:
    """A shop whose workers reach Crypto Pay over the line."""
    stage.start_workers()
    return stage


def told(shop: Shop) -> dict[int, int]:
    """Return how many messages about it each chat of the admins' has."""
    return {
        chat_id: sum(WORDS in message["text"] for message in shop.messages(chat_id))
        for chat_id in (ADMIN_ID, CHANNEL_ID)
    }


@pytest.mark.slow("Crypto Pay is away for longer than the admins are spared")
def test_orders_wait_for_crypto_pay_and_admins_are_notified_once(
    shop: Shop, newcomer: Callable[[], Buyer], line: Proxy
) -> None:
    payer, waiter = newcomer(), newcomer()
    paid, wanted = payer.open_order("mini"), waiter.open_order("mini")
    invoice = payer.invoice(paid)
    line.order("crypto_pay", "refuse", seconds=AWAY_SECONDS)
    tap = waiter.tap_pay(wanted)
    shop.wait_for_job(payer.pay(invoice).key)  # the webhook says enough
    wait_until(lambda: min(told(shop).values()) > 0, "the admins to be told", WITHIN_SECONDS)
    assert shop.invoices(wanted) == []
    assert shop.wait_for_job(tap.key)["attempts"] == 1
    assert len(shop.invoices(wanted)) == 1
    assert payer.count("✅ Оплата успішна") == 1
    assert told(shop) == {ADMIN_ID: 1, CHANNEL_ID: 1}


@pytest.mark.slow("calls in flight end by their timeouts, and twelve orders take turns")
def test_a_hanging_crypto_pay_takes_no_thread_from_others(
    shop: Shop, newcomer: Callable[[], Buyer], line: Proxy
) -> None:
    """It accepts connections and never answers. Others are served, and each order finally gets its link.

    Without the guard every thread of the worker would wait for Crypto Pay, one after another.
    """
    waiters = [newcomer() for _ in range(12)]
    orders = [waiter.open_order("mini") for waiter in waiters]
    other = newcomer()
    since = len(shop.log_text())
    line.order("crypto_pay", "deaf", seconds=600, times=6)  # four calls in flight, then two tries
    taps = [waiter.tap_pay(order_id) for waiter, order_id in zip(waiters, orders, strict=True)]
    wait_until(lambda: '"error":"busy"' in shop.log_text()[since:], "the calls in flight to be capped")
    shop.wait_for_job(other.do(jobs.OpenOrder, slug="plus").key)
    wait_until(lambda: '"error":"circuit_open"' in shop.log_text()[since:], "the hanging to be known")
    for tap, order_id in zip(taps, orders, strict=True):
        assert shop.wait_for_job(tap.key)["attempts"] == 1
        assert len(shop.invoices(order_id)) == 1
