"""Tests of an order's cost: the commits and calls of each job. `./run bench cost` measures the rest."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

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


LINES = 16
"""The most lines of the workers at INFO or above for an order. Bot and web write the rest (`bench cost`)."""


@dataclass(frozen=True)
class Bought:
    """A person with a package, and what the workers logged until the admins knew of it."""

    buyer: Buyer
    log: list[dict[str, Any]]


@pytest.fixture(scope="module")
def bought(shop: Shop) -> list[Bought]:
    """Buyers who have each bought one package, one after another."""
    found = []
    for _ in range(ORDERS):
        mark = len(shop.log_text())
        buyer = Buyer(shop)
        buyer.start()
        buyer.do(jobs.ShowStats)  # fills the cache as a list of packages does
        buyer.read("📊")
        order_id = buyer.buy("plus")
        shop.wait_for_job(f"notice:order_paid:{order_id}:{ADMIN_ID}")
        lines = [line for line in shop.log_text()[mark:].splitlines() if line.startswith("{")]
        found.append(Bought(buyer, [json.loads(line) for line in lines]))
    return found


def commits(bought: list[Bought]) -> dict[str, int]:
    """Return the fewest commits that a run of each job took."""
    runs: Counter[tuple[str, str]] = Counter()
    for entry in (entry for one in bought for entry in one.log):
        if entry["event"] == "transaction_committed" and "job" in entry and "key" in entry:
            runs[entry["job"], entry["key"]] += 1
    return {name: min(count for (job, _), count in runs.items() if job == name) for name, _ in runs}


def test_no_job_of_an_order_commits_more_than_it_must(bought: list[Bought]) -> None:
    found = commits(bought)
    assert {name: found[name] for name in COMMITS} == COMMITS


def test_a_buyer_gets_no_more_messages_than_there_are_screens(shop: Shop, bought: list[Bought]) -> None:
    for method, most in CALLS.items():
        fewest = min(len(shop.telegram_calls(method, one.buyer.id)) for one in bought)
        assert fewest <= most, method


def test_an_order_writes_few_lines(bought: list[Bought]) -> None:
    at_info = [[entry for entry in one.log if entry["level"] != "DEBUG"] for one in bought]
    fewest = min(at_info, key=len)
    assert len(fewest) <= LINES, Counter((entry["event"], entry.get("job")) for entry in fewest)
