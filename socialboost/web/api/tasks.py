"""The API for Main Bot: it fetches tasks and reports their state."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import uuid4

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from socialboost import jobs, logs
from socialboost.errors import BusyError, NoAnswerError, QueueUnavailableError
from socialboost.kinds import REPORTED_STATUSES
from socialboost.partners import main_bot as words
from socialboost.settings import WebSettings
from socialboost.web.auth import KeyRing, guard
from socialboost.web.bodies import check_storable, json_object, read_body
from socialboost.web.errors import ApiError, bad_field
from socialboost.web.peer import has_left

_ANSWER_SECONDS: Final = 2.0
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

log = logs.get(__name__)


def blueprint(settings: WebSettings, keys: KeyRing) -> Blueprint:
    """Return the two routes, open to MAIN_BOT_API_KEY only."""
    routes = Blueprint("tasks", __name__)
    routes.before_request(guard(settings, keys, "main_bot"))
    routes.get("/api/tasks/pending", strict_slashes=False)(pending)
    # Also with a slash at the end: some frameworks add one to every URL and follow no redirect of a PUT.
    routes.put("/api/tasks/<task_id>/status", strict_slashes=False)(update_status)
    return routes


def pending() -> ResponseReturnValue:
    """Lease up to `limit` tasks to the caller. HEAD leases none, because its answer carries no tasks."""
    limit = request.args.get("limit", "10")
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= 100:
        raise bad_field("limit", "a number from 1 to 100")
    tasks = [] if request.method == "HEAD" else _claim(int(limit), f"pull:{g.caller.fingerprint}")
    return jsonify({"success": True, "tasks_sent": tasks})


def _claim(limit: int, owner: str) -> list[dict[str, Any]]:
    """Return tasks leased to `owner`. Tasks of an answer that was lost are returned again.

    The lease is confirmed only if the client is still connected when the answer is sent.
    """
    try:
        question = jobs.ClaimTasks(limit=limit, owner=owner)
        tasks: list[dict[str, Any]] = jobs.ask(question, timeout_seconds=_ANSWER_SECONDS)
    except (NoAnswerError, BusyError):
        raise ApiError(503, "no_worker", "no worker answered in time; please ask again") from None
    if tasks:
        ids = [task["task_id"] for task in tasks]
        try:
            jobs.send(jobs.ConfirmTasks(owner=owner, task_ids=ids, arrived=not has_left(request.environ)))
        except QueueUnavailableError as error:  # the same tasks come again then, under the same ids
            log.warning("pull_not_confirmed", error=str(error))
    return tasks


def update_status(task_id: str) -> ResponseReturnValue:
    """Pass Main Bot's report about a task to a worker.

    The answer is 202 if no worker answered in time. The report is queued then, and tasks without a report are
    asked about anyway.
    """
    task_id = task_id.lower()
    if not _UUID.fullmatch(task_id):
        raise ApiError(404, "not_found", "there is no such task")
    report = _report(task_id, json_object(read_body()))
    try:
        answer = jobs.ask(report, timeout_seconds=_ANSWER_SECONDS)
    except BusyError:
        jobs.send(report)
        answer = None
    except NoAnswerError:
        answer = None
    if answer is None:
        return jsonify({"success": True, "task_id": task_id, "status": report.status, "queued": True}), 202
    return jsonify(answer["body"]), int(answer["http"])


def _report(task_id: str, body: dict[str, Any]) -> jobs.UpdateTaskStatus:
    """Return the job for a report's body. Raises ApiError 400, which names the wrong field."""
    status = words.status(body.get("status"))
    if status is None:
        raise bad_field("status", f"one of {', '.join(REPORTED_STATUSES)}")
    given = body.get("external_task_id")
    check_storable("external_task_id", given)
    external_id = words.external_id(given)
    if given is not None and external_id is None:
        raise bad_field("external_task_id", f"a number, or text of 1 to {words.MAX_EXTERNAL_ID} characters")
    response_data = body.get("response_data")
    if not isinstance(response_data, dict | None):
        raise bad_field("response_data", "an object")
    check_storable("response_data", response_data)
    return jobs.UpdateTaskStatus(
        key=f"api:{uuid4()}",
        task_id=task_id,
        status=status,
        external_task_id=external_id,
        response_data=words.response_data(response_data),
    )
