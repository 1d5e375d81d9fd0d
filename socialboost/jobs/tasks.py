"""Posts, and the tasks that Main Bot gets for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from socialboost.jobs.base import INTERACTIVE, NOTIFICATIONS, TASKS, Job, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class ShowPlatforms(Tap):
    """Ask which network the post is on, or say that a package is needed first."""

    actor_name: ClassVar[str] = "show_platforms"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class AskPostLink(Tap):
    """Ask for the link of a post on `platform`."""

    actor_name: ClassVar[str] = "ask_post_link"
    queue: ClassVar[str] = INTERACTIVE
    platform: str


@dataclass(frozen=True, kw_only=True)
class AddPost(Tap, LedgerJob):
    """Check the links of posts, take today's quota and create a task for each: `request_id` of the nth is
    tg:<update_id>:<n>."""

    actor_name: ClassVar[str] = "add_post"
    queue: ClassVar[str] = INTERACTIVE
    platform: str
    """The one that was chosen; empty when the links came by themselves. What a link says wins over it."""
    text: str
    """What the person sent, at most 4096 characters, hidden addresses put in; validated by the worker."""
    dialogue: str = ""
    """The dialogue this answers: the worker ends that one only (socialboost/chat/dialogues.py)."""


@dataclass(frozen=True, kw_only=True)
class DispatchTasks(LedgerJob):
    """Push one task to Main Bot; key task:<task_id>: each task is counted alone."""

    actor_name: ClassVar[str] = "dispatch_tasks"
    queue: ClassVar[str] = TASKS
    task_id: str


@dataclass(frozen=True, kw_only=True)
class ClaimTasks(Job):
    """GET /api/tasks/pending: lease up to `limit` tasks to `owner`. Answer: the list of tasks."""

    actor_name: ClassVar[str] = "claim_tasks"
    queue: ClassVar[str] = INTERACTIVE
    limit: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class ConfirmTasks(Job):
    """What became of ClaimTasks' answer: it left for `owner`, or nobody was there any more to get it."""

    actor_name: ClassVar[str] = "confirm_tasks"
    queue: ClassVar[str] = INTERACTIVE
    owner: str
    task_ids: list[str]
    arrived: bool


@dataclass(frozen=True, kw_only=True)
class UpdateTaskStatus(LedgerJob):
    """PUT /api/tasks/<id>/status; key api:<uuid>. Answer: {"http": 200|404|409, "body": {...}}."""

    actor_name: ClassVar[str] = "update_task_status"
    queue: ClassVar[str] = INTERACTIVE
    task_id: str
    status: str
    external_task_id: str | None = None
    response_data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NotifyPost(LedgerJob):
    """Tell the owner how a post ended; key post:<post_id>:<status>."""

    actor_name: ClassVar[str] = "notify_post"
    queue: ClassVar[str] = NOTIFICATIONS
    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    post_id: str


@dataclass(frozen=True, kw_only=True)
class AskMainBot(LedgerJob):
    """Ask Main Bot about a task it has said nothing about; key ask:<task_id>:<asked_ms>."""

    actor_name: ClassVar[str] = "ask_main_bot"
    queue: ClassVar[str] = TASKS
    task_id: str
