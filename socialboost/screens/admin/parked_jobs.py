"""Screens where admins see parked jobs and dead letters and decide about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.screens.admin.panel import to_panel, turn
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.notices import fields
from socialboost.screens.texts import Texts, crypto, texts

ENTRIES: Final = 5
"""Entries of each kind on a page of the list."""
GIVEN_UP: Final[Mapping[str, str]] = {
    "send_refund": "refund",
    **dict.fromkeys(
        ("send_receipt", "send_payment_notice", "send_decision_notice", "notify_post"), "message"
    ),
    **dict.fromkeys(("dispatch_tasks", "ask_main_bot"), "task"),
}
"""The consequence of discarding a job, by actor; other jobs are simply not done."""
_FIELDS: Final = ("actor", "queue", "key", "args", "attempts", "error", "created_at", "updated_at")


def parked_jobs(
    parked: Sequence[Mapping[str, Any]], letters: Sequence[Mapping[str, Any]], page: int, language: str
) -> Screen:
    """Show a page of both lists. One row more than ENTRIES in either means that there is another page."""
    text = texts(language)
    rows = [_entry(text, "button-job", job, str(job["ref"])) for job in parked[:ENTRIES]]
    rows += [
        _entry(text, "button-letter", letter, callbacks.LETTER_PREFIX + str(letter["letter_id"]))
        for letter in letters[:ENTRIES]
    ]
    has_more = max(len(parked), len(letters)) > ENTRIES
    body = text.html("parked-jobs" if rows else "parked-jobs-none")
    pages = turn(text, callbacks.ADMIN_JOBS_PREFIX, page, has_more=has_more)
    return Screen(body, (*rows, *pages, to_panel(text), back(text)))


def parked_job(job: Mapping[str, Any], ref: str, language: str, zone: tzinfo, *, discardable: bool) -> Screen:
    """Show a parked job, or a dead letter (its ref says so), and the two ways to settle it."""
    text = texts(language)
    letter = ref.startswith(callbacks.LETTER_PREFIX)
    heading = text.html("dead-letter" if letter else "parked-job")
    shown = {name: job[name] for name in _FIELDS if name in job}
    if "args" in shown:
        shown["args"] = json.dumps(shown["args"], ensure_ascii=False, default=str)
    parts = [heading, fields(text, shown, zone)]
    if not discardable:
        parts.append(text.html("job-outcome-money"))
    actions = callbacks.SETTLEMENTS if discardable else ("replay",)
    rows = [
        (Button(text.label(f"button-job-{action}"), callbacks.settlement(action, ref), right="parked_jobs"),)
        for action in actions
    ]
    return Screen("\n\n".join(parts), (*rows, _to_list(text), to_panel(text), back(text)))


def sure(job: Mapping[str, Any], ref: str, refund: Mapping[str, Any] | None, language: str) -> Screen:
    """Ask for a confirmation to discard a job, and say what is lost. `refund` is get_refund's row."""
    text = texts(language)
    letter = ref.startswith(callbacks.LETTER_PREFIX)
    what = "letter" if letter else GIVEN_UP.get(str(job["actor"]), "other")
    if what == "refund" and refund is not None:
        total = crypto(refund["amount"], str(refund["asset"]))
        given_up = text.html("job-sure-refund", sum=total, person=str(refund["telegram_id"]))
    else:
        given_up = text.html("job-sure-other" if what == "refund" else f"job-sure-{what}")
    seen = callbacks.LETTER_SEEN if letter else str(job["seen"])
    about = "" if letter else text.html("notice-line", label=text.html("field-key"), value=str(job["key"]))
    parts = (text.html("job-sure"), given_up, about)
    yes = (Button(text.label("button-sure-discard"), callbacks.settlement("discard", ref, seen)),)
    no = (Button(text.label("button-sure-no"), callbacks.JOB_PREFIX + ref),)
    return Screen("\n\n".join(part for part in parts if part), (yes, no, to_panel(text), back(text)))


def outcome(kind: str, language: str) -> Screen:
    """Show the decision's outcome. `kind` is one of SETTLEMENT_OUTCOMES."""
    text = texts(language)
    return Screen(text.html(f"job-outcome-{kind}"), (_to_list(text), to_panel(text), back(text)))


def _entry(text: Texts, key: str, item: Mapping[str, Any], ref: str) -> Row:
    return (Button(text.label(key, actor=str(item.get("actor") or "?")), callbacks.JOB_PREFIX + ref),)


def _to_list(text: Texts) -> Row:
    return (Button(text.label("button-jobs-back"), f"{callbacks.ADMIN_JOBS_PREFIX}0"),)
