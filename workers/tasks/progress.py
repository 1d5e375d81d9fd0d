"""Records a task's progress as Main Bot reports it, and notifies its owner at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from socialboost import jobs
from socialboost.db import Transaction
from socialboost.kinds import ReportedStatus
from socialboost.partners import main_bot as words
from workers.engine import cache, outbox, resources

_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


def apply(
    task_id: str,
    status: ReportedStatus,
    external_task_id: str | None,
    response_data: Mapping[str, Any],
    *,
    reported: bool = False,
) -> dict[str, Any]:
    """Set the task to Main Bot's status, reported or asked for."""
    with resources.db().transaction() as tx:
        result: dict[str, Any] = tx.value(
            "update_task_status",
            task_id=task_id,
            status=status,
            external_task_id=external_task_id,
            response=words.response_data(response_data),
        )
        if result["changed"] and result["status"] in _ENDED:
            add_end_message(tx, result, reported=reported)
        if result["changed"]:
            cache.forget_user(tx, result["telegram_id"])
    return result


def add_end_message(tx: Transaction, result: Mapping[str, Any], *, reported: bool = False) -> None:
    """Add the message to the owner about the post's end.

    With `reported` Main Bot has reported the end just now, so no message about it was sent before a restore.
    """
    post_id = result["post_id"]
    notice = jobs.NotifyPost(key=f"post:{post_id}:{result['status']}", post_id=post_id)
    told_before = not reported and bool(tx.value("post_told_before", post_id=post_id))
    outbox.add(tx, notice, told_before=told_before)
