"""Whether whoever tapped is an admin: asked again here, whatever the bot let through."""

from __future__ import annotations

import psycopg

from socialboost import jobs, logs
from socialboost.screens.buyer import menu
from workers.engine import resources
from workers.people import current
from workers.telegram import answers

log = logs.get(__name__)


def language(tap: jobs.Tap) -> str | None:
    """Return the language to answer this admin in.

    Anybody else, an admin anywhere but in their own private chat, and whoever decides in another's name is
    answered as for an unknown button; then None.
    """
    try:
        row = current.find(tap)
    except psycopg.OperationalError as error:  # /debug must answer then of all times
        log.warning("admin_not_looked_up", error=type(error).__name__)
        row = None
    found = current.language(tap, row)
    is_own_name = not isinstance(tap, jobs.Decision) or tap.actor_id in {0, tap.telegram_id}
    is_admin = tap.telegram_id in resources.settings().admin_telegram_ids
    if is_admin and is_own_name and tap.chat_id == tap.telegram_id:
        return found
    log.warning("admin_refused", where="worker")
    answers.reply(tap, menu.unknown(found))
    return None
