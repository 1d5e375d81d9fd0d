"""Screens of a person's own figures and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.kinds import ORDER_STATUSES, POST_STATUSES
from socialboost.screens.buyer.menu import add_post_row, back, balance_lines, package_block, waiting_line
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, link, price, sums, texts

ENTRIES: Final = 6
"""Entries on a page of the history: six of the longest links still fit in a message."""


def stats(figures: Mapping[str, Any], language: str, zone: tzinfo) -> Screen:
    """Show the package with today's quota, and the totals; `figures` is get_user_stats."""
    text = texts(language)
    current = figures.get("current_package")
    totals = text.html(
        "stats",
        orders=int(figures["orders_count"]),
        spent=sums(figures["total_spent"], figures.get("spent_by_asset") or {}),
        count=int(figures["posts_count"]),
        active=int(figures["active_posts"]),
        completed=int(figures.get("completed_posts") or 0),
        failed=int(figures.get("failed_posts") or 0),
    )
    cancelled = int(figures.get("cancelled_posts") or 0)
    parts = (
        "\n".join((totals, text.html("stats-cancelled", cancelled=cancelled))) if cancelled else totals,
        package_block(text, "stats-package", current, zone) if current else text.html("stats-no-package"),
        *balance_lines(text, figures),
    )
    keyboard = (
        add_post_row(text),
        (Button(text.label("button-history"), f"{callbacks.HISTORY_PREFIX}0"),),
        back(text),
    )
    return Screen("\n\n".join(parts), keyboard)


def history(entries: Sequence[Mapping[str, Any]], page: int, language: str, zone: tzinfo) -> Screen:
    """Show a page of orders and posts, newest first.

    `entries` are get_history's rows from page * ENTRIES on. One more than ENTRIES means that an older page
    exists. A row has kind ('order' or 'post'), status, created_at, and package_name, amount, currency,
    is_live, waits, expires_at or url, platform.
    """
    text = texts(language)
    if not entries:
        parts = [text.html("history-empty")]
    else:
        parts = [text.html("history", page=page + 1)]
        parts.extend(_entry(text, entry, zone) for entry in entries[:ENTRIES])
    turn = _turn(text, page, has_older=len(entries) > ENTRIES)
    to_stats = (Button(text.label("button-stats-back"), callbacks.MY_STATS),)
    return Screen("\n\n".join(parts), (*([turn] if turn else []), to_stats, back(text)))


def _turn(text: Texts, page: int, *, has_older: bool) -> Row:
    newer = Button(text.label("button-newer"), f"{callbacks.HISTORY_PREFIX}{page - 1}") if page else None
    older = Button(text.label("button-older"), f"{callbacks.HISTORY_PREFIX}{page + 1}") if has_older else None
    return tuple(button for button in (newer, older) if button)


def _entry(text: Texts, entry: Mapping[str, Any], zone: tzinfo) -> Html:
    at = text.moment(entry["created_at"], zone)
    status = entry["status"]
    if entry["kind"] == "order":
        lines = [
            text.html(
                "history-order",
                package=entry["package_name"],
                price=price(entry["amount"], entry.get("currency") or "USD"),
                status=text.html(f"order-status-{status}" if status in ORDER_STATUSES else "status-other"),
            )
        ]
        if entry.get("waits"):
            lines.append(waiting_line(text, entry["package_name"], entry["expires_at"], zone))
        elif entry.get("is_live"):
            lines.append(text.html("history-runs", until=text.moment(entry["expires_at"], zone)))
        return Html("\n".join((*lines, at)))
    return text.html(
        "history-post",
        url=link(entry["url"]),
        platform=text.html(f"platform-{entry['platform']}"),
        status=text.html(f"post-status-{status}" if status in POST_STATUSES else "status-other"),
        at=at,
    )
