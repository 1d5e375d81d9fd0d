"""The rows of sql/queries/orders.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict


class GetOrder(TypedDict):
    """A row of get_order."""

    order_id: str
    status: str
    amount: Decimal
    currency: str
    package_name: str
    package_slug: str
    posts_per_day: int
    deadline_at: datetime
    activated_at: datetime | None
    expires_at: datetime | None
    is_late: bool
    ran_out: bool | None
    pay_url: str | None
    invoice_id: str | None
    invoice_expires_at: datetime | None
    telegram_id: int
    language: str
    balance: Decimal


class GetNoticeOrder(TypedDict):
    """A row of get_notice_order."""

    order_id: str
    telegram_id: int
    language: str
    package_name: str
    amount: Decimal
    currency: str
    status: str


class GetReceipt(TypedDict):
    """A row of get_receipt."""

    order_id: str
    telegram_id: int
    language: str
    package_name: str
    posts_per_day: int
    activated_at: datetime
    expires_at: datetime
    is_late: bool
    status: str
    after_cancel: bool
    amount: Decimal
    asset: str
    kind: str
    waiting: Any


class ExpireOrders(TypedDict):
    """A row of expire_orders."""

    order_id: str
    telegram_id: int
    package_name: str


class GetLinklessOrders(TypedDict):
    """A row of get_linkless_orders."""

    order_id: str


class GetLooseEnds(TypedDict):
    """A row of get_loose_ends."""

    order_id: str
    kind: str
    name: str


class GetOrderCards(TypedDict):
    """A row of get_order_cards."""

    chat_id: int
    message_id: int
    seq: int
    status: str
    package_name: str
    ran_out: bool | None
    telegram_id: int
    language: str
