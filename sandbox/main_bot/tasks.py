"""The tasks that Main Bot has accepted, and the check of a task."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PLATFORMS = ("telegram", "instagram", "tiktok", "youtube", "x", "facebook", "threads")
FINAL = ("completed", "failed", "cancelled")

SHAPE: Mapping[str, tuple[str, ...]] = {
    "post_data": ("url", "platform"),
    "user_data": ("telegram_id", "username"),
    "package_data": (
        "name",
        "features",
        "views_range",
        "reactions_range",
        "comments_range",
        "reposts_range",
    ),
}
"""The objects of a task and the keys each must have."""


@dataclass
class Execution:
    """One execution of a task. Two executions of one task are the double delivery that must not happen."""

    external_task_id: str
    task: dict[str, Any]
    key: str
    source: str
    accepted_at: float
    status: str = "accepted"
    response_data: dict[str, Any] = field(default_factory=dict)
    repeats: int = 0
    """How often the same task was handed over again and recognised."""
    history: list[tuple[float, str]] = field(default_factory=list)

    def wire(self) -> dict[str, Any]:
        """The task as GET /api/tasks/{id} and /sim show it."""
        return {
            "task_id": self.task["task_id"],
            "external_task_id": self.external_task_id,
            "status": self.status,
            "response_data": self.response_data,
            "accepted_at": self.accepted_at,
            "source": self.source,
            "repeats": self.repeats,
            "task": self.task,
            "history": [{"at": at, "status": status} for at, status in self.history],
        }


@dataclass
class TaskBook:
    """All tasks that Main Bot ever got."""

    honours_keys: bool = True
    """If False, every hand-over is a new execution, as with a service that ignores Idempotency-Key."""
    executions: list[Execution] = field(default_factory=list)
    _by_key: dict[str, Execution] = field(default_factory=dict)
    _by_task: dict[str, Execution] = field(default_factory=dict)

    def find(self, task_id: str) -> Execution | None:
        """The newest execution of a task."""
        return self._by_task.get(task_id)

    def take(self, task: dict[str, Any], key: str, source: str) -> tuple[Execution, bool]:
        """Accept a task; (execution, True if it is new). A known key with another body is a KeyError."""
        known = self._by_key.get(key)
        if known is not None and self.honours_keys:
            if known.task != task:
                raise KeyError(key)
            known.repeats += 1
            return known, False
        number = len(self.executions) + 1
        execution = Execution(f"mb_{number:06d}", task, key, source, accepted_at=time.time())
        self.executions.append(execution)
        self._by_key[key] = execution
        self._by_task[str(task["task_id"])] = execution
        return execution, True

    def move(self, execution: Execution, status: str, response_data: dict[str, Any] | None = None) -> None:
        """Record a new status."""
        execution.status = status
        execution.response_data = response_data or execution.response_data
        execution.history.append((time.time(), status))

    def counts(self) -> dict[str, int]:
        """Return the counts: executions, distinct tasks, recognised repeats, tasks executed twice."""
        per_task: dict[str, int] = {}
        for execution in self.executions:
            task_id = str(execution.task["task_id"])
            per_task[task_id] = per_task.get(task_id, 0) + 1
        return {
            "executions": len(self.executions),
            "distinct": len(per_task),
            "repeats": sum(execution.repeats for execution in self.executions),
            "executed_twice": sum(1 for count in per_task.values() if count > 1),
        }


def defect(task: Any) -> str | None:
    """Return why this is not a task, naming the field; None when it is one."""
    if not isinstance(task, dict):
        return "the body is not a JSON object"
    return next(_defects(task), None)


def _defects(task: dict[str, Any]) -> Iterator[str]:
    for name in ("task_id", "created_at"):
        if not isinstance(task.get(name), str) or not task[name]:
            yield f"{name}: a non-empty string is needed"
    for name, keys in SHAPE.items():
        part = task.get(name)
        if not isinstance(part, dict):
            yield f"{name}: an object is needed"
            return
        yield from (f"{name}.{key}: missing" for key in keys if key not in part)
    if not isinstance(task["user_data"]["telegram_id"], str):
        yield "user_data.telegram_id: a string is needed"
    if task["post_data"]["platform"] not in PLATFORMS:
        yield "post_data.platform: unknown"


def outcome(status: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """Return plausible response_data for an end: the middle of the ranges, or a reason."""
    if status == "completed":
        package = task["package_data"]
        return {
            "views_added": _middle(package["views_range"]),
            "reactions_added": _middle(package["reactions_range"]),
            "comments_added": _middle(package["comments_range"]),
            "reposts_added": _middle(package["reposts_range"]),
        }
    if status == "failed":
        return {"error": "The post is not available"}
    return {}


def _middle(value: Any) -> int:
    """The middle of "200-300", [200, 300] or {"min": 200, "max": 300}; 0 for anything else."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, str):
        value = value.replace("–", "-").split("-")
    try:
        numbers = [int(float(str(part))) for part in value]
    except (TypeError, ValueError):
        return 0
    return sum(numbers) // len(numbers) if numbers else 0
