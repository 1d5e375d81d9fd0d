"""Callback data: parsing never raises, and order ids come out canonical."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialboost import callbacks

ORDER = "7d0e5c1a-3f61-4a53-9c9e-0c5a7f0f6f10"


def test_after_takes_what_follows() -> None:
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


def test_cancel_action_is_no_order() -> None:
    assert callbacks.order_id(callbacks.CANCEL_PREFIX, callbacks.CANCEL_ACTION) is None


def test_every_fixed_button_fits_telegram_s_64_bytes() -> None:
    longest = [f"{callbacks.CANCEL_PREFIX}{ORDER}", f"{callbacks.CONFIRM_PREFIX}{'s' * 50}"]
    assert all(len(data.encode()) <= 64 for data in longest)
