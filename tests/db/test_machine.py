"""Runs random histories of a person on a real database against tests/db/model.py and the invariants.

`./run test tests/db/test_machine.py` walks 150 histories, always the same; with HYPOTHESIS_PROFILE=long, as
in .ci/run, it walks 500 of this selection, and with HYPOTHESIS_PROFILE=night 10,000 others. A failure prints
the steps that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.db.machine import Shop
from tests.db.store import opened
from tests.examples import profile

common = settings(
    deadline=None, derandomize=True, database=None, stateful_step_count=30,
    suppress_health_check=list(HealthCheck), print_blob=True, report_multiple_bugs=False,
)  # fmt: skip
PROFILES = {
    "push": settings(common, max_examples=150),
    "long": settings(common, max_examples=500),
    "night": settings(common, derandomize=False, max_examples=10_000),
}


@pytest.fixture
def shop(database_url: str) -> Iterator[type[Shop]]:
    """The machine on a database of the test's own, in UTC: a day's change is no part of the histories."""
    with opened(database_url) as store:
        store.run("UPDATE settings SET value = 'UTC' WHERE key = 'timezone'")
        store.run("SET synchronous_commit = off")
        yield type("ShopHere", (Shop,), {"store": store})


@pytest.mark.slow("its long form walks 500 histories of 30 steps")
def test_no_history_loses_or_doubles_anything(shop: type[Shop]) -> None:
    run_state_machine_as_test(shop, settings=PROFILES[profile()])


FLAWS = {
    "a second payment is taken for the first": ("apply_payment", "WHEN NOT v_unpaid THEN", "WHEN false THEN"),
    "any amount will do": (
        "apply_payment", "WHEN p_amount IS DISTINCT FROM v_invoice.amount OR", "WHEN false AND"
    ),
    "a decision is taken as often as it is asked for": (
        "resolve_payment", "THEN 'already_resolved'", "THEN NULL"
    ),
    "the days behind a newcomer do not move": (
        "activate_order", "expires_at = expires_at + v_length,", "expires_at = expires_at,"
    ),
    "a refund keeps its days": ("settle_refund", "PERFORM refund_order(v_order.id);", "NULL;"),
    "an end does not absorb": (
        "update_task_status", "v_http := 409;\n        v_message := format", "v_message := format"
    ),
    "the limit is one too high": (
        "add_user_post_v2", "v_used >= v_order.posts_per_day", "v_used > v_order.posts_per_day"
    ),
}  # fmt: skip


@pytest.mark.parametrize("flaw", FLAWS)
def test_the_machine_finds_a_planted_defect(shop: type[Shop], flaw: str) -> None:
    """Negative control: each defect, one at a time, is found within the histories of a push."""
    function, right, wrong = FLAWS[flaw]
    text = shop.store.value("SELECT pg_get_functiondef(%s::regproc)", function)
    assert text.count(right) >= 1
    shop.store.connection.execute(text.replace(right, wrong))
    with pytest.raises((AssertionError, psycopg.Error)):
        run_state_machine_as_test(shop, settings=settings(PROFILES["push"], phases=[Phase.generate]))
