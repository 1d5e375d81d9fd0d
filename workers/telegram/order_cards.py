"""Records which messages offer an unpaid order, so that they can be redrawn when the order ends.

The records are in PostgreSQL, so a wiped Redis loses none. A message is added when a tap shows such an order
in it, and removed when a later tap shows something else. The tap says which order the message offered
(`Tap.shown_order`).
"""

from __future__ import annotations

from collections.abc import Sequence

from socialboost.db import Database, Transaction
from socialboost.jobs import Tap
from workers.engine import under_way


def remember(where: Database | Transaction, tap: Tap, order_id: str, message_id: int) -> None:
    """Record that the message offers the order from this tap on."""
    where.run("remember_card", chat_id=tap.chat_id, message_id=message_id, order_id=order_id, seq=tap.seq)


def forget(where: Database | Transaction, tap: Tap, message_id: int) -> None:
    """Record that the message offers no order from this tap on."""
    where.run("forget_card", chat_id=tap.chat_id, message_id=message_id, seq=tap.seq)


def forget_at_end(taps: Sequence[Tap]) -> None:
    """Record, with the end of the running job, that the messages of these taps offer no order any more."""
    under_way.end_with(
        "finish_closing_cards",
        chat_ids=[tap.chat_id for tap in taps],
        message_ids=[tap.message_id for tap in taps],
        seqs=[tap.seq for tap in taps],
    )
