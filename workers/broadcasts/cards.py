"""Shows a broadcast as one card in each chat: one message, which is edited whenever the broadcast changes.

A card is a lasting message: a button on it that leads elsewhere is answered in a new message, so progress
never overwrites a menu. A card may move to another message: below a new preview, or to where an admin asked
for it. Then the buttons of the previous message are removed. The table broadcast_cards names the message.

Two draws may run at the same time, and it is unknown which of them Telegram applies last. So each draw reads
the row again afterwards and draws again if the broadcast has changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.clients.refusals import UNREACHABLE_CODES
from socialboost.db.rows.broadcasts import GetBroadcastCards
from socialboost.errors import PostponeError, QueueUnavailableError, RejectedError, ServiceError
from socialboost.screens import texts
from socialboost.screens.admin import broadcasts
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.telegram import answers

RETIRE_SECONDS: Final = 1.0
"""Time before the next try: about as long as a chat waits for its next token."""

log = logs.get(__name__)

Row = Mapping[str, Any]


def show(tap: jobs.Tap, broadcast_id: str, language: str) -> None:
    """Show the broadcast's card in the chat that asked for it. The cards in other chats are redrawn later."""
    row = _find(broadcast_id)
    if row is None:
        answers.reply(tap, broadcasts.refused("no_draft", language))
        return
    with answers.acknowledged(tap):
        place(tap, broadcast_id, _face(row, language))
    now = _find(broadcast_id)
    moved_on = now is not None and now["status"] != row["status"]
    for card in _cards(broadcast_id):
        if moved_on or card["chat_id"] != tap.chat_id:
            _follow(broadcast_id, card["chat_id"])


def place(tap: jobs.Tap, broadcast_id: str, screen: Screen) -> None:
    """Make `screen` the broadcast's card in this chat, in the tapped message or in a new one below."""
    chat_id = tap.chat_id
    card = next((card for card in _cards(broadcast_id) if card["chat_id"] == chat_id), None)
    tapped = card is not None and tap.message_id == card["message_id"]
    if card is not None and tapped:
        resources.rate_limiter().person(chat_id)
        if _edit(chat_id, card["message_id"], screen):
            _retire_or_follow(broadcast_id, chat_id, card["previous_id"])
            return
    message_id = answers.show(dataclasses.replace(tap, message_id=None) if tapped else tap, screen)
    if message_id is not None:
        _record(broadcast_id, chat_id, message_id)


def report(broadcast_id: str) -> None:
    """Redraw every card after the broadcast has ended. Its author gets a new card if theirs is gone.

    Raises PostponeError if the rate limiter has no token for the author's card. Each other card is redrawn
    by a job of its own. Otherwise two chats with a limit of one message a second could delay each other
    for ever.
    """
    row = _find(broadcast_id)
    if row is None:
        return
    for card in _cards(broadcast_id):
        if card["chat_id"] != row["admin_telegram_id"]:
            _follow(broadcast_id, card["chat_id"])
    refresh(broadcast_id, row["admin_telegram_id"], owed=True)


def refresh(broadcast_id: str, chat_id: int = 0, *, owed: bool = False) -> None:
    """Redraw all cards, or one chat's, as paced messages.

    With `owed` the author of the broadcast gets a new card if theirs is gone. Raises PostponeError if the
    rate limiter had no token for some cards; the others are drawn.
    """
    kept_back: PostponeError | None = None
    drawn = None
    row = _find(broadcast_id)
    if row is not None and row["status"] == "draft":  # its card is drawn by the dialogue
        _retire_all(broadcast_id, chat_id)
    while row is not None and row["status"] not in {drawn, "draft"}:  # it may end while a draw is on its way
        for card in _cards(broadcast_id):
            if chat_id not in {0, card["chat_id"]}:
                continue
            try:
                resources.rate_limiter().notice(card["chat_id"])
                _redraw(row, card, owed=owed)
            except PostponeError as error:
                kept_back = error
        drawn = row["status"]
        row = _find(broadcast_id)
    if row is not None and owed:
        _make_up(row)
    if kept_back is not None:
        raise kept_back


def _retire_all(broadcast_id: str, chat_id: int) -> None:
    """Remove the buttons of previous cards in this chat, or in all chats. PostponeError if one is left."""
    cards = [card for card in _cards(broadcast_id) if chat_id in {0, card["chat_id"]}]
    if not all(_retire(broadcast_id, card["chat_id"], card["previous_id"]) for card in cards):
        raise PostponeError(RETIRE_SECONDS, "the card before still has its buttons")


def _redraw(row: Row, card: Row, *, owed: bool) -> None:
    chat_id, message_id = card["chat_id"], card["message_id"]
    if _edit(chat_id, message_id, _face(row, texts.language(card["language"]))):
        _retire(row["broadcast_id"], chat_id, card["previous_id"])
    elif owed and chat_id == row["admin_telegram_id"]:
        _send(row, card["language"])


def _make_up(row: Row) -> None:
    """Send the author of the broadcast a card if they have none."""
    maker = row["admin_telegram_id"]
    if all(card["chat_id"] != maker for card in _cards(row["broadcast_id"])):
        resources.rate_limiter().notice(maker)
        admin = resources.db().one("get_user", telegram_id=maker)
        _send(row, admin["language"] if admin else None)


def _send(row: Row, language: str | None) -> None:
    chat_id = row["admin_telegram_id"]
    screen = answers.as_seen_by(chat_id, _face(row, texts.language(language)))
    try:
        with resources.rate_limiter().watching():
            message_id = resources.telegram().send_message(chat_id, screen.text, screen.keyboard_markup())
    except RejectedError as error:
        if error.code not in UNREACHABLE_CODES:
            raise
        log.warning("card_not_sent", chat_id=chat_id, code=error.code)
        return
    _record(row["broadcast_id"], chat_id, message_id)


def _record(broadcast_id: str, chat_id: int, message_id: int) -> None:
    """Record which message is the card now, and remove the buttons of the previous one."""
    answers.keep(chat_id, message_id)
    previous = resources.db().value(
        "set_broadcast_card", broadcast_id=broadcast_id, chat_id=chat_id, message_id=message_id
    )
    _retire_or_follow(broadcast_id, chat_id, previous)


def _retire_or_follow(broadcast_id: str, chat_id: int, message_id: int | None) -> None:
    """Remove the previous card's buttons, now or by a job: a draft is not redrawn, which would retry it."""
    if not _retire(broadcast_id, chat_id, message_id):
        _follow(broadcast_id, chat_id)


def _retire(broadcast_id: str, chat_id: int, message_id: int | None) -> bool:
    """Remove the previous card's buttons. Returns False if that is not possible now."""
    if message_id is None:
        return True
    reader = resources.db().one("get_user", telegram_id=chat_id)
    screen = broadcasts.moved(texts.language(reader["language"] if reader else None))
    try:
        resources.rate_limiter().person(chat_id)
        _edit(chat_id, message_id, screen)
    except (ServiceError, PostponeError) as error:
        log.info("card_not_retired", chat_id=chat_id, error=str(error))
        return False
    gone = {"broadcast_id": broadcast_id, "chat_id": chat_id, "message_id": message_id}
    resources.db().run("forget_previous_card", **gone)
    return True


def _edit(chat_id: int, message_id: int, screen: Screen) -> bool:
    """Edit a card that has its token already. Returns False if Telegram refuses the edit."""
    screen = answers.as_seen_by(chat_id, screen)
    try:
        with resources.rate_limiter().watching():
            resources.telegram().edit_message(chat_id, message_id, screen.text, screen.keyboard_markup())
    except RejectedError as error:
        log.info("card_gone", chat_id=chat_id, code=error.code)
        return False
    return True


def _follow(broadcast_id: str, chat_id: int) -> None:
    """Send the job that redraws a chat's card. If that fails, the next change redraws it."""
    try:
        jobs.send(jobs.ShowBroadcastProgress(broadcast_id=broadcast_id, chat_id=chat_id))
    except QueueUnavailableError as error:
        log.info("cards_not_followed", error=str(error))


def _face(row: Row, language: str) -> Screen:
    return broadcasts.card(row, language, resources.settings().timezone)


def _find(broadcast_id: str) -> Row | None:
    return resources.db().one("get_broadcast", broadcast_id=broadcast_id)


def _cards(broadcast_id: str) -> list[GetBroadcastCards]:
    return resources.db().many("get_broadcast_cards", broadcast_id=broadcast_id)
