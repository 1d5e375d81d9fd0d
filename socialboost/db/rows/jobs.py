"""The rows of sql/queries/jobs.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import TypedDict


class ClaimJob(TypedDict):
    """A row of claim_job."""

    outcome: str
    attempts: int
    max_attempts: int
    args: str
    is_repeated: bool


class FinishJobs(TypedDict):
    """A row of finish_jobs."""

    key: str


class ParkJob(TypedDict):
    """A row of park_job."""

    attempts: int
    parked_ms: int


class ParkExhaustedJob(TypedDict):
    """A row of park_exhausted_job."""

    attempts: int
    parked_ms: int


class ParkUnreadableJob(TypedDict):
    """A row of park_unreadable_job."""

    attempts: int
    parked_ms: int


class JoinJobs(TypedDict):
    """A row of join_jobs."""

    key: str
    worker: str
    attempts: int
    max_attempts: int
    args: str


class GetOrdersToldBefore(TypedDict):
    """A row of get_orders_told_before."""

    order_id: str


class SweepJobs(TypedDict):
    """A row of sweep_jobs."""

    action: str
    key: str
    actor: str
    queue: str
    args: str
