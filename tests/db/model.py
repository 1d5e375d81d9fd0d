"""A model of the shop in plain Python, with which tests/db/test_machine.py compares the database.

Time is minutes since the example began. An order's days are a place in its owner's schedule: the first entry
runs, the others wait, and passing time uses up the first. That is docs/adr/0004's rule, not the columns'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

HOUR, DAY = 60, 24 * 60
MONTH = 30 * DAY
PRICE = Decimal("99.99")
PAYABLE = ("pending", "cancelled", "failed")


@dataclass
class Order:
    slug: str
    deadline: int
    status: str = "pending"
    activated: int | None = None
    run: str = ""


@dataclass
class Buyer:
    """One person: orders, the schedule of their days, money, and what they used of each day's quota."""

    orders: dict[str, Order] = field(default_factory=dict)
    schedule: list[list] = field(default_factory=list)  # type: ignore[type-arg] # [order id, minutes left]
    payments: dict[str, tuple[str, str | None, Decimal]] = field(default_factory=dict)  # state, order, amount
    refunding: dict[str, str] = field(default_factory=dict)  # invoice -> wanted | refused | sent
    balance: Decimal = Decimal(0)
    revenue: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # by asset
    assets: dict[str, str] = field(default_factory=dict)  # of payments that came through an invoice
    activations: int = 0
    used: Counter[tuple[str, int]] = field(default_factory=Counter)
    now: int = 0

    def pass_time(self, minutes: int) -> None:
        self.now += minutes
        while minutes and self.schedule:
            spent = min(minutes, self.schedule[0][1])
            self.schedule[0][1] -= spent
            minutes -= spent
            if self.schedule[0][1] == 0:
                self.schedule.pop(0)

    def step_back(self, minutes: int) -> None:
        """The clock is set back: whatever runs has that much longer."""
        self.now -= minutes
        if self.schedule:
            self.schedule[0][1] += minutes

    def activate(self, order_id: str) -> None:
        order = self.orders[order_id]
        slugs = [self.orders[other].slug for other, _ in self.schedule]
        place = 0
        if slugs and slugs[0] == order.slug:
            while place < len(slugs) and slugs[place] == order.slug:
                place += 1
        order.run = next(
            (self.orders[other].run for other, _ in self.schedule if self.orders[other].slug == order.slug),
            order_id,
        )
        order.status = "paid"
        order.activated = self.now + sum(left for _, left in self.schedule[:place])
        for other, _ in self.schedule[place:]:
            behind = self.orders[other]
            if behind.activated is not None and behind.activated > self.now:
                behind.activated += MONTH
        self.schedule.insert(place, [order_id, MONTH])
        self.activations += 1

    def take_back(self, order_id: str) -> None:
        """A refund of an active or finished order: its days go, those behind it come forward."""
        self.orders[order_id].status = "refunded"
        place = next((n for n, (other, _) in enumerate(self.schedule) if other == order_id), None)
        if place is None:
            return
        left = self.schedule.pop(place)[1]
        for other, _ in self.schedule[place:]:
            behind = self.orders[other]
            if behind.activated is not None and behind.activated > self.now:
                behind.activated -= left

    def current(self) -> Order | None:
        """The newest of the active ones."""
        live = [self.orders[other] for other, _ in self.schedule]
        active = [order for order in live if order.activated is not None and order.activated <= self.now]
        return max(active, key=lambda order: order.activated or 0, default=None)

    def close(self, order_id: str | None, status: str) -> None:
        """After a decision: an order whose last exception it was is over."""
        waits = any(state == "exception" and other == order_id for state, other, _ in self.payments.values())
        if order_id is not None and self.orders[order_id].status == "processing" and not waits:
            self.orders[order_id].status = status

    def objection(self, order: Order | None, amount: Decimal, asset: str) -> str | None:
        """Return why money for this order waits for a person; None when it activates."""
        if order is None:
            return "unknown_order"
        if order.status not in PAYABLE:
            return "second_payment"
        if asset != "USDT":
            return "wrong_asset"
        if amount != PRICE:
            return "wrong_amount"
        return "too_late" if self.now > order.deadline + DAY else None

    def refusal(self, invoice: str, action: str, asset: str, *, named: bool) -> str | None:
        """Return why this cannot be decided about a payment; None when it can."""
        state, order_id, _ = self.payments[invoice]
        order = self.orders[order_id] if order_id else None
        paid = order is not None and order.status in ("paid", "completed")
        if self.refunding.get(invoice) == "wanted":
            return "refund_under_way"
        if state != "exception" and not (action == "refund" and state == "applied" and paid):
            return "already_resolved"
        if action == "activate" and order is None:
            return "no_order"
        if action in ("credit", "refund") and order is None and not named:
            return "no_owner"
        return "wrong_asset" if action == "credit" and asset != "USDT" else None
