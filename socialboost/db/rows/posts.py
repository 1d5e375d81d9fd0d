"""The rows of sql/queries/posts.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import Any, TypedDict


class GetPostResult(TypedDict):
    """A row of get_post_result."""

    post_id: str
    telegram_id: int
    language: str
    url: str
    platform: str
    status: str
    fail_reason: str | None
    response_data: Any
    limit: int | None
    remaining: int | None
