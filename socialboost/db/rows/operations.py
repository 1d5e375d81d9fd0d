"""The rows of sql/queries/operations.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import Any, TypedDict


class CountMachinery(TypedDict):
    """A row of count_machinery."""

    waiting_tasks: int
    open_jobs: int
    parked_jobs: int
    dead_letters: int


class CountOpenMatters(TypedDict):
    """A row of count_open_matters."""

    exceptions: int
    parked_jobs: int
    dead_letters: int
    withheld: int
    untold_notices: int


class GetDailyReport(TypedDict):
    """A row of get_daily_report."""

    orders_paid: int
    amounts: Any
    by_webhook: int
    by_reconciler: int
    open_exceptions: int
    not_confirmed: int
    parked_jobs: int
    dead_letters: int
