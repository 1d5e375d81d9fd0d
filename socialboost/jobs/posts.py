"""Posts: the questions for a link, its submission, and the message about the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, NOTIFICATIONS, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class ShowPlatforms(Tap, queue=INTERACTIVE):
    """Ask for the post's network, or say that a package is needed first."""


@dataclass(frozen=True, kw_only=True)
class AskPostLink(Tap, queue=INTERACTIVE):
    """Ask for the link of a post on `platform`."""

    platform: str


@dataclass(frozen=True, kw_only=True)
class AddPost(Tap, LedgerJob, queue=INTERACTIVE):
    """Check the links of posts, take today's quota and create a task for each: `request_id` of the nth is
    tg:<update_id>:<n>."""

    platform: str
    """The chosen platform, empty for unrequested links. A link's own platform wins over it."""
    text: str
    """The person's text with hidden addresses, at most 4096 characters. The worker validates it."""
    dialogue: str = ""
    """The dialogue that this answers. The worker ends only that one (socialboost/chat/dialogues.py)."""


@dataclass(frozen=True, kw_only=True)
class NotifyPost(LedgerJob, queue=NOTIFICATIONS):
    """Notify the owner of a post's result; key post:<post_id>:<status>."""

    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    post_id: str
