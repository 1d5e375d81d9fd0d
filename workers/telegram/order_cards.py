"""Which messages offer an order that can be paid. PostgreSQL knows, so that a wiped Redis changes nothing.

A message is remembered when a tap draws such an order into it and forgotten when a later tap draws something
else; the tap itself says which order the message offered (`Tap.shown_order`).
"""

from __future__ import annotations

from socialboost.db import Database, Transaction
from socialboost.jobs import Tap


def remember(where: Database | Transaction, tap: Tap, order_id: str, message_id: int) -> None:
    """Note that the message offers the order from this tap on."""
    where.run("remember_card", chat_id=tap.chat_id, message_id=message_id, order_id=order_id, seq=tap.seq)


def forget(where: Database | Transaction, tap: Tap, message_id: int) -> None:
    """Note that the message offers no order from this tap on."""
    where.run("forget_card", chat_id=tap.chat_id, message_id=message_id, seq=tap.seq)
