"""Screens of broadcasts for admins: composing, confirming and watching one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.chat.languages import SHOP
from socialboost.screens.buyer.menu import back
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, texts

LISTED: Final = 8
"""Broadcasts on a page of the list."""
REFUSALS: Final = ("empty_text", "album", "bad_buttons", "bad_time", "past_time", "no_draft")
"""The reasons why an admin's answer was refused."""
AWAY: Final = "telegram_away"
REFUSES_US: Final = "refuses_us"
MOSTLY_REFUSED: Final = "mostly_refused"
RESTORED: Final = "restored"
REASONS: Final = (AWAY, REFUSES_US, MOSTLY_REFUSED, RESTORED)
"""Reasons with texts of their own, with details after a colon. Other reasons are Telegram's texts."""
_OPEN: Final = frozenset({"scheduled", "running", "paused"})


def compose(language: str) -> Screen:
    """Ask for a new broadcast's message."""
    text = texts(language)
    return Screen(text.html("broadcast-compose"), (_list_row(text), back(text)))


def segments(broadcast_id: str, language: str) -> Screen:
    """Ask for a draft's recipients."""
    text = texts(language)
    choices = [
        Button(_segment(text, name), callbacks.broadcast("to", f"{broadcast_id}_{name}"))
        for name in callbacks.BROADCAST_SEGMENTS
    ]
    rows = tuple(tuple(choices[at : at + 2]) for at in range(0, len(choices), 2))
    return Screen(text.html("broadcast-segments"), (*rows, _cancel_row(text, broadcast_id), back(text)))


def confirmation(row: Mapping[str, Any], per_second: int, language: str) -> Screen:
    """Ask for the confirmation below the message itself: to how many, and how long that takes."""
    text = texts(language)
    broadcast_id = row["broadcast_id"]
    body = text.html(
        "broadcast-confirmation",
        segment=_segment(text, row["segment"]),
        count=int(row["audience"]),
        duration=_duration(text, int(row["audience"]) * 60 // max(per_second * 60, 1)),
    )
    details = tuple(
        Button(text.label(f"button-broadcast-{detail}"), callbacks.broadcast(detail, broadcast_id))
        for detail in callbacks.BROADCAST_DETAILS
    )
    send = (Button(text.label("button-broadcast-send"), callbacks.broadcast("send", broadcast_id)),)
    return Screen(body, (send, details, _cancel_row(text, broadcast_id), back(text)))


def ask_detail(broadcast_id: str, detail: str, language: str, zone: str) -> Screen:
    """Ask for a draft's buttons or its time."""
    text = texts(language)
    body = (
        text.html("broadcast-ask-buttons")
        if detail == "buttons"
        else text.html("broadcast-ask-time", zone=zone)
    )
    return Screen(body, (_show_row(text, broadcast_id), back(text)))


def refused(code: str, language: str, reason: str = "") -> Screen:
    """Say why an answer was not accepted. `reason` is Telegram's text about a message that it refuses."""
    text = texts(language)
    values = {"reason": reason} if code == "refused" else {}
    body = text.html(f"broadcast-{code}", **values)
    return Screen(body, (_new_row(text), _list_row(text), back(text)))


def card(row: Mapping[str, Any], language: str, zone: tzinfo) -> Screen:
    """Show a broadcast: its state, its counts, the remaining time, and the possible actions."""
    text = texts(language)
    parts = [_head(text, row), _when(text, row, zone), _counts(text, row), _left(text, row)]
    body = "\n\n".join(part for part in parts if part)
    return Screen(body, (*_actions(text, row), _list_row(text), back(text)))


def moved(language: str) -> Screen:
    """Say in the place of a previous card that the card is in another message now."""
    return Screen(texts(language).html("broadcast-moved"))


def listing(rows: Sequence[Mapping[str, Any]], page: int, language: str, zone: tzinfo) -> Screen:
    """Show a page of broadcasts, newest first. One row more than LISTED means that there is another page."""
    text = texts(language)
    entries = tuple(
        (
            Button(
                text.label(
                    "button-broadcast-entry",
                    moment=text.moment(row["created_at"], zone),
                    status=text.plain(f"broadcast-status-{row['status']}"),
                ),
                callbacks.broadcast("show", row["broadcast_id"]),
            ),
        )
        for row in rows[:LISTED]
    )
    turns = []
    if page > 0:
        turns.append(Button(text.label("button-broadcast-newer"), _page(page - 1)))
    if len(rows) > LISTED:
        turns.append(Button(text.label("button-broadcast-older"), _page(page + 1)))
    turn = (tuple(turns),) if turns else ()
    return Screen(text.html("broadcast-list"), (*entries, *turn, _new_row(text), back(text)))


def _head(text: Texts, row: Mapping[str, Any]) -> Html:
    status = text.html(f"broadcast-status-{row['status']}")
    body = text.html(
        "broadcast-card",
        status=status,
        segment=_segment(text, row["segment"]),
        count=int(row["audience"]),
    )
    return Html(f"{body}\n{_reason(text, row['reason'])}") if row["reason"] else body


def _reason(text: Texts, reason: str) -> Html:
    name, _, detail = reason.partition(":")
    if name in REASONS:
        return text.html(f"broadcast-reason-{name}", detail=detail)
    return text.html("broadcast-reason", reason=reason)


def _when(text: Texts, row: Mapping[str, Any], zone: tzinfo) -> Html | None:
    if row["status"] != "scheduled":
        return None
    return text.html("broadcast-when", moment=text.moment(row["scheduled_at"], zone))


def _counts(text: Texts, row: Mapping[str, Any]) -> Html | None:
    if row["started_at"] is None:
        return None
    named = ("recipients", "sent", "blocked", "failed", "unknown", "skipped")
    return text.html("broadcast-counts", **{name: f"{int(row[name]):,}".replace(",", " ") for name in named})


def _left(text: Texts, row: Mapping[str, Any]) -> Html | None:
    """Return the line with the remaining time at the measured rate, None before there is a rate."""
    if row["status"] != "running" or not row["per_minute"]:
        return None
    ended = sum(int(row[name]) for name in ("sent", "blocked", "failed", "unknown", "skipped"))
    whole = int(row["recipients"]) if row["listed"] else max(int(row["audience"]), int(row["recipients"]))
    seconds = max(whole - ended, 0) * 60 // int(row["per_minute"])
    return text.html(
        "broadcast-left", duration=_duration(text, seconds), rate=f"{int(row['per_minute']) / 60:.1f}"
    )


def _actions(text: Texts, row: Mapping[str, Any]) -> tuple[Row, ...]:
    broadcast_id, status = row["broadcast_id"], row["status"]
    if status == "draft":
        name = f"{broadcast_id}_{row['segment']}"
        again = _deciding(text, "button-broadcast-continue", callbacks.broadcast("to", name))
        return (again, _cancel_row(text, broadcast_id))
    actions: list[Row] = []
    if status in _OPEN:
        actions.append(
            (Button(text.label("button-broadcast-refresh"), callbacks.broadcast("show", broadcast_id)),)
        )
    if status == "running":
        data = callbacks.broadcast("pause", broadcast_id)
        actions.append(_deciding(text, "button-broadcast-pause", data))
    if status == "paused":
        data = callbacks.broadcast("resume", broadcast_id)
        actions.append(_deciding(text, "button-broadcast-resume", data))
    if status in _OPEN:
        actions.append(_cancel_row(text, broadcast_id))
    return tuple(actions)


def _duration(text: Texts, seconds: int) -> Html:
    if seconds < 60:
        return text.html("broadcast-duration-moment")
    hours, minutes = divmod(-(-seconds // 60), 60)
    if not hours:
        return text.html("broadcast-duration-minutes", minutes=minutes)
    return text.html("broadcast-duration-hours", hours=hours, minutes=minutes)


def _segment(text: Texts, name: str) -> str:
    code = callbacks.after(callbacks.LANGUAGE_PREFIX, name)
    if code is not None:
        return text.label("broadcast-segment-language", language=SHOP.name(code))
    return text.label(f"broadcast-segment-{name}")


def _page(number: int) -> str:
    return f"{callbacks.BROADCAST_LIST_PREFIX}{number}"


def _deciding(text: Texts, label: str, callback: str) -> Row:
    """Return a row for admins who may make broadcasts. Others only look at them."""
    return (Button(text.label(label), callback, right="broadcasts"),)


def _new_row(text: Texts) -> Row:
    return _deciding(text, "button-broadcast-new", callbacks.ADMIN_BROADCAST)


def _list_row(text: Texts) -> Row:
    return (Button(text.label("button-broadcast-list"), _page(0)),)


def _show_row(text: Texts, broadcast_id: str) -> Row:
    return (Button(text.label("button-broadcast-back"), callbacks.broadcast("show", broadcast_id)),)


def _cancel_row(text: Texts, broadcast_id: str) -> Row:
    return _deciding(text, "button-broadcast-cancel", callbacks.broadcast("cancel", broadcast_id))
