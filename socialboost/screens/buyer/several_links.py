"""The screen that answers a message with several links: each link with its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, Literal

from socialboost.chat import callbacks
from socialboost.kinds import LinkCode
from socialboost.screens.buyer.menu import add_post_row, back
from socialboost.screens.buyer.posts import possible_at
from socialboost.screens.core import Button, Screen
from socialboost.screens.texts import Html, Texts, texts

_SHOWN_CHARACTERS: Final = 120
"""Characters shown of an address, so that twenty addresses fit into one message."""


ERRORS: Final = ("duplicate_post", "daily_limit", "rate_limit", "no_active_package")
"""The reasons why add_user_post refuses a link."""


@dataclass(frozen=True, slots=True)
class Line:
    """One link and its outcome."""

    url: str
    """The canonical link if it was understood, else as it was sent."""
    platform: str = ""
    """The platform, empty if it was not recognised."""
    answer: Mapping[str, Any] | None = None
    """add_user_post_v2's answer (a `rate_limit` has `next_at`), None if the link is not a post's."""
    code: LinkCode | Literal[""] = ""
    """The code of links.LinkError, if there is no answer."""

    @property
    def is_accepted(self) -> bool:
        """Return True if it became a post."""
        return self.answer is not None and bool(self.answer["success"])


def outcomes(lines: Sequence[Line], language: str, zone: tzinfo, *, is_cut: bool = False) -> Screen:
    """List the links. `is_cut`: there were more of them than are allowed in one message.

    The screen is lasting if one of them was accepted.
    """
    text = texts(language)
    accepted = [line for line in lines if line.is_accepted]
    parts: list[str] = [text.html("posts-none-added")]
    if accepted:
        parts = [text.html("posts-added", accepted=len(accepted), total=len(lines))]
    parts.append("\n".join(_line(text, number, line, zone) for number, line in enumerate(lines, 1)))
    if is_cut:
        parts.append(text.html("posts-cut", count=len(lines)))
    if accepted:
        last = accepted[-1].answer or {}
        parts.append(text.html("posts-left", count=max(0, int(last["remaining"])), limit=int(last["limit"])))
    stats = (Button(text.label("button-stats"), callbacks.MY_STATS),)
    return Screen("\n\n".join(parts), (add_post_row(text), stats, back(text)), lasting=bool(accepted))


def _line(text: Texts, number: int, line: Line, zone: tzinfo) -> Html:
    shown = line.url if len(line.url) <= _SHOWN_CHARACTERS else f"{line.url[:_SHOWN_CHARACTERS]}…"
    values: dict[str, str | int] = {"number": number, "url": shown}
    if line.is_accepted:
        return text.html("posts-line-added", platform=text.html(f"platform-{line.platform}"), **values)
    return text.html("posts-line-refused", reason=_reason(text, line, zone), **values)


def _reason(text: Texts, line: Line, zone: tzinfo) -> Html:
    if line.answer is None:
        return text.html(f"brief-{line.code}")
    error = str(line.answer["error"])
    if error == "rate_limit":
        return text.html("brief-rate_limit", until=possible_at(line.answer["next_at"], text.language, zone))
    return text.html(f"brief-{error}")
