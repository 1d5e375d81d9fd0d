"""Accepts the links that a person sends, within the daily quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from socialboost import jobs, links
from socialboost.chat.callbacks import PLATFORMS
from socialboost.db import Transaction
from socialboost.links import LinkError, PostLink
from socialboost.screens.buyer import posts, several_links
from socialboost.screens.core import Screen
from workers.engine import cache, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.people import current
from workers.telegram import answers as replies
from workers.telegram import dialogues

Found = PostLink | LinkError


@actor(jobs.AddPost)
def add_post(job: jobs.AddPost, attempt: Attempt) -> None:  # noqa: ARG001 (the database knows the request)
    """Add the links in order, each using one of today's quota, and answer once.

    The transaction that creates a task also adds its hand-over. If no link was accepted the dialogue stays
    open: the next message is read as a link again.
    """
    person = current.known(job)
    if person is None:
        return
    found = _found(job)
    answers = _add(job, found)
    if job.dialogue:
        _go_on(job, answers)
    replies.reply(job, _outcome(job, found, answers, person.language))


def _go_on(job: jobs.AddPost, answers: Sequence[Mapping[str, Any] | None]) -> None:
    """End the dialogue. It stays open if the link is not a post's or was already added today."""
    if any(answer is not None and answer.get("error") != "duplicate_post" for answer in answers):
        replies.end_dialogue(job, job.dialogue)
    else:
        dialogues.reopen_link(job, job.dialogue)


def _found(job: jobs.AddPost) -> list[Found]:
    """Return the links in the message, at most one more than is allowed, or the reason if there is none."""
    found: list[Found] = list(links.find_all(job.text, links.MAX_LINKS + 1))
    if found:
        return found
    try:
        return [links.parse(job.text, job.platform or None)]
    except LinkError as error:
        return [error]


def _add(job: jobs.AddPost, found: Sequence[Found]) -> list[Mapping[str, Any] | None]:
    """Return the database's answer to each link, None for a link that is not a post's."""
    taken = found[: links.MAX_LINKS]
    if not any(isinstance(link, PostLink) for link in taken):
        return [None] * len(taken)
    with resources.db().transaction() as tx:
        answers = [
            _add_one(tx, job, number, link) if isinstance(link, PostLink) else None
            for number, link in enumerate(taken)
        ]
        if any(answer is not None and answer["success"] for answer in answers):
            cache.forget_user(tx, job.telegram_id)
    return answers


def _add_one(tx: Transaction, job: jobs.AddPost, number: int, link: PostLink) -> Mapping[str, Any]:
    rate = resources.settings().rate_limit_add_post
    answer: Mapping[str, Any] = tx.value(
        "add_user_post",
        telegram_id=job.telegram_id,
        url=link.url,
        platform=link.platform,
        post_ref=link.ref,
        request_id=f"{job.key.rpartition(':')[0]}:{number}",
        rate_count=rate.count,
        rate_seconds=rate.seconds,
    )
    if answer["success"]:
        task_id = answer["task_id"]
        outbox.add(tx, jobs.DispatchTasks(key=f"task:{task_id}", task_id=task_id))
    return answer


def _outcome(
    job: jobs.AddPost, found: Sequence[Found], answers: Sequence[Mapping[str, Any] | None], language: str
) -> Screen:
    """Return one answer for all links."""
    given = [answer for answer in answers if answer is not None]
    if given and all(answer.get("error") == "no_active_package" for answer in given):
        return posts.no_active_package(language)
    if len(found) > 1:
        lines = [_line(link, answer) for link, answer in zip(found, answers, strict=False)]
        zone = resources.settings().timezone
        return several_links.outcomes(lines, language, zone, is_cut=len(found) > len(lines))
    (link,) = found
    if isinstance(link, PostLink):
        return _taken(given[0], link, language)
    platform = link.platform or job.platform or PLATFORMS[0]
    return posts.post_rejected(link.code, platform, link.found_platform, language)


def _line(link: Found, answer: Mapping[str, Any] | None) -> several_links.Line:
    if isinstance(link, LinkError):
        return several_links.Line(link.text, link.platform, code=link.code)
    return several_links.Line(link.url, link.platform, answer)


def _taken(answer: Mapping[str, Any], link: PostLink, language: str) -> Screen:
    if answer["success"]:
        return posts.post_accepted(answer, link.url, link.platform, language)
    if answer["error"] == "daily_limit":
        return posts.daily_limit(answer["limit"], language, resources.settings().timezone, link.url)
    if answer["error"] == "rate_limit":
        return posts.rate_limit(answer["next_at"], link.url, language, resources.settings().timezone)
    return posts.duplicate_post(link.url, language, answer["url"])
