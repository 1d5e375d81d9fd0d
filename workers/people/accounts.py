"""People: who they are, the menu, their language and figures."""

from __future__ import annotations

from socialboost import jobs
from socialboost.chat import callbacks
from socialboost.screens import texts
from socialboost.screens.buyer import menu, stats, strays, support
from workers.engine import cache, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.notices import owed
from workers.people import current
from workers.telegram import answers


@actor(jobs.RegisterUser)
def register_user(job: jobs.RegisterUser, attempt: Attempt) -> None:  # noqa: ARG001 (upserts: safe to repeat)
    """Create or refresh the person, then greet them."""
    resources.db().value(
        "register_user",
        telegram_id=job.telegram_id,
        username=job.username,
        first_name=job.first_name,
        last_name=job.last_name,
        language=texts.language(job.language),
        start_payload=job.start_payload,
    )
    cache.forget(cache.user_key(job.telegram_id))
    if person := current.known(job):
        answers.reply(job, menu.welcome(person.figures, person.language, resources.settings().timezone))
    if job.telegram_id in resources.settings().admin_telegram_ids:
        _owe_commands(job)


def _owe_commands(job: jobs.RegisterUser) -> None:
    """Owe an admin the menu of commands: Telegram takes it for a chat only once the chat exists."""
    key = f"commands:{job.telegram_id}:{job.update_id}"
    with resources.db().transaction() as tx:
        outbox.add(tx, jobs.RegisterCommands(key=key, telegram_id=job.telegram_id))


@actor(jobs.ShowMenu)
def show_menu(job: jobs.ShowMenu) -> None:
    """Show the main menu."""
    if person := current.known(job):
        _show_menu(job, person)


@actor(jobs.SetLanguage)
def set_language(job: jobs.SetLanguage, attempt: Attempt) -> None:  # noqa: ARG001 (safe to repeat)
    """Remember the language, then show the menu in it."""
    language = texts.language(job.chosen)
    resources.db().run("set_language", telegram_id=job.telegram_id, language=language)
    cache.forget(cache.user_key(job.telegram_id))
    if person := current.known(job):
        _show_menu(job, person)


@actor(jobs.SetReachable)
def set_reachable(job: jobs.SetReachable, attempt: Attempt) -> None:  # noqa: ARG001 (safe to repeat)
    """Remember whether messages reach this person; somebody unknown is not written down."""
    resources.db().run("set_reachable", telegram_id=job.telegram_id, reachable=job.reachable)
    if job.reachable:
        owed.reached(job.telegram_id)


@actor(jobs.ShowStats)
def show_stats(job: jobs.ShowStats) -> None:
    """Show the person's package, quota and totals."""
    if person := current.known(job):
        zone = resources.settings().timezone
        answers.reply(job, stats.stats(person.figures, person.language, zone))


@actor(jobs.ShowHistory)
def show_history(job: jobs.ShowHistory) -> None:
    """Show a page of orders and posts, newest first."""
    person = current.known(job)
    if person is None:
        return
    page = max(job.page, 0)
    entries = resources.db().many(
        "get_history",
        telegram_id=job.telegram_id,
        limit=stats.ENTRIES + 1,  # one more says that there is an older page
        offset=page * stats.ENTRIES,
    )
    answers.reply(job, stats.history(entries, page, person.language, resources.settings().timezone))


@actor(jobs.ShowPage)
def show_page(job: jobs.ShowPage) -> None:
    """Show a fixed text; anybody may read those. A tapped heading changes nothing but its spinner."""
    if job.page == callbacks.NOOP:
        answers.stop_spinner(job)
        return
    language = current.language(job, current.find(job))
    if job.page == "too_fast" and job.callback_id is not None:  # what they look at stays as it is
        answers.stop_spinner(job, strays.too_fast_notice(language))
        return
    answers.reply(job, support.page(job.page, language))


def _show_menu(job: jobs.Tap, person: current.Person) -> None:
    answers.reply(job, menu.menu(person.figures, person.language, resources.settings().timezone))
