"""Whether whoever tapped or decides has the right to: asked at each attempt, whatever the bot let through."""

from __future__ import annotations

import psycopg

from socialboost import jobs, logs
from socialboost.errors import RejectedError
from socialboost.screens.buyer import menu
from workers.engine import deciding, hooks, outages, resources
from workers.people import current
from workers.people.rights import OWNER, ROLES
from workers.telegram import answers

log = logs.get(__name__)


@hooks.AUTHORISE.register
def authorise(job: jobs.AdminTap, right: str) -> bool:
    """Return whether whoever did this has the right, in their own name and in their own private chat.

    Anybody else is answered as for an unknown button, and nothing waits for what they write next.
    """
    who = deciding.actor_id(job) if isinstance(job, jobs.Decision) else job.telegram_id
    is_own_chat = who == job.telegram_id == job.chat_id
    if is_own_chat and role(who) in ROLES[right]:
        return True
    log.warning("admin_refused", where="worker", right=right)
    answers.end_dialogue(job, getattr(job, "dialogue", "") or f"tg:{job.update_id}")
    try:
        answers.reply(job, menu.unknown(language(job)))
    except RejectedError as error:  # nobody to answer: they are refused all the same
        log.warning("job_answer_failed", error=outages.describe(error))
    return False


def role(telegram_id: int) -> str | None:
    """Return the role; None for somebody who has none. An owner by the setting needs no database."""
    if telegram_id in resources.settings().admin_telegram_ids:
        return OWNER
    found: str | None = resources.db().value("get_admin_role", telegram_id=telegram_id)
    return found


def language(tap: jobs.Tap) -> str:
    """Return the language to answer an admin in, also while the database is away: /debug must answer then."""
    try:
        row = current.find(tap)
    except psycopg.OperationalError as error:
        log.warning("admin_not_looked_up", error=type(error).__name__)
        row = None
    return current.language(tap, row)
