"""The rows of sql/queries/packages.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict


class GetEveryPackage(TypedDict):
    """A row of get_every_package."""

    package_id: str
    slug: str
    name: str
    price: Decimal
    currency: str
    posts_per_day: int
    is_active: bool


class GetAnyPackage(TypedDict):
    """A row of get_any_package."""

    package_id: str
    slug: str
    name: str
    price: Decimal
    currency: str
    posts_per_day: int
    is_active: bool
    updated_at: datetime
    seen: str
