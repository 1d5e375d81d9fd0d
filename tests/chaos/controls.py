"""Runs the chaos rig's negative controls: small runs, each without one guard, set up so that it is needed.

With every guard in place the short form has the same faults and must pass (test_chaos.py).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.chaos.buyers import Shares
from tests.chaos.run import Order
from tests.chaos.schedule import CALM

PLAIN = Shares(posts=0.0, pays_twice=0.0, pays_wrong=0.0, cancels_first=0.0, taps_twice=0.0)
FEW = {"interactive": 2, "background": 1}
COMMITTED = (
    "after commit apply_payment+owe_claimed_job+owe_admin_notices+finish_job @ activate_order",
    "after commit apply_payment+owe_admin_notices+finish_job @ activate_order",
)
"""The money is recorded, its buyer is not told yet; the second is its name without the outbox."""
SENT = "after call telegram POST sendMessage @ send_receipt"

NAMES = ("reconciler", "row_lock", "outbox", "attempt_before_effect")


def order(name: str, directory: Path) -> Order:
    """Return the run of a control."""
    plain = Order(directory=directory, without=name, kit=CALM, shares=PLAIN, rate=10.0, rig=dict(FEW))
    if name == "reconciler":  # nobody is told by the service, so somebody has to ask it
        return replace(plain, orders=30, kit=replace(CALM, webhook_shares={"lost": 0.5}), settle_seconds=12.0)
    if name == "row_lock":  # both invoices of an order are paid in the same moment
        return replace(plain, orders=40, shares=replace(PLAIN, pays_twice=1.0), settle_seconds=20.0)
    if name == "outbox":  # dies between the commit and the sending
        return replace(plain, orders=10, armed=dict.fromkeys(COMMITTED, 3), settle_seconds=60.0)
    # Dies as often as the cap allows for, and each time has sent the receipt before.
    return replace(plain, orders=1, armed={SENT: 2}, settle_seconds=60.0)
