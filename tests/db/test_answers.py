"""Tests of the functions about decisions: their answers have the types of socialboost/db/answers.py."""

from __future__ import annotations

import types
import typing
from typing import Any

import pytest

from socialboost.db import answers
from tests.db.store import Store

ADMIN = 5
NOBODYS = "00000000-0000-4000-8000-000000000000"


def fits(value: Any, shape: Any) -> bool:
    """Return True if a value from JSON is of the type."""
    origin = typing.get_origin(shape)
    if shape is Any:
        return True
    if typing.is_typeddict(shape):
        hints = typing.get_type_hints(shape)
        return value.keys() == hints.keys() and all(fits(value[name], hints[name]) for name in hints)
    if origin in {typing.Union, types.UnionType}:
        return any(fits(value, part) for part in typing.get_args(shape))
    if origin is typing.Literal:
        return any(value == word and type(value) is type(word) for word in typing.get_args(shape))
    return type(value) is (origin or shape)


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        ({"success": False, "error": "x"}, True),
        ({"success": True, "error": "x"}, False),
        ({"success": False, "error": None}, False),
        ({"success": False}, False),
        ({"success": False, "error": "x", "state": "y"}, False),
    ],
)
def test_a_value_of_another_shape_is_found(value: Any, is_right: bool) -> None:
    """Negative control."""
    assert fits(value, answers.Refused) is is_right


@pytest.fixture
def buyer(store: Store) -> int:
    return store.person()


def excepted(store: Store, buyer: int, invoice: str) -> str:
    assert store.pay(invoice, store.order(buyer, invoice=invoice), "50")["outcome"] == "exception"
    return str(store.value("SELECT id FROM payments WHERE invoice_id = %s", invoice))


@pytest.mark.parametrize(
    ("action", "shape"),
    [
        ("activate", answers.PaymentActivated),
        ("credit", answers.PaymentClosed),
        ("refund", answers.RefundWanted),
        ("dismiss", answers.PaymentClosed),
    ],
)
def test_the_answers_about_a_payment_have_their_types(
    store: Store, buyer: int, action: str, shape: Any
) -> None:
    payment_id = excepted(store, buyer, "I1")
    answer = store.call("resolve_payment", payment_id, action, ADMIN)
    assert fits(answer, shape), answer
    for one in (payment_id, NOBODYS):
        answer = store.call("resolve_payment", one, action, ADMIN)
        assert fits(answer, answers.PaymentNotResolved), answer


def test_the_answers_about_a_payment_from_the_balance_have_their_types(store: Store, buyer: int) -> None:
    store.run(
        "INSERT INTO balance_entries (user_id, amount, kind, reference) VALUES (%s, 500, 'gift', 'x')",
        store.user_id(buyer),
    )
    store.call("pay_from_balance", buyer, store.order(buyer))
    payment_id = store.value("SELECT id FROM payments WHERE provider = 'balance'")
    answer = store.call("resolve_payment", payment_id, "refund", ADMIN)
    assert fits(answer, answers.PaymentRefunded), answer


def test_the_answers_about_an_owner_have_their_types(store: Store, buyer: int) -> None:
    assert store.pay("I1", None)["outcome"] == "exception"
    payment_id = store.value("SELECT id FROM payments")
    assert fits(store.call("name_payment_owner", payment_id, buyer, ADMIN), answers.OwnerNamed)
    assert fits(store.call("name_payment_owner", NOBODYS, buyer, ADMIN), answers.Refused)


def test_the_answers_about_a_package_have_their_types(store: Store) -> None:
    package_id = store.value("SELECT id FROM packages ORDER BY slug LIMIT 1")
    for one, shape in ((package_id, answers.Done), (NOBODYS, answers.Refused)):
        answer = store.value("SELECT change_package(%s, 'New', NULL, NULL, NULL, %s)", one, ADMIN)
        assert fits(answer, shape), answer


def test_the_answers_about_a_broadcast_have_their_types(store: Store) -> None:
    broadcast_id = store.value(
        "INSERT INTO broadcasts (admin_telegram_id, body, request_id) VALUES (5, 'x', 'r') RETURNING id"
    )
    for action in ("send", "send", "pause", "cancel"):
        answer = store.call("move_broadcast", broadcast_id, action, ADMIN)
        assert fits(answer, answers.BroadcastMoved), answer
    assert store.call("move_broadcast", NOBODYS, "send", ADMIN) is None


def test_the_answers_about_a_parked_job_and_its_task_have_their_types(store: Store, buyer: int) -> None:
    store.buy(buyer)
    task_id = store.post(buyer)["task_id"]
    store.run(
        "INSERT INTO job_ledger (key, actor, queue, args, state, max_attempts) VALUES"
        " ('k', 'dispatch_tasks', 'tasks', jsonb_build_object('task_id', %s::text), 'parked', 3)",
        str(task_id),
    )
    ref = store.value("SELECT md5(key) FROM job_ledger WHERE key = 'k'")
    assert fits(store.call("settle_parked_job", ref, "discard", ADMIN, "not so"), answers.JobChanged)
    assert fits(store.call("settle_parked_job", ref, "discard", ADMIN), answers.JobSettled)
    assert store.call("settle_parked_job", ref, "discard", ADMIN) is None
    assert fits(store.call("abandon_task", task_id, "x"), answers.TaskAbandoned)
    for one in (task_id, NOBODYS):
        assert fits(store.call("abandon_task", one, "x"), answers.TaskNotAbandoned)
