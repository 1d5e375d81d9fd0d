"""The short form of ./run chaos: everything breaks at least once, and nobody's money is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.servers import PostgresServer
from tests.chaos import crash_points
from tests.chaos.run import Order, carry_out
from tests.chaos.schedule import STRESS, Kit

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.alone,
    pytest.mark.slow("a run must be long enough for everything to break at least once"),
]

SHORT = Kit(kills_at_webhook=2, freezes=1, wipes=1, valkey_kills=1, postgres_restarts=1, services=1, stress=1)
ORDERS = 150
AT_ONCE = 40
"""People at the same time. Faults make everybody tap again, and more people would overload a busy machine."""
TIMES = ("active_p99: ", "active_max: ")
"""Limits that depend on the machine too, so a run of a minute on a busy machine does not check them."""
ACTIVATED = "apply_payment+owe_claimed_job+owe_admin_notices+finish_job"
DEADLY = (
    "after call crypto_pay POST /api/createInvoice @ create_invoice",
    f"after commit {ACTIVATED} @ activate_order",
    "after call telegram POST sendMessage @ send_receipt",
    "before commit add_user_post+owe_job @ add_post",
    "after call main_bot POST /api/tasks @ dispatch_tasks",
    "after commit update_task_status+owe_job @ update_task_status",
)
CUT_OFF = (
    "cut before commit attach_invoice+remember_card @ create_invoice",
    f"cut after commit {ACTIVATED} @ activate_order",
    "cut after commit finish_sending_job @ send_receipt",
    "cut before commit record_dispatch @ dispatch_tasks",
)


def test_nothing_paid_is_lost_while_everything_breaks(run_directory: Path) -> None:
    result = carry_out(Order(run_directory, orders=ORDERS, rate=12.0, at_once=AT_ONCE, seed=1, kit=SHORT))
    figures = result.score.figures
    assert not [bar for bar in result.score.broken if not bar.startswith(TIMES)], result.score
    assert figures["orders_paid"] >= 0.95 * ORDERS, (
        "too few got as far as paying for the rest to mean anything"
    )
    assert figures["by_source"]["reconciler"] > 0, "no webhook was lost, or nobody noticed"
    assert {"kill", "wipe", "restart", "freeze"} <= {fault.kind for fault in result.saboteur.struck}
    assert all(result.met[name].get("lose_answer") for name in ("crypto_pay", "telegram", "postgres"))
    struck = {(fault.kind, fault.where) for fault in result.saboteur.struck}
    assert {(kind, where) for kind, where, _ in STRESS} <= struck
    assert figures["met_nobody"] == []
    assert set(figures["bad_rows"]) & {"job parked", "job queued", "job running"}, "nothing was spoilt"
    assert figures["open_jobs"] == 0, result.score.problems


def test_a_worker_may_die_or_lose_its_connections_at_every_step_of_money(
    run_directory: Path, postgres_server: PostgresServer
) -> None:
    points = DEADLY + CUT_OFF
    coverage = crash_points.carry_out(run_directory, points=points, at_once=6, postgres=postgres_server)
    assert set(points) <= set(coverage.existing), "a point has another name now"
    assert coverage.missed == []
    assert coverage.violations == {}
