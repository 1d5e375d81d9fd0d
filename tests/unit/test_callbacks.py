"""Tests of callback data: parsing never raises, and order ids are canonical."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialboost.chat import callbacks

ORDER = "7d0e5c1a-3f61-4a53-9c9e-0c5a7f0f6f10"


def test_after_returns_the_text_behind_the_prefix() -> None:
    assert callbacks.after(callbacks.PACKAGE_PREFIX, "pkg_starter-mini") == "starter-mini"
    assert callbacks.after(callbacks.PACKAGE_PREFIX, "pkg_") is None
    assert callbacks.after(callbacks.PACKAGE_PREFIX, "xpkg_a") is None


@pytest.mark.parametrize("text", [ORDER, ORDER.upper(), ORDER.replace("-", ""), f"{{{ORDER}}}"])
def test_order_ids_are_canonical(text: str) -> None:
    assert callbacks.order_id(callbacks.PAY_PREFIX, f"pay_{text}") == ORDER


@given(st.text())
def test_no_text_raises(text: str) -> None:
    found = callbacks.order_id(callbacks.CANCEL_PREFIX, f"cancel_{text}")
    assert found is None or len(found) == 36


def test_the_cancel_action_is_not_read_as_an_order() -> None:
    assert callbacks.order_id(callbacks.CANCEL_PREFIX, callbacks.CANCEL_ACTION) is None


def test_every_fixed_button_fits_telegram_s_64_bytes() -> None:
    longest = [f"{callbacks.CANCEL_PREFIX}{ORDER}", f"{callbacks.CONFIRM_PREFIX}{'s' * 50}"]
    longest += [callbacks.decision(action, ORDER, "0123456789") for action in callbacks.DECISIONS]
    longest += [f"{callbacks.PAYMENT_OWNER_PREFIX}{ORDER}_0123456789", f"{callbacks.BALANCE_PREFIX}{ORDER}"]
    longest += [f"{callbacks.EDIT_PREFIX}{field}_{ORDER}_0123456789" for field in callbacks.PACKAGE_FIELDS]
    letter = f"{callbacks.LETTER_PREFIX}{ORDER}"
    longest += [
        callbacks.settlement(action, letter, callbacks.LETTER_SEEN) for action in callbacks.SETTLEMENTS
    ]
    longest += [f"{callbacks.ADMIN_EXCEPTIONS_PREFIX}9999", f"{callbacks.ADMIN_JOBS_PREFIX}9999"]
    assert all(len(data.encode()) <= 64 for data in longest)


@pytest.mark.parametrize("action", callbacks.DECISIONS)
@pytest.mark.parametrize("seen", ["", "0123456789"])
def test_a_decision_is_read_as_it_is_written(action: str, seen: str) -> None:
    data = callbacks.decision(action, ORDER, seen)
    assert callbacks.payment_decision(data.removeprefix("payment_")) == (action, ORDER, seen)


@pytest.mark.parametrize("ref", ["0" * 32, f"letter_{ORDER}"])
@pytest.mark.parametrize("seen", ["", callbacks.LETTER_SEEN, "01234567"])
def test_a_settlement_is_read_as_it_is_written(ref: str, seen: str) -> None:
    data = callbacks.settlement("discard", ref, seen)
    assert callbacks.job_settlement(data.removeprefix("job_")) == ("discard", ref, seen)


@pytest.mark.parametrize("data", [
    *(f"payment_{action}_{ORDER}" for action in callbacks.DECISIONS),
    *(f"payment_{ORDER}", f"payment_owner_{ORDER}", f"balance_{ORDER}", f"job_discard_letter_{ORDER}"),
    *(f"job_{'0' * 32}", f"job_replay_{'0' * 32}", "admin_panel", "admin_exceptions_0", "admin_jobs_0"),
])  # fmt: skip
def test_no_button_of_the_admins_is_read_as_an_order_s(data: str) -> None:
    assert callbacks.order_id(callbacks.PAY_PREFIX, data) is None
    assert callbacks.order_id(callbacks.CANCEL_PREFIX, data) is None


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("0" * 32, "0" * 32),
        (f"letter_{ORDER.upper()}", f"letter_{ORDER}"),
        ("0" * 31, None),
        ("Z" * 32, None),
        ("letter_", None),
        (ORDER, None),
    ],
)
def test_a_job_is_named_by_a_digest_or_a_letter(text: str, ref: str | None) -> None:
    assert callbacks.job_ref(text) == ref
