"""A state machine test of orders, money and posts: each step is compared with a model."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.db.model import DAY, PAYABLE, PRICE, Buyer, Order
from tests.db.store import Store
from tests.invariants import OWED, find

ADMIN = 900_001
SLUGS = {"starter": 2, "pro": 3}
REPORTS = ("sent", "processing", "completed", "failed", "cancelled")
DECISIONS = st.sampled_from(["activate", "credit", "refund", "dismiss"])
ANSWERS = (None, "sent", "sent", "refused")
MINUTE = 60
EMPTY = """
DELETE FROM activations; DELETE FROM admin_actions; DELETE FROM balance_entries;
DELETE FROM broadcast_recipients; DELETE FROM invoices; DELETE FROM job_ledger;
DELETE FROM leases; DELETE FROM orders; DELETE FROM packages;
DELETE FROM payments; DELETE FROM posts; DELETE FROM refunds; DELETE FROM tasks; DELETE FROM users;
"""
"""Of a few rows each, for which TRUNCATE takes many times as long."""
pick = st.integers(0, 10**6)
"""Chooses among whatever there is: the same number means the same choice when a history is repeated."""


class Shop(RuleBasedStateMachine):
    """One person in a shop that is emptied before each history."""

    store: ClassVar[Store]

    def __init__(self) -> None:
        super().__init__()
        self.model = Buyer()
        self.numbers = itertools.count(1)
        self.tasks: dict[str, str] = {}
        """Task -> the status it must have."""
        self.runs: dict[str, str] = {}
        """Task -> whose quota it takes."""
        self.store.run("SET session_replication_role = replica")
        self.store.run(EMPTY)
        self.store.run("SET session_replication_role = origin")
        for slug, posts in SLUGS.items():
            self.store.package(slug, posts_per_day=posts)
        self.person = self.store.person()

    def some(self, things: Any, number: int) -> Any:
        found = list(things)  # in the order they came: ids are random, and a history must be repeatable
        return found[number % len(found)] if found else None

    def shift(self, minutes: int) -> None:
        """Move everything stored, and with it nothing else; whole days move the posts' days, too."""
        self.store.shift(minutes)
        if minutes > 0:
            self.model.pass_time(minutes)
        else:
            self.model.step_back(-minutes)

    def paid(self, invoice: str, order_id: str | None, amount: Decimal, asset: str) -> None:
        """A payment event arrives: what the database says of it must be what the model says."""
        order = self.model.orders.get(order_id or "")
        answer = self.store.pay(invoice, order_id, amount, asset)
        if invoice in self.model.payments:
            assert answer["outcome"] == "duplicate"
            return
        reason = self.model.objection(order, amount, asset)
        self.model.assets[invoice] = asset
        assert (answer["outcome"], answer["reason"]) == (
            ("exception", reason) if reason else ("activated", None)
        )
        self.model.payments[invoice] = (
            "exception" if reason else "applied",
            order_id if order else None,
            amount,
        )
        if order is None or order_id is None:
            return
        if reason is None:
            self.model.activate(order_id)
            self.model.revenue[asset] += amount
        elif order.status in PAYABLE:
            order.status = "processing"

    # --- buying ---

    @initialize(slugs=st.lists(st.sampled_from(sorted(SLUGS)), max_size=2))
    def has_bought(self, slugs: list[str]) -> None:
        for slug in slugs:
            self.buy_and_pay(slug)

    @rule(slug=st.sampled_from(sorted(SLUGS)))
    def buy(self, slug: str) -> None:
        order_id = self.store.order(self.person, slug)
        for other in self.model.orders.values():
            if (other.slug, other.status) == (slug, "pending") and other.deadline <= self.model.now:
                other.status = "cancelled"
        pending = [i for i, o in self.model.orders.items() if (o.slug, o.status) == (slug, "pending")]
        if pending:
            assert pending == [order_id]
        else:
            assert order_id not in self.model.orders
            self.model.orders[order_id] = Order(slug, self.model.now + 60)

    @precondition(lambda self: self.model.orders)
    @rule(number=pick)
    def pay(self, number: int) -> None:
        """Also late, and twice: by whichever order is picked."""
        self.paid(f"I{next(self.numbers)}", self.some(self.model.orders, number), PRICE, "USDT")

    @rule(slug=st.sampled_from(sorted(SLUGS)))
    def buy_and_pay(self, slug: str) -> None:
        self.buy(slug)
        order_id = next(i for i, o in self.model.orders.items() if (o.slug, o.status) == (slug, "pending"))
        self.paid(f"I{next(self.numbers)}", order_id, PRICE, "USDT")

    @precondition(lambda self: self.model.orders)
    @rule(number=pick, wrong=st.sampled_from([("99.98", "USDT"), ("99.99", "TON"), ("150", "USDT")]))
    def pay_wrongly(self, number: int, wrong: tuple[str, str]) -> None:
        """Mostly for an order that waits for money."""
        waiting = [order_id for order_id, order in self.model.orders.items() if order.status in PAYABLE]
        order_id = self.some(waiting if waiting and number % 4 else self.model.orders, number)
        self.paid(f"I{next(self.numbers)}", order_id, Decimal(wrong[0]), wrong[1])

    @precondition(lambda self: self.model.payments)
    @rule(number=pick)
    def webhook_repeated(self, number: int) -> None:
        invoice = self.some((i for i in self.model.payments if i.startswith("I")), number)
        if invoice is not None:
            self.paid(invoice, self.model.payments[invoice][1], PRICE, "USDT")

    @rule()
    def pay_for_nothing_we_know(self) -> None:
        self.paid(f"I{next(self.numbers)}", None, PRICE, "USDT")

    @precondition(lambda self: self.model.orders)
    @rule(number=pick)
    def cancel(self, number: int) -> None:
        order = self.model.orders[order_id := self.some(self.model.orders, number)]
        assert self.store.call("cancel_order", self.person, order_id)["success"] is (
            order.status == "pending"
        )
        if order.status == "pending":
            order.status = "cancelled"

    @precondition(lambda self: self.model.orders)
    @rule(number=pick)
    def pay_from_balance(self, number: int) -> None:
        order = self.model.orders[order_id := self.some(self.model.orders, number)]
        outcome = self.store.call("pay_from_balance", self.person, order_id)["outcome"]
        if order.status != "pending" or order.deadline <= self.model.now:
            assert outcome == "not_pending"
        elif self.model.balance < PRICE:
            assert outcome == "insufficient"
        else:
            assert outcome == "activated"
            self.model.balance -= PRICE
            self.model.revenue["USDT"] += PRICE
            self.model.payments[order_id] = ("applied", order_id, PRICE)
            self.model.activate(order_id)

    # --- what admins decide ---

    @precondition(lambda self: self.model.payments)
    @rule(number=pick, actions=st.lists(DECISIONS, min_size=1, max_size=3), word=st.sampled_from(ANSWERS))
    def decide(self, number: int, actions: list[str], word: str | None) -> None:
        """Several admins about one payment, mostly one that waits; Crypto Pay may answer in between."""
        waiting = [name for name, (state, _, _) in self.model.payments.items() if state == "exception"]
        invoice = self.some(waiting if waiting and number % 2 else self.model.payments, number)
        for action in actions:
            self.decide_once(invoice, action)
            if word is not None and invoice in self.model.refunding:
                self.answer_refund(invoice, word)

    def decide_once(self, invoice: str, action: str) -> None:
        model = self.model
        row = self.store.rows("SELECT id, asset, user_id FROM payments WHERE invoice_id = %s", invoice)[0]
        answer = self.store.call("resolve_payment", row["id"], action, ADMIN)
        error = model.refusal(invoice, action, row["asset"], named=row["user_id"] is not None)
        assert (answer["success"], answer.get("error")) == (error is None, error)
        if error is None:
            self._decided(invoice, action, answer)

    def _decided(self, invoice: str, action: str, answer: dict[str, Any]) -> None:
        model = self.model
        _, order_id, amount = model.payments[invoice]
        if action == "activate":
            assert order_id is not None
            target = answer["order_id"]
            if model.orders[order_id].status in ("paid", "completed", "refunded"):
                assert target not in model.orders, "a second payment buys again"
                model.orders[target] = Order(model.orders[order_id].slug, model.now + 60)
            else:
                assert target == order_id
            model.payments[invoice] = ("applied", target, amount)
            model.activate(target)
            model.revenue[model.assets[invoice]] += amount
        elif action == "refund" and answer["refunded"]:
            assert order_id is not None
            model.payments[invoice] = ("refunded", order_id, amount)
            model.balance += amount
            model.revenue[model.assets.get(invoice, "USDT")] -= amount
            model.take_back(order_id)
        elif action == "refund":
            model.refunding[invoice] = "wanted"
        else:
            if action == "credit":
                model.balance += amount
            model.payments[invoice] = ("resolved", order_id, amount)
            model.close(order_id, "cancelled")

    @precondition(lambda self: self.model.refunding)
    @rule(number=pick, state=st.sampled_from(["sent", "refused"]))
    def settle_refund(self, number: int, state: str) -> None:
        self.answer_refund(self.some(self.model.refunding, number), state)

    def answer_refund(self, invoice: str, state: str) -> None:
        model = self.model
        refund_id = self.store.value(
            "SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE p.invoice_id = %s",
            invoice,
        )
        changed = self.store.call("settle_refund", refund_id, state, "T", None)["changed"]
        assert changed is (model.refunding[invoice] == "wanted")
        if not changed:
            return
        model.refunding[invoice] = state
        was, order_id, amount = model.payments[invoice]
        if state == "sent" and was == "applied":
            assert order_id is not None
            model.payments[invoice] = ("refunded", order_id, amount)
            model.revenue[model.assets.get(invoice, "USDT")] -= amount
            model.take_back(order_id)
        elif state == "sent":
            model.payments[invoice] = ("resolved", order_id, amount)
            model.close(order_id, "refunded")

    @precondition(lambda self: any(order is None for _, order, _ in self.model.payments.values()))
    @rule()
    def name_the_owner(self) -> None:
        for payment in self.store.rows(
            "SELECT id FROM payments WHERE order_id IS NULL AND state = 'exception'"
        ):
            self.store.call("name_payment_owner", payment["id"], self.person, ADMIN)

    # --- time ---

    @rule(days=st.sampled_from([1, 1, 2, 10, 30]))
    def time_passes(self, days: int) -> None:
        self.shift(days * DAY)

    @rule()
    def clock_steps_back(self) -> None:
        """By seven minutes, as after a wrong one: what was over and swept stays so."""
        self.sweep()
        self.shift(-7)

    @rule()
    def sweep(self) -> None:
        self.store.rows("SELECT * FROM expire_orders(1000)")
        self.store.call("complete_orders", 1000)
        live = {order_id for order_id, _ in self.model.schedule}
        for order_id, order in self.model.orders.items():
            if order.status == "pending" and order.deadline <= self.model.now:
                order.status = "cancelled"
            elif order.status == "paid" and order_id not in live:
                order.status = "completed"

    # --- posts and tasks ---

    @rule(links=st.lists(st.integers(1, 5), min_size=1, max_size=5))
    def add_posts(self, links: list[int]) -> None:
        for link in links:
            self.add_post(link)

    def add_post(self, link: int) -> None:
        current = self.model.current()
        answer = self.store.post(self.person, f"https://t.me/channel/{link}")
        if current is None:
            assert answer.get("error") == "no_active_package"
            return
        day = answer["local_day"]
        today = [
            (row["id"], row["url"])
            for row in self.store.rows(
                "SELECT t.id::text, p.url FROM tasks t JOIN posts p ON p.id = t.post_id"
                " WHERE p.local_day = %s",
                day,
            )
            if self.runs.get(row["id"]) == current.run
            and self.tasks[row["id"]] not in ("failed", "cancelled")
        ]
        same = [task for task, url in today if url.endswith(f"/{link}")]
        if same:
            assert answer.get("error") == "duplicate_post"
        elif len(today) >= SLUGS[current.slug]:
            assert answer.get("error") == "daily_limit"
        else:
            assert (answer["success"], answer["used"]) == (True, len(today) + 1)
            self.runs[answer["task_id"]] = current.run
            self.tasks[answer["task_id"]] = "created"

    @precondition(lambda self: self.tasks)
    @rule(number=pick, statuses=st.lists(st.sampled_from(REPORTS), min_size=1, max_size=4))
    def main_bot_reports(self, number: int, statuses: list[str]) -> None:
        """In any order, again, and of tasks that are not ours."""
        foreign = "00000000-0000-4000-8000-000000000000"
        assert self.store.call("update_task_status", foreign, statuses[0], None, None)["http"] == 404
        task = self.some(self.tasks, number)
        for status in statuses:
            self.report(task, status)

    def report(self, task: str, status: str) -> None:
        before, ranks = self.tasks[task], ["created", "sent", "processing"]
        answer = self.store.call("update_task_status", task, status, None, None)
        if before in ranks:
            moves = status not in ranks or ranks.index(status) > ranks.index(before)
            assert (answer["http"], answer["changed"]) == (200, moves)
        else:
            moves = (before, status) == ("failed", "completed")
            assert (answer["http"], answer["changed"]) == (200 if moves or status == before else 409, moves)
        if moves:
            self.tasks[task] = status

    @rule()
    def main_bot_pulls(self) -> None:
        for task in self.store.call("get_pending_tasks", 10, "main-bot", 900):
            assert self.tasks[task["task_id"]] in ("created", "sent")
            self.tasks[task["task_id"]] = "sent"

    @precondition(lambda self: self.tasks)
    @rule(number=pick, outcome=st.sampled_from(["accepted", "refused", "not_accepted", "ambiguous", "dies"]))
    def push(self, number: int, outcome: str) -> None:
        task = self.some(self.tasks, number)
        begun = self.store.call("begin_dispatch", task, f"pusher{number}", 60)["outcome"]
        if self.tasks[task] not in ("created", "sent"):
            assert begun == "settled"
        if begun != "push" or outcome == "dies":
            return
        self.store.call("record_dispatch", task, f"pusher{number}", outcome, None, "why")
        if outcome in ("accepted", "refused"):
            self.tasks[task] = "failed" if outcome == "refused" else "sent"

    @precondition(lambda self: self.tasks)
    @rule(number=pick)
    def ask_about(self, number: int) -> None:
        task = self.some(self.tasks, number)
        settled = self.tasks[task] not in ("created", "sent")
        assert (self.store.call("reissue_task", task)["outcome"] == "settled") is settled

    @precondition(lambda self: self.tasks)
    @rule(number=pick)
    def give_up(self, number: int) -> None:
        task = self.some(self.tasks, number)
        ends = self.tasks[task] in ("created", "sent", "processing")
        assert self.store.call("abandon_task", task, "why")["ended"] is ends
        if ends:
            self.tasks[task] = "failed"

    # --- crashes ---

    @precondition(lambda self: self.model.orders)
    @rule(number=pick)
    def crash_before_the_commit(self, number: int) -> None:
        """Everything a payment and a post do is undone; the ledger's job comes again."""
        order_id = self.some(self.model.orders, number)
        with self.store.connection.transaction(force_rollback=True):
            self.store.pay(f"C{next(self.numbers)}", order_id)
            self.store.post(self.person)

    @rule()
    def crash_in_the_middle_of_a_job(self) -> None:
        """Its lease runs out: it is claimed again until its attempts are used, and never a fourth time."""
        claim = "SELECT outcome, attempts FROM claim_job(%s, 'a', 'q', '{}', 3, 60, %s)"
        key = f"job{next(self.numbers)}"
        for attempt in (1, 2, 3):
            (claimed,) = self.store.rows(claim, key, f"w{attempt}")
            assert (claimed["outcome"], claimed["attempts"]) == ("claimed", attempt)
            assert self.store.rows(claim, key, "other")[0]["outcome"] == "busy"
            self.store.run("UPDATE job_ledger SET lease_until = now() - interval '1 s' WHERE key = %s", key)
            self.store.run("UPDATE leases SET until = now()")
            swept = self.store.rows("SELECT action FROM sweep_jobs('s', 5, '{q}', 10, 60)")
        assert [row["action"] for row in swept] == ["exhausted"]
        self.store.run("UPDATE job_ledger SET state = 'parked', lease_until = NULL WHERE key = %s", key)

    # --- what must hold after every step ---

    @invariant()
    def nothing_is_as_it_must_never_be(self) -> None:
        assert [found for found in find(self.store.connection) if found[0] not in OWED] == []

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        model, store = self.model, self.store
        rows = store.rows("SELECT id::text, status, expires_at - clock_timestamp() AS left FROM orders")
        assert {row["id"]: row["status"] for row in rows} == {i: o.status for i, o in model.orders.items()}
        left = {row["id"]: row["left"].total_seconds() / MINUTE for row in rows if row["left"] is not None}
        ends = itertools.accumulate(minutes for _, minutes in model.schedule)
        for (order_id, _), end in zip(model.schedule, ends, strict=True):
            assert abs(left[order_id] - end) < 3, (order_id, left[order_id], end)
        figures = store.stats(self.person)
        assert (figures["balance"], figures["total_spent"]) == (model.balance, model.revenue["USDT"])
        others = {asset: sum_ for asset, sum_ in model.revenue.items() if asset != "USDT" and sum_}
        assert figures["spent_by_asset"] == others
        assert store.value("SELECT count(*) FROM activations") == model.activations
        tasks = store.rows("SELECT id::text, status FROM tasks")
        assert {row["id"]: row["status"] for row in tasks} == self.tasks
