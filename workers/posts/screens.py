"""Asks for a post's network and its link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialboost import jobs
from socialboost.screens.buyer import posts
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import actor
from workers.people import current
from workers.telegram import answers


@actor(jobs.ShowPlatforms)
def show_platforms(job: jobs.ShowPlatforms) -> None:
    """Ask for the post's network, if there is a package and some of today's quota is left."""
    person = current.known(job, fresh=True)
    if person is None:
        return
    package = person.figures["current_package"]
    screen = refusal_of(package, person.language) or posts.platforms(package, person.language)
    answers.reply(job, screen)


@actor(jobs.AskPostLink)
def ask_post_link(job: jobs.AskPostLink) -> None:
    """Ask for the link, or say at once that no post can be added now."""
    person = current.known(job, fresh=True)
    if person is None:
        return
    package = person.figures["current_package"]
    refusal = refusal_of(package, person.language)
    if refusal is not None:
        answers.end_dialogue(job, f"tg:{job.update_id}")
    answers.reply(job, refusal or posts.ask_link(job.platform, person.language))


def refusal_of(package: Mapping[str, Any] | None, language: str) -> Screen | None:
    """Return why no post can be added now, or None."""
    if package is None:
        return posts.no_active_package(language)
    if package["posts_remaining"] <= 0:
        return posts.daily_limit(package["posts_per_day"], language, resources.settings().timezone)
    return None
