"""Tests of the watch's steps: when each is due again, and that a failing one does not stop the others."""

from __future__ import annotations

import time

import pytest

from socialboost.clients.crypto_pay_words import PaidInvoice
from socialboost.errors import AmbiguousError, ThrottledError, UnaskedError, UnreachableError
from tests.flows.shop.world import Shop
from workers.engine import resources
from workers.operations.watch import Step, Watch
from workers.payments.reconciler import Reconciler


def wait_of(step: Step) -> float:
    return step.due - time.monotonic()


def test_a_failed_step_is_repeated_soon_and_then_less_often() -> None:
    step = Step("ask", lambda: None, every_seconds=5.0)
    step.begin()
    waits = []
    for _ in range(5):
        step.fail(AmbiguousError("crypto_pay", "no answer in time"))
        waits.append(wait_of(step))
    assert waits == pytest.approx([1, 2, 4, 5, 5], abs=0.5)


def test_a_service_that_names_a_time_is_not_asked_before_it() -> None:
    step = Step("ask", lambda: None, every_seconds=5.0)
    step.begin()
    step.fail(ThrottledError("crypto_pay", "too many", retry_after=30))
    assert wait_of(step) == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize(
    ("error", "notice"),
    [
        (ValueError("one bad row"), "guarantee_stopped:broken"),
        (AmbiguousError("crypto_pay", "too long", status=200, code="too_long"), "guarantee_stopped:broken"),
        (UnaskedError("crypto_pay", "other invoices"), "guarantee_stopped:broken"),
        (AmbiguousError("crypto_pay", "HTTP 502", status=502), "crypto_pay_away"),
        (UnreachableError("crypto_pay", "HTTP 403", status=403), "crypto_pay_away"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_failing_step_stops_no_other_and_is_named_to_the_admins(
    stage: Shop, error: Exception, notice: str
) -> None:
    def break_down() -> None:
        raise error

    done: list[float] = []
    stage.rows("DELETE FROM job_ledger WHERE key LIKE 'notice:%%' RETURNING key")
    watch = Watch(resources.db, owner="test")
    broken = Step("broken", break_down, every_seconds=5.0)
    watch._steps = [broken, Step("next", lambda: done.append(time.monotonic()), every_seconds=0.0)]
    watch.round()
    broken.due, broken.failing_since = 0.0, time.monotonic() - 60.0
    watch.round()
    assert len(done) == 2
    rows = stage.rows("SELECT key FROM job_ledger WHERE key LIKE 'notice:%%'")
    notices = {row["key"].rpartition(":")[0] for row in rows}  # a message to each chat
    assert [key.startswith(f"notice:{notice}:") for key in notices] == [True]


@pytest.mark.usefixtures("here")
def test_a_payment_that_cannot_be_stored_is_listed_and_the_others_get_their_jobs(stage: Shop) -> None:
    def paid(number: int, order_id: str) -> PaidInvoice:
        return PaidInvoice(str(number), "USDT", "1", order_id, None, None, {})

    Reconciler(resources.db)._add_found([paid(8_001, "a"), paid(8_002, "b\x00"), paid(8_003, "c")])
    owed = "SELECT key FROM job_ledger WHERE key LIKE 'cp:800%%' ORDER BY key"
    assert [row["key"] for row in stage.rows(owed)] == ["cp:8001", "cp:8003"]
    (notice,) = stage.rows("SELECT data FROM owed_notices WHERE key = 'notice:payment_unreadable:8002'")
    assert notice["data"]["invoice_id"] == "8002"
