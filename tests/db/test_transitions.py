"""Tests of state transitions in the tables: every allowed one passes, every other is refused."""

from __future__ import annotations

import itertools
import re

import psycopg
import pytest

from tests.db.store import Store
from tests.db.test_decisions import decide

LEGAL = {
    "orders": {
        "pending": {"paid", "cancelled", "failed", "processing"},
        "cancelled": {"paid", "processing"},
        "failed": {"paid", "processing"},
        "processing": {"paid", "refunded", "cancelled"},
        "paid": {"completed", "refunded"},
        "completed": {"refunded"},
        "refunded": set(),
    },
    "posts": {
        "pending": {"processing", "completed", "failed", "cancelled"},
        "processing": {"completed", "failed", "cancelled"},
        "failed": {"completed"},
        "completed": set(),
        "cancelled": set(),
    },
    "tasks": {
        "created": {"sent", "processing", "completed", "failed", "cancelled"},
        "sent": {"processing", "completed", "failed", "cancelled"},
        "processing": {"completed", "failed", "cancelled"},
        "failed": {"completed"},
        "completed": set(),
        "cancelled": set(),
    },
    "payments": {"exception": {"applied", "resolved"}, "applied": set(), "resolved": set()},
    "refunds": {"wanted": {"sent", "refused"}, "refused": {"wanted"}, "sent": set()},
}
"""Written down a second time, from the specification and design, not read from the migration."""

ALONG = {
    "orders": "activated_at = now(), expires_at = now() + interval '1 day'",
    "posts": "processed_at = now()",
    "tasks": "completed_at = CASE WHEN %(to)s::text IN ('completed', 'failed', 'cancelled') THEN now() END",
    "payments": "resolved_at = now(), resolution = 'dismissed', reason = 'late'",
    "refunds": "refusal = 'X'",
}
"""What the row's CHECKs want beside the status, so that it is the trigger that refuses."""


@pytest.fixture
def one_of_each(store: Store) -> None:
    buyer = store.person()
    store.buy(buyer)
    store.post(buyer)
    store.package("other")
    order_id = store.order(buyer, "other", invoice="E1")
    store.pay("E1", order_id, 1)
    decide(store, "E1", "refund")


def column(table: str) -> str:
    return "state" if table in ("payments", "refunds") else "status"


def move(store: Store, table: str, to: str) -> None:
    moved = f"{column(table)} = %(to)s::text, {ALONG[table]}"
    text = f"UPDATE {table} SET {moved} WHERE id = (SELECT min(id::text)::uuid FROM {table})"  # noqa: S608 (names above)
    store.connection.execute(text, {"to": to})  # type: ignore[arg-type]


@pytest.mark.breaks(
    *("payment_without_activation", "activation_without_payment", "order_active_without_activation"),
    *("order_waits_for_no_decision", "order_refunded_without_refund", "refund_not_accounted"),
    *("decision_without_effect", "decision_nobody_took", "post_is_not_as_its_task"),
    why="it moves one row's status and nothing that belongs to it",
)
@pytest.mark.parametrize("table", LEGAL)
@pytest.mark.usefixtures("database_url", "one_of_each")
def test_the_table_accepts_exactly_the_transitions_of_the_state_machine(store: Store, table: str) -> None:
    states = LEGAL[table]
    for start, end in itertools.permutations(states, 2):
        store.run(f"ALTER TABLE {table} DISABLE TRIGGER refuse_transition")
        move(store, table, start)
        store.run(f"ALTER TABLE {table} ENABLE TRIGGER refuse_transition")
        if end in states[start]:
            move(store, table, end)
        else:
            with pytest.raises(
                psycopg.errors.IntegrityConstraintViolation, match=f"no such move: {start}>{end}"
            ):
                move(store, table, end)


@pytest.mark.parametrize("table", LEGAL)
def test_the_state_machine_has_every_state_of_the_table(store: Store, table: str) -> None:
    """A state in the CHECK that the state machine does not have would have no way out."""
    (check,) = store.rows(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'c' AND pg_get_constraintdef(oid) ~ %s",
        table, rf"^CHECK \(\(\(?{column(table)}\)?(::text)? = ANY",
    )  # fmt: skip
    assert set(re.findall(r"'(\w+)'", check["text"])) == set(LEGAL[table])


def test_writing_the_same_status_again_is_accepted(store: Store) -> None:
    buyer = store.person()
    store.buy(buyer)
    assert store.run("UPDATE orders SET status = 'paid'") == 1
