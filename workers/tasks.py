"""Tasks: handed to Main Bot, leased by it, reported on by it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.errors import (
    AmbiguousError,
    ParkError,
    PostponeError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from workers import cache, outbox, runtime
from workers.base import Attempt, actor

PUSH_LEASE_SECONDS: Final = 60
"""Longer than one push may take, so that nobody pulls the task meanwhile."""
PULL_LEASE_SECONDS: Final = 900
UNREACHABLE_SECONDS: Final = 10.0
"""Until a task is tried again that Main Bot could not be given, when the breaker does not say longer."""
SPREAD_SECONDS: Final = 5.0
"""Tasks that wait for one outage to end do not all come back in the same instant."""

_ENDED: Final = frozenset({"completed", "failed", "cancelled"})

log = logs.get(__name__)


@actor(jobs.DispatchTasks)
def dispatch_tasks(job: jobs.DispatchTasks, attempt: Attempt) -> None:
    """Push one task, with its id as Idempotency-Key; the attempt is counted before the call."""
    _wait_for_main_bot()
    begun = runtime.db().value(
        "begin_dispatch", task_id=job.task_id, owner=attempt.worker, lease_seconds=PUSH_LEASE_SECONDS
    )
    if begun["outcome"] == "leased":
        raise PostponeError(float(begun.get("retry_after_seconds") or PUSH_LEASE_SECONDS), "leased elsewhere")
    if begun["outcome"] == "exhausted":
        raise ParkError("the task was handed over three times and never confirmed")
    if begun["outcome"] != "push":  # it has ended, or was pulled and confirmed
        log.info("task_not_pushed", task_id=job.task_id, outcome=begun["outcome"])
        return
    if begun["attempts"] > 1 and _has_it_already(job, attempt.worker):
        return
    _push(job, attempt.worker, begun["task"])


def _has_it_already(job: jobs.DispatchTasks, owner: str) -> bool:
    """Ask before handing over again: an earlier time ended unknown, and not every service honours keys."""
    try:
        known = runtime.main_bot().get_task(job.task_id)
    except RejectedError as exc:  # it may have the task and does not say: a person looks, and replays or not
        _record(job, owner, "ambiguous", reason=str(exc))
        raise ParkError(f"handed over with an unknown outcome, and Main Bot does not say: {exc}") from None
    except ServiceError as exc:
        _record(job, owner, "not_accepted", reason=str(exc))
        raise _postponed(UNREACHABLE_SECONDS, str(exc)) from None
    if known is None:
        return False
    _record(job, owner, "accepted", external_task_id=known.external_task_id)
    return True


def _wait_for_main_bot() -> None:
    """Leave quietly while Main Bot is known to be down."""
    seconds = runtime.main_bot().breaker.open_for_seconds()
    if seconds:
        _announce_outage()
        raise _postponed(seconds, "Main Bot is down")


def _announce_outage() -> None:
    """Tell the admins that the breaker opened, once an outage."""
    since = runtime.main_bot().breaker.outage_since()
    if since is None:
        return
    with runtime.db().transaction() as tx:
        outbox.owe(tx, jobs.NotifyAdmins(key=f"notice:breaker_open:{since}", kind="breaker_open"))


def _push(job: jobs.DispatchTasks, owner: str, task: dict[str, Any]) -> None:
    try:
        external_id = runtime.main_bot().push_task(task)
    except UnreachableError as exc:
        _record(job, owner, "not_accepted", reason=str(exc))
        _announce_outage()
        wait = max(runtime.main_bot().breaker.open_for_seconds(), UNREACHABLE_SECONDS)
        raise _postponed(wait, str(exc)) from None
    except ThrottledError:
        _record(job, owner, "not_accepted", reason="throttled")
        raise
    except AmbiguousError as exc:  # it may have the task: the same key and body again, at most three times
        _record(job, owner, "ambiguous", reason=str(exc))
        _announce_outage()
        raise
    except RejectedError as exc:
        _record(job, owner, "refused", reason=str(exc))
    else:
        _record(job, owner, "accepted", external_task_id=external_id)


def _record(
    job: jobs.DispatchTasks | jobs.AskMainBot,
    owner: str,
    outcome: str,
    *,
    external_task_id: str | None = None,
    reason: str | None = None,
) -> None:
    """Write the push's outcome down; a task that ended by it owes its owner word of that."""
    with runtime.db().transaction() as tx:
        result = tx.value(
            "record_dispatch",
            task_id=job.task_id,
            owner=owner,
            outcome=outcome,
            external_task_id=external_task_id,
            reason=reason,
        )
        if result["ended"]:
            _owe_word(tx, result)
            cache.forget_user(tx, result["telegram_id"])
    log.info("task_pushed", task_id=job.task_id, outcome=outcome, status=result["status"])


@actor(jobs.ClaimTasks, max_retries=0)
def claim_tasks(job: jobs.ClaimTasks) -> list[dict[str, Any]]:
    """Lease waiting tasks to the caller. Not repeated: nobody would get what a second run leased."""
    tasks = runtime.db().value(
        "get_pending_tasks", limit=job.limit, owner=job.owner, lease_seconds=PULL_LEASE_SECONDS
    )
    # The answer travels as JSON, which has no Decimal; the only fractions are a package's opaque features.
    answer: list[dict[str, Any]] = json.loads(json.dumps(tasks, default=float))
    return answer


def _repeat(job: jobs.UpdateTaskStatus) -> dict[str, Any]:
    """Answer a report that was worked on already: reporting the same again changes nothing."""
    return _update(job)


@actor(jobs.UpdateTaskStatus, on_duplicate=_repeat)
def update_task_status(job: jobs.UpdateTaskStatus, attempt: Attempt) -> dict[str, Any]:  # noqa: ARG001
    """Move the task as Main Bot reports and owe the owner word of its end. Answer: HTTP status and body."""
    return _update(job)


def _update(job: jobs.UpdateTaskStatus) -> dict[str, Any]:
    with runtime.db().transaction() as tx:
        result = tx.value(
            "update_task_status",
            task_id=job.task_id,
            status=job.status,
            external_task_id=job.external_task_id,
            response=job.response_data,
        )
        if result["changed"] and result["status"] in _ENDED:
            _owe_word(tx, result)
        if result["changed"]:
            cache.forget_user(tx, result["telegram_id"])
    return {"http": result["http"], "body": _body(job, result)}


@actor(jobs.AskMainBot)
def ask_main_bot(job: jobs.AskMainBot, attempt: Attempt) -> None:
    """Settle a silent task by what Main Bot says of it: apply its status, or hand it over again."""
    _wait_for_main_bot()
    known = runtime.main_bot().get_task(job.task_id)
    if known is None:
        _reissue(job)
        return
    status = _STATUSES.get(known.status)
    if status is None:  # accepted and waiting, or a word of its own: nobody else is to get it
        _record(job, attempt.worker, "accepted", external_task_id=known.external_task_id)
        log.info("task_still_waiting", task_id=job.task_id)
        return
    with runtime.db().transaction() as tx:
        result = tx.value(
            "update_task_status",
            task_id=job.task_id,
            status=status,
            external_task_id=known.external_task_id,
            response=known.response_data,
        )
        if result["changed"] and result["status"] in _ENDED:
            _owe_word(tx, result)
        if result["changed"]:
            cache.forget_user(tx, result["telegram_id"])
    log.info("task_asked_about", task_id=job.task_id, status=result["status"], changed=result["changed"])


def _reissue(job: jobs.AskMainBot) -> None:
    """Main Bot does not have it: hand it over again under the same id, while it has attempts left."""
    with runtime.db().transaction() as tx:
        found = tx.value("reissue_task", task_id=job.task_id)
        if found["outcome"] == "due":
            key = f"task:{job.task_id}:{found['attempts']}"
            outbox.owe(tx, jobs.DispatchTasks(key=key, task_id=job.task_id))
    log.warning("task_unknown_there", task_id=job.task_id, outcome=found["outcome"])
    if found["outcome"] == "exhausted":
        raise ParkError("Main Bot does not know the task after three hand-overs")


_STATUSES: Final = {"processing": "processing", "completed": "completed", "failed": "failed"} | {
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
"""Main Bot's words for a status, and ours."""
_ERRORS: Final = {404: "not_found", 409: "conflict"}


def _body(job: jobs.UpdateTaskStatus, result: Mapping[str, Any]) -> dict[str, Any]:
    if result["http"] == 200:
        return {"success": True, "task_id": job.task_id, "status": result["status"]}
    return {"success": False, "error": _ERRORS[result["http"]], "message": result["message"]}


def _owe_word(tx: Transaction, result: Mapping[str, Any]) -> None:
    post_id = result["post_id"]
    outbox.owe(tx, jobs.NotifyPost(key=f"post:{post_id}:{result['status']}", post_id=post_id))


def _postponed(seconds: float, reason: str) -> PostponeError:
    return PostponeError(seconds + random.uniform(0, SPREAD_SECONDS), reason)  # noqa: S311 (no secret)
