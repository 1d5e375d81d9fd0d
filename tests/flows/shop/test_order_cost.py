"""Tests of an order's cost: the commits and calls of each job. `./run bench cost` measures the rest."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop

ORDERS = 3
"""The smallest of several runs counts, because a busy machine only adds repetitions."""
COMMITS = {
    "register_user": 3,  # the claim, which registers; the figures; its end
    "open_order": 2,  # the claim; the order (the person is in the cache)
    "create_invoice": 4,  # the claim; the person; the order and the right to an invoice; the invoice
    "activate_order": 2,  # the claim; everything else
    "send_receipt": 1,  # its end: it was born claimed, with what it says
    "close_order_cards": 1,  # its end, for the same reason
    "send_admin_notice": 2,  # the claim, with what it needs; its end
}
"""The most commits of each job, without the end of those that share one (finisher.py)."""
CALLS = {"sendMessage": 2, "editMessageText": 4}
"""Messages to the buyer: the welcome and the receipt; the figures, the card, its link and its end."""


@pytest.fixture(scope="module")
def bought(shop: Shop) -> list[Buyer]:
    """Buyers who have each bought one package, one after another."""
    buyers = []
    for _ in range(ORDERS):
        buyer = Buyer(shop)
        buyer.start()
        buyer.do(jobs.ShowStats)  # fills the cache as a list of packages does
        buyer.read("📊")
        order_id = buyer.buy("plus")
        shop.wait_for_job(f"notice:order_paid:{order_id}:{ADMIN_ID}")
        buyers.append(buyer)
    return buyers


def commits(shop: Shop) -> dict[str, int]:
    """Return the fewest commits that a run of each job took."""
    runs: Counter[tuple[str, str]] = Counter()
    for line in shop.log_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("event") == "transaction_committed" and "job" in entry and "key" in entry:
            runs[entry["job"], entry["key"]] += 1
    return {name: min(count for (job, _), count in runs.items() if job == name) for name, _ in runs}


def test_no_job_of_an_order_commits_more_than_it_must(shop: Shop, bought: list[Buyer]) -> None:
    found = commits(shop)
    assert {name: found[name] for name in COMMITS} == COMMITS


def test_a_buyer_gets_no_more_messages_than_there_are_screens(shop: Shop, bought: list[Buyer]) -> None:
    for method, most in CALLS.items():
        fewest = min(len(shop.telegram_calls(method, buyer.id)) for buyer in bought)
        assert fewest <= most, method
