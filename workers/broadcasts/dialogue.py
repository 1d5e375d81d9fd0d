"""The dialogue in which an admin composes a broadcast: its message, recipients, buttons and time."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from socialboost import jobs, logs
from socialboost.errors import RejectedError
from socialboost.screens.admin import broadcasts
from socialboost.screens.core import Button
from workers.broadcasts import cards, content, decisions
from workers.engine import outages, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.people import access
from workers.telegram import answers

MOST_BUTTONS: Final = 10
FARTHEST: Final = timedelta(days=366)
NO_BUTTONS: Final = "-"
_BUTTON: Final = re.compile(r"(.+?)\s+[-–—]\s+(https://\S+)")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+", re.IGNORECASE)
_TIME: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\s+(\d{1,2}):(\d{2})")

log = logs.get(__name__)


@actor(jobs.ComposeBroadcast, right="broadcasts")
def compose_broadcast(job: jobs.ComposeBroadcast, attempt: Attempt) -> None:  # noqa: ARG001 (request_id)
    """Save the message as a draft and ask who gets it."""
    language = access.language(job)
    if job.album or (not job.text.strip() and job.copied_id is None):  # the admin may send another message
        answers.reply(job, broadcasts.refused("album" if job.album else "empty_text", language))
        return
    copied = job.copied_id is not None
    row = resources.db().one(
        "create_broadcast",
        telegram_id=job.telegram_id,
        body=None if copied else job.text,
        from_chat_id=job.chat_id if copied else None,
        message_id=job.copied_id,
        request_id=job.key,
    )
    if row is None:
        raise RuntimeError("a draft was neither made nor found")
    answers.end_dialogue(job, job.dialogue)
    cards.place(job, row["broadcast_id"], broadcasts.segments(row["broadcast_id"], language))


@actor(jobs.AimBroadcast, right="broadcasts")
def aim_broadcast(job: jobs.AimBroadcast, attempt: Attempt) -> None:  # noqa: ARG001 (the admin alone sees it)
    """Count the segment's people, then show the message itself and ask for the confirmation below it."""
    language = access.language(job)
    aimed = resources.db().run("aim_broadcast", broadcast_id=job.broadcast_id, segment=job.segment)
    if not aimed:  # sent or cancelled meanwhile: the card shows it
        cards.show(job, job.broadcast_id, language)
        return
    with answers.acknowledged(job):
        _preview(job, job.broadcast_id, language)


def _preview(tap: jobs.AimBroadcast | jobs.DetailBroadcast, broadcast_id: str, language: str) -> None:
    """Send the admin the message that people will get, then ask for the confirmation.

    If Telegram refuses the message, show the reason instead.
    """
    row = resources.db().one("get_broadcast", broadcast_id=broadcast_id)
    if row is None:
        return
    rate = resources.settings().telegram_send_rate
    resources.rate_limiter().person(tap.chat_id)
    try:
        with resources.rate_limiter().watching():
            resources.telegram().deliver(tap.chat_id, content.made(row, rate=rate))
    except RejectedError as error:
        log.info("broadcast_refused", broadcast_id=broadcast_id, error=outages.describe(error))
        refused = broadcasts.refused("refused", language, str(error) or error.code)
        cards.place(tap, broadcast_id, refused)
        return
    own = {f.name: getattr(tap, f.name) for f in dataclasses.fields(jobs.AdminTap)}
    untapped = own | {"message_id": None, "callback_id": None, "key": f"{tap.key}:confirmation"}
    with resources.db().transaction() as tx:
        outbox.add(tx, jobs.ConfirmBroadcast(**untapped, broadcast_id=broadcast_id))


@actor(jobs.ConfirmBroadcast, right="broadcasts")
def confirm_broadcast(job: jobs.ConfirmBroadcast, attempt: Attempt) -> None:  # noqa: ARG001 (one card)
    """Ask for the confirmation, unless the broadcast was sent or cancelled meanwhile."""
    row = resources.db().one("get_broadcast", broadcast_id=job.broadcast_id)
    if row is not None and row["status"] == "draft":
        rate = resources.settings().telegram_send_rate
        cards.place(job, job.broadcast_id, broadcasts.confirmation(row, rate, access.language(job)))


@actor(jobs.DetailBroadcast, right="broadcasts")
def detail_broadcast(job: jobs.DetailBroadcast, attempt: Attempt) -> None:  # noqa: ARG001 (guarded writes)
    """Store the buttons or the time. If the text is neither, the dialogue stays open."""
    language = access.language(job)
    refusal = _take_buttons(job, language) if job.detail == "buttons" else _schedule(job, language)
    if refusal is None:
        answers.end_dialogue(job, job.dialogue)
    else:
        answers.reply(job, broadcasts.refused(refusal, language))


def _take_buttons(job: jobs.DetailBroadcast, language: str) -> str | None:
    buttons = parse_buttons(job.text)
    if buttons is None:
        return "bad_buttons"
    written = resources.db().run(
        "set_broadcast_buttons", broadcast_id=job.broadcast_id, buttons=json.dumps(buttons)
    )
    if not written:
        return "no_draft"
    _preview(job, job.broadcast_id, language)
    return None


def _schedule(job: jobs.DetailBroadcast, language: str) -> str | None:
    moment = parse_time(job.text)
    if moment is None:
        return "bad_time"
    if not datetime.now(UTC) < moment < datetime.now(UTC) + FARTHEST:
        return "past_time"
    with resources.db().transaction() as tx:
        moved = decisions.move(tx, job.broadcast_id, "send", job.telegram_id, moment)
    if moved["outcome"] != "done" and moved.get("status") != "scheduled":
        return "no_draft"
    cards.show(job, job.broadcast_id, language)
    return None


def parse_buttons(text: str) -> list[dict[str, str]] | None:
    """Return buttons from lines `label - https://…`: [] for NO_BUTTONS, None if a line is not a button."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines == [NO_BUTTONS]:
        return []
    found = [_BUTTON.fullmatch(line) for line in lines]
    if not 1 <= len(lines) <= MOST_BUTTONS or None in found:
        return None
    pairs = [(match[1], match[2]) for match in found if match]
    if not all(_is_public_https(url) for _, url in pairs):
        return None
    try:
        return [Button(label, url=url).markup() for label, url in pairs]
    except ValueError:
        return None


def _is_public_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    named = parts.hostname is not None and _HOST.fullmatch(parts.hostname) is not None
    return parts.scheme == "https" and named and parts.username is None and len(url) <= 2000


def parse_time(text: str) -> datetime | None:
    """Return the time that an admin wrote, in the shop's time zone, or None if it is not a time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, month, year, hour, minute = (int(part) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=resources.settings().timezone)
    except ValueError:
        return None
