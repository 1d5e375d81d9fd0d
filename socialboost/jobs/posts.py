"""Posts: asked for, submitted, and the message about how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, NOTIFICATIONS, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class ShowPlatforms(Tap, queue=INTERACTIVE):
    """Ask which network the post is on, or say that a package is needed first."""


@dataclass(frozen=True, kw_only=True)
class AskPostLink(Tap, queue=INTERACTIVE):
    """Ask for the link of a post on `platform`."""

    platform: str


@dataclass(frozen=True, kw_only=True)
class AddPost(Tap, LedgerJob, queue=INTERACTIVE):
    """Check the links of posts, take today's quota and create a task for each: `request_id` of the nth is
    tg:<update_id>:<n>."""

    platform: str
    """The one that was chosen; empty when the links came by themselves. What a link says wins over it."""
    text: str
    """What the person sent, at most 4096 characters, hidden addresses put in; validated by the worker."""
    dialogue: str = ""
    """The dialogue this answers: the worker ends that one only (socialboost/chat/dialogues.py)."""


@dataclass(frozen=True, kw_only=True)
class NotifyPost(LedgerJob, queue=NOTIFICATIONS):
    """Tell the owner how a post ended; key post:<post_id>:<status>."""

    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    post_id: str
