"""The rows of sql/queries/invariants.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import TypedDict


class FindBreaches(TypedDict):
    """A row of find_breaches."""

    breach: str
    subject: str
