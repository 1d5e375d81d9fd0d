"""The screens of broadcasts for admins: the list, a card, and the questions about a new broadcast."""

from __future__ import annotations

from socialboost import jobs
from socialboost.screens.admin import broadcasts
from workers.broadcasts import cards
from workers.engine import resources
from workers.engine.actors import actor
from workers.people import access
from workers.telegram import answers


@actor(jobs.AskBroadcast, right="broadcasts")
def ask_broadcast(job: jobs.AskBroadcast) -> None:
    """Ask for a new broadcast's message."""
    language = access.language(job)
    answers.reply(job, broadcasts.compose(language))


@actor(jobs.AskBroadcastDetail, right="broadcasts")
def ask_broadcast_detail(job: jobs.AskBroadcastDetail) -> None:
    """Ask for a broadcast's buttons or its time."""
    language = access.language(job)
    zone = resources.settings().timezone.key
    answers.reply(job, broadcasts.ask_detail(job.broadcast_id, job.detail, language, zone))


@actor(jobs.ShowBroadcasts, right="look")
def show_broadcasts(job: jobs.ShowBroadcasts) -> None:
    """Show a page of the broadcasts."""
    language = access.language(job)
    size = broadcasts.LISTED
    rows = resources.db().many("list_broadcasts", limit=size + 1, offset=job.page * size)
    answers.reply(job, broadcasts.listing(rows, job.page, language, resources.settings().timezone))


@actor(jobs.ShowBroadcast, right="look")
def show_broadcast(job: jobs.ShowBroadcast) -> None:
    """Show one broadcast's card."""
    language = access.language(job)
    cards.show(job, job.broadcast_id, language)


def show_moved(job: jobs.ShowDecision, language: str) -> None:
    """Show the card after a decision."""
    cards.show(job, job.target, language)
