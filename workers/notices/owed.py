"""Notices to the admins that stay owed until somebody got them.

Each chat has a ledger row for its message, which a refusal settles (discarded, with the reason): the bot may
not write there, was never started, was blocked. One who got it is enough. While nobody did, one notice is
sent ahead to every chat each few minutes; a chat that takes it, or an admin who writes to the bot, gets all
the others at once. What is owed is in the table of the same name: told_at IS NULL is what nobody knows yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import psycopg

from socialboost import jobs, logs
from socialboost.db import Database, Transaction
from workers.engine import outbox, resources
from workers.notices import batching

AGAIN_SECONDS: Final = 180.0
"""Until a notice that nobody got is sent ahead again."""
MOST: Final = 100
"""Sent to one chat at once; with the first of them the next are found."""
REVIVED: Final = ("discarded",)
"""Rows that are sent again: a message of unknown fate is not, an admin settles it."""
PASSING: Final = frozenset(
    {
        *("order_paid", "daily_report", "webhook_silent", "breaker_open", "crypto_pay_away"),
        *("database_away", "redis_away", "second_poller"),
    }
)
"""Kinds that say how things are now, or what is on a list anyway. Every other one is owed, also a new one."""

log = logs.get(__name__)


def add(tx: Transaction, notice: jobs.NotifyAdmins) -> None:
    """Owe the notice to every admin and to the channel, and to anybody at all if its kind does not pass."""
    if notice.kind not in PASSING:
        data = json.dumps(notice.data)
        tx.run("owe_notice", key=notice.key, kind=notice.kind, data=data, wait_seconds=AGAIN_SECONDS)
    for chat_id in resources.settings().chats_of_admins:
        message = _message(notice.key, notice.kind, notice.data, chat_id)
        outbox.add(tx, message, batching.delay_seconds(tx, message))


def told(notices: Sequence[jobs.SendAdminNotice], chat_id: int) -> None:
    """Write down that a chat got them, and have it sent what else nobody got.

    They are out: an error here must not have them sent again. `tell_again` makes it good.
    """
    keys = [notice.key.removesuffix(f":{notice.chat_id}") for notice in notices]
    try:
        resources.db().run("mark_notices_told", keys=keys, chat_id=chat_id)
    except psycopg.Error as error:
        log.warning("notices_told_not_noted", chat_id=chat_id, error=type(error).__name__)
        return
    reached(chat_id)


def reached(chat_id: int) -> None:
    """Have what nobody got sent to this chat of the admins: something has just arrived there."""
    if chat_id not in resources.settings().chats_of_admins:
        return
    try:
        with resources.db().transaction() as tx:
            rows = tx.many("get_untold_for_chat", chat_id=chat_id, limit=MOST)
            for row in rows:
                _add_again(tx, row, chat_id)
    except psycopg.Error as error:  # what arrived is what matters here; in a few minutes it is tried again
        log.warning("untold_not_looked_up", chat_id=chat_id, error=type(error).__name__)
        return
    if rows:
        log.info("untold_notices_sent", chat_id=chat_id, count=len(rows))


def tell_again(db: Callable[[], Database]) -> None:
    """Send one notice ahead to every chat, if nobody could be reached for a while; a step of the watch.

    To the chats of now: an operator may have set others.
    """
    chats = resources.settings().chats_of_admins
    with db().transaction() as tx:
        row = tx.one("pick_untold_notice", wait_seconds=AGAIN_SECONDS)
        if row is None:
            return
        tx.run("mark_sent_notices_told", chat_ids=chats)
        for chat_id in chats:
            _add_again(tx, row, chat_id)
    log.error("notice_reached_nobody", key=row["key"], kind=row["kind"])


def give_up(tx: Transaction, args: Mapping[str, Any]) -> None:
    """An admin who discards the message of a notice has seen what it says."""
    notice = str(args["key"]).removesuffix(f":{args['chat_id']}")
    tx.run("mark_notices_told", keys=[notice], chat_id=args["chat_id"])


def destination(chat_id: int) -> int:
    """Return where a chat of the admins is now, if Telegram has moved it."""
    if chat_id > 0:
        return chat_id
    moved_to: int | None = resources.db().value("get_moved_chat", chat_id=chat_id)
    return moved_to or chat_id


def follow(chat_id: int, moved_to: int) -> None:
    """Remember that Telegram has moved a chat; ADMIN_CHANNEL_ID stays what the operator set."""
    resources.db().run("note_moved_chat", chat_id=chat_id, moved_to=moved_to)
    log.warning("admin_chat_moved", chat_id=chat_id, moved_to=moved_to, setting="ADMIN_CHANNEL_ID")


def _message(key: str, kind: str, data: dict[str, Any], chat_id: int) -> jobs.SendAdminNotice:
    return jobs.SendAdminNotice(key=f"{key}:{chat_id}", chat_id=chat_id, kind=kind, data=data)


def _add_again(tx: Transaction, row: Mapping[str, Any], chat_id: int) -> None:
    message = _message(row["key"], row["kind"], json.loads(row["data"]), chat_id)
    outbox.add_again(tx, message, REVIVED, batching.delay_seconds(tx, message))
