"""Posts: from the choice of a network to an accepted link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialboost import jobs, links
from socialboost.screens import posts
from socialboost.screens.core import Screen
from workers import cache, outbox, people, replies, runtime
from workers.base import Attempt, actor


@actor(jobs.ShowPlatforms)
def show_platforms(job: jobs.ShowPlatforms) -> None:
    """Ask which network the post is on, when there is a package and something left of today's quota."""
    person = people.known(job, fresh=True)
    if person is None:
        return
    package = person.figures["current_package"]
    screen = _refusal(package, person.language) or posts.platforms(package, person.language)
    replies.reply(job, screen)


@actor(jobs.AskPostLink)
def ask_post_link(job: jobs.AskPostLink) -> None:
    """Ask for the link, or say right away that it could not be taken now."""
    person = people.known(job, fresh=True)
    if person is None:
        return
    package = person.figures["current_package"]
    refusal = _refusal(package, person.language)
    if refusal is not None:
        replies.end_dialogue(job, f"tg:{job.update_id}")
    replies.reply(job, refusal or posts.ask_link(job.platform, person.language))


@actor(jobs.AddPost)
def add_post(job: jobs.AddPost, attempt: Attempt) -> None:  # noqa: ARG001 (the database knows the request)
    """Take the link, one of today's quota, and owe the hand-over of its task in the same transaction."""
    person = people.known(job)
    if person is None:
        return
    try:
        link = links.parse(job.text, job.platform)
    except links.LinkError as exc:  # the dialogue stays open: the next message is read as a link again
        screen = posts.post_rejected(exc.code, exc.platform, exc.found_platform, person.language)
        replies.reply(job, screen)
        return
    with runtime.db().transaction() as tx:
        answer = tx.value(
            "add_user_post",
            telegram_id=job.telegram_id,
            url=link.url,
            platform=link.platform,
            request_id=job.key,
        )
        if answer["success"]:
            task_id = answer["task_id"]
            outbox.owe(tx, jobs.DispatchTasks(key=f"task:{task_id}", task_id=task_id))
            cache.forget_user(tx, job.telegram_id)
    if answer.get("error") != "duplicate_post":  # then another link may follow
        replies.end_dialogue(job, job.dialogue)
    replies.reply(job, _outcome(answer, link, person.language))


def _outcome(answer: Mapping[str, Any], link: links.PostLink, language: str) -> Screen:
    if answer["success"]:
        return posts.post_accepted(answer, link.url, link.platform, language)
    if answer["error"] == "daily_limit":
        return posts.daily_limit(answer["limit"], language, runtime.settings().timezone, link.url)
    if answer["error"] == "duplicate_post":
        return posts.duplicate_post(link.url, language)
    return posts.no_active_package(language)


def _refusal(package: Mapping[str, Any] | None, language: str) -> Screen | None:
    """Return why no post can be added now, or None."""
    if package is None:
        return posts.no_active_package(language)
    if package["posts_remaining"] <= 0:
        return posts.daily_limit(package["posts_per_day"], language, runtime.settings().timezone)
    return None
