"""Main Bot, the program that does the work: hand it a task, ask how it is.

The service is checked by its health endpoint at most every HEALTH_SECONDS, and a shared breaker keeps the
workers away from one that is down. `UnreachableError` from here always means: nothing was handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import redis

from socialboost.clients.breaker import Breaker
from socialboost.clients.http import Answer, HttpService, Limits, refuse, unreadable
from socialboost.errors import AmbiguousError, RejectedError, ServiceError, ThrottledError, UnreachableError

SERVICE: Final = "main_bot"
HEALTH_SECONDS: Final = 10
ALREADY_ACCEPTED: Final = 409
MAX_EXTERNAL_ID: Final = 100


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task as Main Bot has it; `status` is its own word."""

    status: str
    external_task_id: str | None
    response_data: dict[str, Any]


class MainBotClient:
    """Calls with the API key as bearer token. `redis_client` holds the breaker and the health cache."""

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
        """Return when Main Bot says it is well (or said so lately). Raises UnreachableError otherwise."""
        seconds = self.breaker.open_for_seconds()
        if seconds:
            raise UnreachableError(SERVICE, f"circuit open for {seconds:.0f} s", code="circuit_open")
        if self._redis.exists(self._healthy_key):
            return
        try:
            self._call("GET", self._health_path, "health", repeatable=True, check=_check_status)
        except ThrottledError:
            raise
        except ServiceError as exc:
            self._failed()
            raise UnreachableError(SERVICE, f"health check failed: {exc}", code="unhealthy") from None
        # Well enough to be tried. Only a task it takes ends an outage: a program may report that it is
        # well and still fail at every task.
        self._redis.set(self._healthy_key, 1, ex=HEALTH_SECONDS)

    def push_task(self, task: dict[str, Any]) -> str | None:
        """Hand the task over and return Main Bot's id for it, if it gave one.

        The task's id is the Idempotency-Key and the body has the same bytes each time, so a repeat after
        AmbiguousError does no harm. 409 means that it has the task already. RejectedError is final: its
        text is Main Bot's reason.
        """
        self.health()
        headers = {"Idempotency-Key": str(task["task_id"])}
        try:
            answer = self._call("POST", self._tasks_path, "push_task", body=task, headers=headers)
        except (UnreachableError, AmbiguousError):
            self._failed()
            raise
        except RejectedError as exc:
            if exc.status == 401:  # our key is wrong: nothing is wrong with the customer's post
                self._failed()
                raise UnreachableError(SERVICE, "Main Bot does not accept our key", code="key") from None
            self.breaker.succeeded()
            raise
        self.breaker.succeeded()
        return _external_id(answer.json_object().get("external_task_id"))

    def get_task(self, task_id: str) -> KnownTask | None:
        """Return what Main Bot knows of the task, or None when it never got it."""
        try:
            answer = self._call("GET", f"{self._tasks_path}/{task_id}", "get_task", repeatable=True)
        except RejectedError as exc:
            if exc.status == 404:
                return None
            raise
        body = answer.json_object()
        response = body.get("response_data")
        return KnownTask(
            status=str(body.get("status", "")),
            external_task_id=_external_id(body.get("external_task_id")),
            response_data=response if isinstance(response, dict) else {},
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
        check: Callable[[Answer], None] | None = None,
    ) -> Answer:
        return self._http.call(
            method,
            path,
            body=body,
            headers=headers,
            repeatable=repeatable,
            check=check or _check,
            fields={"path": name},
        )

    def _failed(self) -> None:
        self._redis.delete(self._healthy_key)
        self.breaker.failed()


def _check_status(answer: Answer) -> None:
    """Raise what the status means, whatever the body says."""
    if not 200 <= answer.status < 300:
        raise refuse(SERVICE, answer, code=str(answer.status), reason=_reason(answer.json_object()))


def _check(answer: Answer) -> None:
    """Raise what the answer means. 409 is success: the task is there already."""
    if answer.status == ALREADY_ACCEPTED:
        return
    _check_status(answer)
    if not isinstance(answer.json(), dict):
        raise unreadable(SERVICE, answer)


def _reason(body: dict[str, Any]) -> str:
    """Main Bot's own words for a refusal, whichever of the usual names it uses."""
    error = body.get("error")
    words = body.get("message") or body.get("reason") or body.get("detail") or error
    return str(words)[:300] if isinstance(words, str) else ""


def _external_id(value: Any) -> str | None:
    """Main Bot's own id as text; one too long to be kept whole is of no use for comparing."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if 0 < len(text) <= MAX_EXTERNAL_ID else None
