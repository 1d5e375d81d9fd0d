"""Checks the right of the person who tapped or decides, at each attempt, independently of the bot's check."""

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
def authorise(job: jobs.AdminTap | jobs.Decision, right: str) -> bool:
    """Return True if the person has the right at the job's origin.

    In the bot an admin acts in their own name and private chat. On the dashboard the session names the admin.
    The API's caller has the owner's key. Other people get the answer to an unknown button, if there is a
    chat, and their dialogue ends.
    """
    if _role_of(job) in ROLES[right]:
        return True
    log.warning("admin_refused", where="worker", right=right)
    if isinstance(job, jobs.Tap):
        _turn_away(job)
    return False


def _role_of(job: jobs.AdminTap | jobs.Decision) -> str | None:
    """Return the role of the person at the job's origin, or None if they have none or are unknown."""
    who = deciding.actor_id(job) if isinstance(job, jobs.Decision) else job.telegram_id
    origin = job.origin if isinstance(job, jobs.Decision) else "bot"
    if not who:
        return None
    if origin == "bot":
        is_own_chat = isinstance(job, jobs.Tap) and who == job.telegram_id == job.chat_id
        return role(who) if is_own_chat else None
    if origin == "dashboard":
        return role(who)
    return OWNER if origin == "api" else None


def _turn_away(tap: jobs.Tap) -> None:
    answers.end_dialogue(tap, getattr(tap, "dialogue", "") or f"tg:{tap.update_id}")
    try:
        answers.reply(tap, menu.unknown(language(tap)))
    except RejectedError as error:  # nobody to answer: they are refused all the same
        log.warning("job_answer_failed", error=outages.describe(error))


@hooks.RIGHTS.register
def rights(telegram_id: int) -> frozenset[str]:
    """Return the rights of the person's role, an empty set without a role."""
    found = role(telegram_id)
    return frozenset(right for right, roles in ROLES.items() if found in roles)


def role(telegram_id: int) -> str | None:
    """Return the role, or None. An owner named in the setting needs no database."""
    if telegram_id in resources.settings().admin_telegram_ids:
        return OWNER
    found: str | None = resources.db().value("get_admin_role", telegram_id=telegram_id)
    return found


def language(tap: jobs.Tap) -> str:
    """Return the language for an admin's answer. It works without the database, for /debug in an outage."""
    try:
        row = current.find(tap)
    except psycopg.OperationalError as error:
        log.warning("admin_not_looked_up", error=type(error).__name__)
        row = None
    return current.language(tap, row)
