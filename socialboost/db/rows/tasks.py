"""The rows of sql/queries/tasks.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import TypedDict


class AskAboutSilentTasks(TypedDict):
    """A row of ask_about_silent_tasks."""

    task_id: str
    asked_ms: int
    is_open: bool
