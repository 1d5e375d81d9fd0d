"""What the shop knows of a person: their registration, language and whether messages reach them."""

from __future__ import annotations

from typing import Any

from socialboost import jobs
from socialboost.screens import texts
from socialboost.screens.buyer import menu
from workers.engine import cache, hooks, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.engine.ledger import Claiming
from workers.people import current, screens
from workers.telegram import answers


def _registered(job: jobs.RegisterUser) -> dict[str, Any]:
    return {
        "telegram_id": job.telegram_id,
        "username": job.username,
        "first_name": job.first_name,
        "last_name": job.last_name,
        "language": texts.language(job.language),
        "start_payload": job.start_payload,
    }


@actor(jobs.RegisterUser, claims_with=Claiming("claim_and_register_user", _registered))
def register_user(job: jobs.RegisterUser, attempt: Attempt) -> None:  # noqa: ARG001 (upserts: safe to repeat)
    """Greet the person, whom the claim has created or refreshed."""
    cache.forget(cache.user_key(job.telegram_id))
    if person := current.known(job):
        answers.reply(job, menu.welcome(person.figures, person.language, resources.settings().timezone))
    if job.telegram_id in resources.settings().admin_telegram_ids:
        _add_commands(job)


def _add_commands(job: jobs.RegisterUser) -> None:
    """Add the job that sets an admin's menu of commands. Telegram accepts it once the chat exists."""
    key = f"commands:{job.telegram_id}:{job.update_id}"
    with resources.db().transaction() as tx:
        outbox.add(tx, jobs.RegisterCommands(key=key, telegram_id=job.telegram_id))


@actor(jobs.SetLanguage)
def set_language(job: jobs.SetLanguage, attempt: Attempt) -> None:  # noqa: ARG001 (safe to repeat)
    """Store the language, then show the menu in it."""
    language = texts.language(job.chosen)
    resources.db().run("set_language", telegram_id=job.telegram_id, language=language)
    cache.forget(cache.user_key(job.telegram_id))
    if person := current.known(job):
        screens.draw_menu(job, person)


@actor(jobs.SetReachable)
def set_reachable(job: jobs.SetReachable, attempt: Attempt) -> None:  # noqa: ARG001 (safe to repeat)
    """Store whether messages reach this person. An unknown person is not recorded."""
    resources.db().run("set_reachable", telegram_id=job.telegram_id, reachable=job.reachable)
    if job.reachable:
        hooks.CHAT_REACHED(job.telegram_id)
