"""Answers Main Bot's questions and reports about tasks: claims, confirmations, statuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from socialboost import jobs
from workers.engine import resources
from workers.engine.actors import Attempt, actor, seconds_left
from workers.tasks import progress

PULL_LEASE_SECONDS: Final = 900


@actor(jobs.ClaimTasks, max_retries=0)
def claim_tasks(job: jobs.ClaimTasks) -> list[dict[str, Any]]:
    """Lease waiting tasks to the caller, if it still waits when the statement runs.

    Clocks differ. This process knows in how many seconds the caller leaves, and adds them to the database's
    time, which it reads first in the same transaction. So a claim that runs too late leases nothing, however
    long a statement hung. After a commit that is too late the same caller gets the same tasks again.
    """
    with resources.db().transaction() as tx:
        now = tx.value("get_clock")
        seconds = seconds_left()
        tasks = tx.value(
            "get_pending_tasks",
            limit=job.limit,
            owner=job.owner,
            lease_seconds=PULL_LEASE_SECONDS,
            answer_by=None if seconds is None else now + timedelta(seconds=seconds),
        )
    # The answer travels as JSON, which has no Decimal; the only fractions are a package's opaque features.
    answer: list[dict[str, Any]] = json.loads(json.dumps(tasks, default=float))
    return answer


@actor(jobs.ConfirmTasks)
def confirm_tasks(job: jobs.ConfirmTasks) -> None:
    """Record whether the caller received the tasks. Tasks without this record are handed over again."""
    resources.db().run("confirm_pull", owner=job.owner, task_ids=job.task_ids, arrived=job.arrived)


def _repeat(job: jobs.UpdateTaskStatus) -> dict[str, Any]:
    """Answer a repeated report, without any change."""
    return _update(job)


@actor(jobs.UpdateTaskStatus, on_duplicate=_repeat)
def update_task_status(job: jobs.UpdateTaskStatus, attempt: Attempt) -> dict[str, Any]:  # noqa: ARG001
    """Apply Main Bot's status to the task, and notify its owner at the end. Returns HTTP status and body."""
    return _update(job)


def _update(job: jobs.UpdateTaskStatus) -> dict[str, Any]:
    result = progress.apply(job.task_id, job.status, job.external_task_id, job.response_data, reported=True)
    return {"http": result["http"], "body": _body(job, result)}


_ERRORS: Final = {404: "not_found", 409: "conflict"}


def _body(job: jobs.UpdateTaskStatus, result: Mapping[str, Any]) -> dict[str, Any]:
    if result["http"] == 200:
        return {"success": True, "task_id": job.task_id, "status": result["status"]}
    return {"success": False, "error": _ERRORS[result["http"]], "message": result["message"]}
