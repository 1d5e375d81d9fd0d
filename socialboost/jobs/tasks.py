"""Tasks: handing them to Main Bot, leasing them to it, and its reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from socialboost.jobs.base import INTERACTIVE, TASKS, Job, LedgerJob
from socialboost.kinds import ReportedStatus


@dataclass(frozen=True, kw_only=True)
class DispatchTasks(LedgerJob, queue=TASKS):
    """Push one task to Main Bot; key task:<task_id>, so each task has its own attempts."""

    task_id: str


@dataclass(frozen=True, kw_only=True)
class AskMainBot(LedgerJob, queue=TASKS):
    """Ask Main Bot about a task that it has not reported; key ask:<task_id>:<asked_ms>."""

    task_id: str


@dataclass(frozen=True, kw_only=True)
class ClaimTasks(Job, queue=INTERACTIVE):
    """GET /api/tasks/pending: lease up to `limit` tasks to `owner`. Answer: the list of tasks."""

    limit: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class ConfirmTasks(Job, queue=INTERACTIVE):
    """Record whether ClaimTasks' answer was sent to `owner`, or the caller had disconnected."""

    owner: str
    task_ids: list[str]
    arrived: bool


@dataclass(frozen=True, kw_only=True)
class UpdateTaskStatus(LedgerJob, queue=INTERACTIVE):
    """PUT /api/tasks/<id>/status; key api:<uuid>. Answer: {"http": 200|404|409, "body": {...}}."""

    task_id: str
    status: ReportedStatus
    external_task_id: str | None = None
    response_data: dict[str, Any] = field(default_factory=dict)
