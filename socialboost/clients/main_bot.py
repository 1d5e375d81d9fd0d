"""The client of Main Bot, the program that does the tasks: it hands tasks over and asks for their state.

Its answers are JSON objects. Any other answer comes from a proxy in front of it and counts as an outage. The
client asks the health endpoint at most every HEALTH_SECONDS, and a shared circuit breaker stops calls while
the service is down. An `UnreachableError` from here always means that nothing was handed over. The table of
answers is in docs/failures.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import redis

from socialboost.clients.answers import Answer, Limits
from socialboost.clients.breaker import Breaker
from socialboost.clients.http import HttpService, outage, refuse, unreadable
from socialboost.errors import (
    AmbiguousError,
    RefusesUsError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from socialboost.kinds import ReportedStatus
from socialboost.partners import main_bot as words

SERVICE: Final = "main_bot"
HEALTH_SECONDS: Final = 10
ALREADY_ACCEPTED: Final = 409

_TAKEN: Final = frozenset({200, 201, 202, ALREADY_ACCEPTED})
_ABOUT_THE_TASK: Final = frozenset({400, 410, 422})
"""Statuses that refuse what was sent, if Main Bot itself answers."""
_PERHAPS_ABOUT_THE_TASK: Final = frozenset({403, 404})
"""Statuses that refuse the task only if the answer names it. Otherwise our key or path is meant."""
_NOT_RECEIVED: Final = frozenset({408, 425})
_SETTINGS: Final = {
    401: "MAIN_BOT_API_KEY",
    403: "MAIN_BOT_API_KEY",
    404: "MAIN_BOT_TASKS_PATH",
    405: "MAIN_BOT_TASKS_PATH",
}
"""The setting an operator must check when Main Bot refuses us; otherwise MAIN_BOT_API_URL."""


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task as Main Bot knows it. `status` is our name for its state, None while it only waits there."""

    status: ReportedStatus | None
    external_task_id: str | None
    response_data: dict[str, Any]


class MainBotClient:
    """Calls Main Bot with the API key as bearer token. Redis holds the breaker and the health cache."""

    def __init__(
        self, api_url: str, api_key: str, *, tasks_path: str, health_path: str, redis_client: redis.Redis
    ) -> None:
        self._http = HttpService(
            SERVICE,
            api_url,
            headers={"Authorization": f"Bearer {api_key}"},
            limits=Limits(read_seconds=8.0, total_seconds=10.0),
        )
        self._tasks_path = tasks_path
        self._health_path = health_path
        self._redis = redis_client
        self._healthy_key = f"{SERVICE}:healthy"
        self.breaker = Breaker(redis_client, SERVICE)

    def health(self) -> None:
        """Return if Main Bot is healthy, or was a moment ago. Raises UnreachableError otherwise."""
        seconds = self.breaker.open_for_seconds()
        if seconds:
            raise UnreachableError(SERVICE, f"circuit open for {seconds:.0f} s", code="circuit_open")
        if self._redis.exists(self._healthy_key):
            return
        try:
            self._call("GET", self._health_path, "health", repeatable=True, check=_check_health)
        except ThrottledError:
            raise
        except ServiceError as exc:
            self._failed()
            if isinstance(exc, RefusesUsError):
                raise
            raise UnreachableError(SERVICE, f"health check failed: {exc}", code="unhealthy") from None
        # Healthy enough to be tried. Only an accepted task ends an outage: a program may report that it
        # is healthy and still fail at every task.
        self._redis.set(self._healthy_key, 1, ex=HEALTH_SECONDS)

    def push_task(self, task: dict[str, Any]) -> str | None:
        """Hand the task over. Returns Main Bot's id for it, if it gave one.

        The task's id is the Idempotency-Key and the body has the same bytes each time, so a repeat after
        AmbiguousError does no harm. 409 means that it has the task already. RejectedError is final; its text
        is Main Bot's reason or empty.
        """
        self.health()
        task_id = str(task["task_id"])
        headers, check = {"Idempotency-Key": task_id}, partial(_check_push, task_id)
        try:
            answer = self._call(
                "POST", self._tasks_path, "push_task", body=task, headers=headers, check=check
            )
        except (UnreachableError, AmbiguousError):
            self._failed()
            raise
        except RejectedError:
            self.breaker.succeeded()
            raise
        self.breaker.succeeded()
        return words.external_id(answer.json_object().get("external_task_id"))

    def get_task(self, task_id: str) -> KnownTask | None:
        """Return what Main Bot knows of the task, or None if it says that it never got it.

        Raises RejectedError or RefusesUsError if it does not support the question.
        """
        path, check = f"{self._tasks_path}/{task_id}", partial(_check_known, task_id)
        try:
            answer = self._call("GET", path, "get_task", repeatable=True, check=check)
        except RefusesUsError:
            raise  # it is up: a Main Bot without this endpoint may still take tasks
        except (UnreachableError, AmbiguousError):
            self._failed()
            raise
        if answer.status == 404:
            return None
        body = answer.json_object()
        return KnownTask(
            status=words.status(body.get("status")),
            external_task_id=words.external_id(body.get("external_task_id")),
            response_data=words.response_data(body.get("response_data")),
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        name: str,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        repeatable: bool = False,
        check: Callable[[Answer], None],
    ) -> Answer:
        return self._http.call(
            method,
            path,
            body=body,
            headers=headers,
            repeatable=repeatable,
            check=check,
            fields={"path": name},
        )

    def _failed(self) -> None:
        self._redis.delete(self._healthy_key)
        self.breaker.failed()


def _check_health(answer: Answer) -> None:
    """Raise the error that the status means; the body does not matter."""
    if 200 <= answer.status < 300:
        return
    body = answer.json()
    if not isinstance(body, dict):
        raise outage(SERVICE, answer)
    setting = "MAIN_BOT_HEALTH_PATH" if answer.status in {404, 405} else None
    raise _no(answer, body, setting=setting)


def _check_push(task_id: str, answer: Answer) -> None:
    """Raise the error that the answer to a hand-over means. 409 is a success: it has the task already."""
    body = _envelope(answer)
    if answer.status in _TAKEN:
        denies = answer.status != ALREADY_ACCEPTED and words.says_no(body)
        if words.about_another(body, task_id) or (denies and words.says_yes(body)):
            raise unreadable(SERVICE, answer)
        if denies:
            raise RejectedError(SERVICE, words.reason(body), status=answer.status, code="says_no")
        return
    is_final = answer.status in _ABOUT_THE_TASK or (
        answer.status in _PERHAPS_ABOUT_THE_TASK and words.names(body, task_id)
    )
    if is_final:
        raise RejectedError(SERVICE, words.reason(body), status=answer.status, code=str(answer.status))
    raise _no(answer, body)


def _check_known(task_id: str, answer: Answer) -> None:
    """Raise the error of an answer that neither describes the task nor says that there is none."""
    body = _envelope(answer)
    if words.about_another(body, task_id):
        raise AmbiguousError(SERVICE, "the answer is about another task", status=answer.status)
    if answer.status == 404:
        return
    if answer.status == 200:
        if words.says_no(body) or not any(
            body.get(name) for name in ("status", "external_task_id", "task_id")
        ):
            raise unreadable(SERVICE, answer)
        return
    if answer.status in _ABOUT_THE_TASK:
        raise RejectedError(SERVICE, words.reason(body), status=answer.status, code=str(answer.status))
    raise _no(answer, body)


def _envelope(answer: Answer) -> dict[str, Any]:
    """Return Main Bot's JSON object. Without one a proxy answered, or the outcome is unknown."""
    body = answer.json()
    if isinstance(body, dict):
        return body
    # A 409 may still be Main Bot's: it is looked up like an unreadable success.
    if 200 <= answer.status < 300 or answer.status == ALREADY_ACCEPTED:
        raise unreadable(SERVICE, answer)
    raise outage(SERVICE, answer)


def _no(answer: Answer, body: dict[str, Any], *, setting: str | None = None) -> ServiceError:
    """Return the error of an answer in the envelope that is neither a success nor about the task."""
    reason = words.reason(body) or f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return unreadable(SERVICE, answer)
    if answer.status == 429 or answer.status >= 500:
        return refuse(SERVICE, answer, code=str(answer.status), reason=reason)
    if answer.status < 400 or answer.status in _NOT_RECEIVED:
        return UnreachableError(SERVICE, reason, status=answer.status, code=str(answer.status))
    return RefusesUsError(
        SERVICE,
        f"HTTP {answer.status}: {reason}",
        setting=setting or _SETTINGS.get(answer.status, "MAIN_BOT_API_URL"),
        status=answer.status,
        code=str(answer.status),
    )
