"""Screens of the admin panel: its pages, the shop's figures, the settings, the technical state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.kinds import ORDER_STATUSES, AdminRight
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, clean, price, sums, texts

RECENT_ORDERS: Final = 10
_VALUE_CHARACTERS: Final = 60


def to_panel(text: Texts) -> Row:
    """Return the row that leads back to the panel from all its other screens."""
    return (Button(text.label("button-admin-panel"), callbacks.ADMIN_PANEL),)


def turn(text: Texts, prefix: str, page: int, *, has_more: bool) -> tuple[Row, ...]:
    """Return the row that turns the pages of a list, if it has several."""
    earlier = Button(text.label("button-previous"), f"{prefix}{page - 1}") if page else None
    later = Button(text.label("button-next"), f"{prefix}{page + 1}") if has_more else None
    row = tuple(button for button in (earlier, later) if button)
    return (row,) if row else ()


def panel(matters: Mapping[str, Any], language: str) -> Screen:
    """Show the panel's buttons. `matters` is count_open_matters' row."""
    text = texts(language)
    waiting = int(matters["parked_jobs"]) + int(matters["dead_letters"])
    exceptions = text.label("button-admin-exceptions", count=int(matters["exceptions"]))
    broadcast = Button(
        text.label("button-admin-broadcast"),
        callbacks.ADMIN_BROADCAST,
        right="broadcasts",
        otherwise=f"{callbacks.BROADCAST_LIST_PREFIX}0",
    )
    keyboard = (
        (Button(text.label("button-admin-stats"), callbacks.ADMIN_STATS, right="statistics"),),
        (Button(text.label("button-admin-packages"), callbacks.ADMIN_PACKAGES),),
        (broadcast,),
        (Button(text.label("button-admin-settings"), callbacks.ADMIN_SETTINGS, right="settings"),),
        (Button(exceptions, f"{callbacks.ADMIN_EXCEPTIONS_PREFIX}0"),),
        (Button(text.label("button-admin-jobs", count=waiting), f"{callbacks.ADMIN_JOBS_PREFIX}0"),),
        *_door(text, "button-admin-withheld", matters["withheld"], f"{callbacks.ADMIN_WITHHELD_PREFIX}0"),
        *_door(text, "button-admin-notices", matters["untold_notices"], callbacks.ADMIN_NOTICES, "notices"),
        back(text),
    )
    return Screen(text.html("admin-panel"), keyboard)


def _door(
    text: Texts, label: str, count: Any, callback: str, right: AdminRight | None = None
) -> tuple[Row, ...]:
    """Return the buttons to lists that are usually empty, if they are not."""
    return ((Button(text.label(label, count=int(count)), callback, right=right),),) if count else ()


def stats(figures: Mapping[str, Any], language: str, zone: tzinfo) -> Screen:
    """Show the shop's figures at a glance. `figures` is get_admin_stats' answer."""
    text = texts(language)
    counts = (
        *("total_users", "active_users", "total_orders", "paid_orders", "total_posts", "active_posts"),
        *("completed_posts", "failed_posts", "packages_count"),
    )
    body = text.html(
        "admin-stats",
        revenue=sums(figures["total_revenue"], figures["revenue_by_asset"]),
        **{name.replace("_", "-"): int(figures[name]) for name in counts},
    )
    recent = figures["recent_orders"][:RECENT_ORDERS]
    lines = [_recent(text, order, zone) for order in recent]
    heading = text.html("admin-recent" if lines else "admin-recent-none")
    keyboard = ((Button(text.label("button-refresh"), callbacks.ADMIN_STATS),), to_panel(text), back(text))
    return Screen("\n\n".join((body, "\n".join((heading, *lines)))), keyboard)


def settings(values: Mapping[str, str | None], language: str) -> Screen:
    """Show the shop's settings without secrets. None stands for a secret that is set."""
    text = texts(language)
    lines = [_setting(text, name, value) for name, value in values.items()]
    body = "\n\n".join((text.html("admin-settings"), "\n".join(lines)))
    language_row = (Button(text.label("button-languages"), callbacks.SHOW_LANGUAGES),)
    return Screen(body, (language_row, to_panel(text), back(text)))


def machinery(
    depths: Mapping[str, int], processes: int, counts: Mapping[str, Any] | None, language: str
) -> Screen:
    """Show the queues and the waiting jobs. `counts` is count_machinery's row, None without a database.

    If this screen appears at all, Redis and a worker are running.
    """
    text = texts(language)
    queues = [text.html("notice-line", label=name, value=str(depth)) for name, depth in depths.items()]
    head = text.html("admin-debug", processes=processes)
    if counts is None:
        database = text.html("admin-debug-database-away")
    else:
        database = text.html(
            "admin-debug-database",
            tasks=int(counts["waiting_tasks"]),
            open=int(counts["open_jobs"]),
            parked=int(counts["parked_jobs"]),
            letters=int(counts["dead_letters"]),
        )
    return Screen("\n\n".join((head, database, "\n".join(queues))), (to_panel(text), back(text)))


def _recent(text: Texts, order: Mapping[str, Any], zone: tzinfo) -> Html:
    status = order["status"]
    return text.html(
        "admin-recent-order",
        username=clean(order.get("user_username") or "", limit=32) or "—",
        package=clean(order["package_name"], limit=40),
        price=price(order["amount"]),
        status=text.html(f"order-status-{status}" if status in ORDER_STATUSES else "status-other"),
        at=text.moment(order["created_at"], zone),
    )


def _setting(text: Texts, name: str, value: str | None) -> Html:
    shown = text.plain("admin-setting-secret") if value is None else clean(value, limit=_VALUE_CHARACTERS)
    return text.html("notice-line", label=name.upper(), value=shown or "—")
