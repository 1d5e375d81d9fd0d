"""Shows screens about the person: the menu, their figures and history, the fixed texts."""

from __future__ import annotations

from socialboost import jobs
from socialboost.chat import callbacks
from socialboost.screens.buyer import menu, stats, strays, support
from workers.engine import resources
from workers.engine.actors import actor
from workers.people import current
from workers.telegram import answers


@actor(jobs.ShowMenu)
def show_menu(job: jobs.ShowMenu) -> None:
    """Show the main menu."""
    if person := current.known(job):
        draw_menu(job, person)


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
    """Show a fixed text, even to an unregistered person. A tap on a heading only stops its spinner."""
    if job.page == callbacks.NOOP:
        answers.stop_spinner(job)
        return
    language = current.language(job, current.find(job))
    if job.page == "too_fast" and job.callback_id is not None:  # what they look at stays as it is
        answers.stop_spinner(job, strays.too_fast_notice(language))
        return
    answers.reply(job, support.page(job.page, language))


def draw_menu(job: jobs.Tap, person: current.Person) -> None:
    """Return the main menu with the person's figures."""
    answers.reply(job, menu.menu(person.figures, person.language, resources.settings().timezone))
