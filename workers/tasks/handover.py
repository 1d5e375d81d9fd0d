"""Pushes tasks to Main Bot, and asks about those on which it does not report."""

from __future__ import annotations

import math
import random
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.errors import (
    AmbiguousError,
    ParkError,
    PostponeError,
    RefusesUsError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from workers.engine import cache, hooks, outages, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.tasks import progress

PUSH_LEASE_SECONDS: Final = 60
"""The lease of a push. It is longer than a push may take, so that the task cannot be pulled meanwhile."""
PATIENCE_SECONDS: Final = 3600.0
"""How long a question about a task may stay unanswered although Main Bot is healthy."""
LONGEST_PATIENCE_SECONDS: Final = 24 * 3600.0
"""The same for a task that was handed over with an unknown outcome, even if Main Bot is down."""
SPREAD_SECONDS: Final = 5.0
"""Spreads the retries of tasks that wait for the same outage to end."""
_KEY: Final = "MAIN_BOT_API_KEY"

log = logs.get(__name__)


@actor(jobs.DispatchTasks)
def dispatch_tasks(job: jobs.DispatchTasks, attempt: Attempt) -> None:
    """Push one task, with its id as Idempotency-Key. The attempt is counted before the call."""
    _wait_for_main_bot()
    begun = resources.db().value(
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
    """Ask before a repeated push, because the last outcome is unknown and Main Bot may ignore our key."""
    in_vain = _asked_in_vain(job.key, LONGEST_PATIENCE_SECONDS)
    try:
        known = resources.main_bot().get_task(job.task_id)
    except (RejectedError, RefusesUsError) as exc:
        if isinstance(exc, RefusesUsError) and exc.setting == _KEY:
            raise _away(job, owner, exc) from None
        raise _for_a_person(job, owner, exc) from None
    except ServiceError as exc:
        if in_vain:
            raise _for_a_person(job, owner, exc) from None
        raise _away(job, owner, exc) from None
    if known is None:
        _record(job, owner, "not_there")
        return False
    _record(job, owner, "accepted", external_task_id=known.external_task_id)
    return True


def _for_a_person(job: jobs.DispatchTasks, owner: str, error: ServiceError) -> Exception:
    """Return the error that parks the job: Main Bot may have the task, and an admin must decide."""
    _record(job, owner, "ambiguous", reason=str(error))
    return ParkError(f"handed over with an unknown outcome, and Main Bot does not say: {error}")


def _asked_in_vain(key: str, longest_seconds: float = math.inf) -> bool:
    """Return True if the job has asked for too long although Main Bot is healthy, so it is not an outage.

    Another program at its address, such as a framework's error page, may give such answers for ever. Call
    this before the question, which may open the breaker.
    """
    waited = resources.db().value("get_wait_seconds", key=key) or 0.0
    if waited <= PATIENCE_SECONDS:
        return False
    if waited > longest_seconds:
        return True
    try:
        resources.main_bot().health()
    except ServiceError:
        return False
    return True


def _wait_for_main_bot() -> None:
    """Postpone the job while Main Bot is known to be down."""
    seconds = resources.main_bot().breaker.open_for_seconds()
    if seconds:
        _announce_outage()
        raise _postponed(seconds, "Main Bot is down")


def _announce_outage(error: ServiceError | None = None) -> None:
    """Notify the admins that the breaker opened, once per outage, and what to check."""
    since = resources.main_bot().breaker.outage_since()
    if since is None:
        return
    data = {} if error is None else {"setting": _setting(error), "error": outages.describe(error)}
    with resources.db().transaction() as tx:
        notice = jobs.NotifyAdmins(key=f"notice:breaker_open:{since}", kind="breaker_open", data=data)
        outbox.notify_admins(tx, notice)


def _setting(error: ServiceError) -> str:
    return error.setting if isinstance(error, RefusesUsError) else "MAIN_BOT_API_URL"


def _away(job: jobs.DispatchTasks, owner: str, error: ServiceError) -> Exception:
    """Give the task's attempt back, because Main Bot could not be reached or refuses us, not the task."""
    _record(job, owner, "not_accepted", reason=str(error))
    return _outage(error)


def _outage(error: ServiceError) -> Exception:
    """Notify the admins, and return the error with which a job waits without using an attempt."""
    if isinstance(error, ThrottledError):
        return error
    _announce_outage(error)
    if isinstance(error, RefusesUsError):
        hooks.SERVICE_REFUSES(error)
    seconds = resources.main_bot().breaker.open_for_seconds()
    return _postponed(seconds, outages.describe(error))


def _push(job: jobs.DispatchTasks, owner: str, task: dict[str, Any]) -> None:
    try:
        external_id = resources.main_bot().push_task(task)
    except (UnreachableError, ThrottledError) as exc:
        raise _away(job, owner, exc) from None
    except AmbiguousError as exc:  # it may have the task: the next run asks before it hands over again
        _record(job, owner, "ambiguous", reason=str(exc))
        raise _outage(exc) from None
    except RejectedError as exc:
        _record(job, owner, "refused", reason=str(exc) or None)
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
    """Record the push's outcome. If it ended the task, add the message to its owner."""
    with resources.db().transaction() as tx:
        result = tx.value(
            "record_dispatch",
            task_id=job.task_id,
            owner=owner,
            outcome=outcome,
            external_task_id=external_task_id,
            reason=reason,
        )
        if result["ended"]:
            progress.add_end_message(tx, result)
            cache.forget_user(tx, result["telegram_id"])
    log.info("task_pushed", task_id=job.task_id, outcome=outcome, status=result["status"])


@actor(jobs.AskMainBot)
def ask_main_bot(job: jobs.AskMainBot, attempt: Attempt) -> None:
    """Apply Main Bot's answer about a task without a report: record its status, or push the task again."""
    _wait_for_main_bot()
    in_vain = _asked_in_vain(job.key)
    try:
        known = resources.main_bot().get_task(job.task_id)
    except (UnreachableError, AmbiguousError) as exc:
        if in_vain:
            raise ParkError(f"Main Bot does not say how the task stands: {exc}") from None
        raise _outage(exc) from None
    if known is None:
        _reissue(job)
        return
    if known.status is None:  # accepted and waiting, or a word of its own: nobody else is to get it
        _record(job, attempt.worker, "accepted", external_task_id=known.external_task_id)
        log.info("task_still_waiting", task_id=job.task_id)
        return
    result = progress.apply(job.task_id, known.status, known.external_task_id, known.response_data)
    log.info("task_asked_about", task_id=job.task_id, status=result["status"], changed=result["changed"])


def _reissue(job: jobs.AskMainBot) -> None:
    """Push the task again under the same id if it has attempts left, because Main Bot does not have it."""
    with resources.db().transaction() as tx:
        found = tx.value("reissue_task", task_id=job.task_id)
        if found["outcome"] == "due":
            key = f"task:{job.task_id}:{found['attempts']}"
            outbox.add(tx, jobs.DispatchTasks(key=key, task_id=job.task_id))
    log.warning("task_unknown_there", task_id=job.task_id, outcome=found["outcome"])
    if found["outcome"] == "exhausted":
        raise ParkError("Main Bot does not know the task after three hand-overs")


def _postponed(seconds: float, reason: str) -> PostponeError:
    # The spread is no secret.
    return PostponeError(seconds + random.uniform(0, SPREAD_SECONDS), reason, outage=True)  # noqa: S311
