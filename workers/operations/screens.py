"""Shows the admin panel: its pages, the shop's figures, the settings, the technical state."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
from pydantic import SecretStr

from socialboost import jobs, logs
from socialboost.queue import broker
from socialboost.screens import notices
from socialboost.screens.admin import panel
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import actor
from workers.people import access
from workers.telegram import answers

log = logs.get(__name__)


_RIGHTS: Final[Mapping[str, str]] = {"stats": "statistics", "settings": "settings", "notices": "notices"}
"""The pages that need another right than `look`."""


def _right(job: jobs.ShowAdminPage) -> str:
    """Return the right that the page needs."""
    return _RIGHTS.get(job.page, "look")


@actor(jobs.ShowAdminPage, right=_right)
def show_admin_page(job: jobs.ShowAdminPage) -> None:
    """Show a page of the panel. An unknown name shows the panel itself."""
    language = access.language(job)
    if job.page == "notices":
        _show_untold(job, language)
    else:
        answers.reply(job, _PAGES.get(job.page, _panel)(language))


def _panel(language: str) -> Screen:
    matters = resources.db().one("count_open_matters")
    return panel.panel(matters or {}, language)


def _show_untold(tap: jobs.Tap, language: str) -> None:
    """Show the oldest notices that no admin received. An admin who sees them has received them."""
    rows = resources.db().many("get_untold_notices", limit=notices.UNTOLD + 1)
    zone = resources.settings().timezone
    events = [(str(row["kind"]), json.loads(row["data"])) for row in rows[: notices.UNTOLD]]
    count = notices.fitting(events, language, zone, notices.UNTOLD_UNITS)
    screen = notices.untold(events[:count], language, zone, has_more=len(rows) > count)
    if answers.reply(tap, screen) is not None and rows:
        keys = [row["key"] for row in rows[:count]]
        resources.db().run("mark_notices_told", keys=keys, chat_id=tap.chat_id)


def _stats(language: str) -> Screen:
    return panel.stats(resources.db().value("get_admin_stats"), language, resources.settings().timezone)


def _settings(language: str) -> Screen:
    settings = resources.settings()
    shown = {name: _shown(getattr(settings, name)) for name in type(settings).model_fields}
    return panel.settings(shown, language)


def _shown(value: object) -> str | None:
    """Return a setting as text, None for a secret."""
    values = value if isinstance(value, tuple) else (value,)
    if any(isinstance(one, SecretStr) for one in values):
        return None
    return "" if value is None else ", ".join(str(one) for one in values)


def _machinery(language: str) -> Screen:
    queues = broker.current()
    return panel.machinery(queues.depth(jobs.QUEUES), queues.processes(), _counts(), language)


def _counts() -> Mapping[str, Any] | None:
    """Return how many jobs wait in the database, None while it is down."""
    try:
        return resources.db().one("count_machinery")
    except psycopg.OperationalError as error:
        log.warning("database_unhealthy", error=type(error).__name__)
        return None


_PAGES: Final[Mapping[str, Callable[[str], Screen]]] = {
    "panel": _panel,
    "stats": _stats,
    "settings": _settings,
    "debug": _machinery,
}
