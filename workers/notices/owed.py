"""Keeps notices to the admins until at least one admin has received them.

Each chat has a ledger job for its message. A refusal (the bot was blocked, never started, or may not write
there) discards that job. One chat that received the notice is enough. As long as none did, one notice is
sent to every chat every few minutes as a probe. A chat that accepts it, or an admin who writes to the bot,
gets all the others at once. The table `owed_notices` holds them; `told_at IS NULL` means that nobody has
received it yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import psycopg

from socialboost import jobs, logs
from socialboost.db import Database, Transaction
from socialboost.kinds import NoticeKind
from workers.engine import hooks, outbox, resources, under_way
from workers.notices import batching

AGAIN_SECONDS: Final = 180.0
"""Time before a notice that nobody received is sent again as a probe."""
MOST: Final = 100
"""How many are sent to a chat at once. Delivering the first of them finds the next."""
REVIVED: Final = ("discarded",)
"""Outcomes after which a job is started again. A parked job is not: an admin decides about it."""
PASSING: Final[frozenset[NoticeKind]] = frozenset(
    {
        *("order_paid", "daily_report", "webhook_silent", "breaker_open", "crypto_pay_away"),
        *("database_away", "redis_away", "second_poller"),
    }
)
"""Kinds that are not kept: they report a current state, or an admin's list shows them. New kinds are kept."""

log = logs.get(__name__)


@hooks.ADMINS_NOTIFIED.register
def add(tx: Transaction, notice: jobs.NotifyAdmins) -> None:
    """Add the notice's messages to every admin and the channel, and keep it if its kind is not in PASSING.

    A chat that has a message of this key already gets no second one.
    """
    if notice.kind not in PASSING:
        data = json.dumps(notice.data)
        tx.run("owe_notice", key=notice.key, kind=notice.kind, data=data, wait_seconds=AGAIN_SECONDS)
    chats = resources.settings().chats_of_admins
    messages = {chat_id: _message(notice.key, notice.kind, notice.data, chat_id) for chat_id in chats}
    for row in tx.many(
        "owe_admin_notices",
        chat_ids=chats,
        keys=[message.key for message in messages.values()],
        args=[json.dumps(message.ledger_args()) for message in messages.values()],
        max_attempts=jobs.SendAdminNotice.max_attempts,
        ahead_seconds=batching.AHEAD_SECONDS,
        longest_seconds=batching.LONGEST_SECONDS,
        grace_seconds=outbox.GRACE_SECONDS,
    ):
        outbox.send_after(tx, messages[row["chat_id"]], due_now=row["due_now"])


def told(notices: Sequence[jobs.SendAdminNotice], chat_id: int, *, others: bool) -> None:
    """Record, with the end of the running job, that a chat received the notices.

    If there are `others` that nobody received, send them to this chat too.
    """
    kept = [notice for notice in notices if notice.kind not in PASSING]
    if kept:
        keys = [notice.key.removesuffix(f":{notice.chat_id}") for notice in kept]
        under_way.end_with("finish_told_notice", keeps_messages=True, keys=keys, chat_id=chat_id)
    if others:
        reached(chat_id)


@hooks.CHAT_REACHED.register
def reached(chat_id: int) -> None:
    """Send the notices that nobody received to this chat if it is an admin's. It has proved reachable."""
    if chat_id not in resources.settings().chats_of_admins:
        return
    try:
        with resources.db().transaction() as tx:
            rows = tx.many("get_untold_for_chat", chat_id=chat_id, limit=MOST)
            for row in rows:
                _add_again(tx, row, chat_id)
    except psycopg.Error as error:  # it is tried again in a few minutes
        log.warning("untold_not_looked_up", chat_id=chat_id, error=type(error).__name__)
        return
    if rows:
        log.info("untold_notices_sent", chat_id=chat_id, count=len(rows))


def tell_again(db: Callable[[], Database]) -> None:
    """Send one notice to every chat as a probe, if nobody could be reached for a while; a step of the watch.

    It goes to the chats in the current settings, which an operator may have changed.
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
    """Record the notice as received when an admin discards its parked job: the admin has seen its text."""
    notice = str(args["key"]).removesuffix(f":{args['chat_id']}")
    tx.run("mark_notices_told", keys=[notice], chat_id=args["chat_id"])


def follow(chat_id: int, moved_to: int) -> None:
    """Record that Telegram has moved a chat. The setting ADMIN_CHANNEL_ID is not changed."""
    resources.db().run("note_moved_chat", chat_id=chat_id, moved_to=moved_to)
    log.warning("admin_chat_moved", chat_id=chat_id, moved_to=moved_to, setting="ADMIN_CHANNEL_ID")


def _message(key: str, kind: NoticeKind, data: dict[str, Any], chat_id: int) -> jobs.SendAdminNotice:
    return jobs.SendAdminNotice(key=f"{key}:{chat_id}", chat_id=chat_id, kind=kind, data=data)


def _add_again(tx: Transaction, row: Mapping[str, Any], chat_id: int) -> None:
    message = _message(row["key"], row["kind"], json.loads(row["data"]), chat_id)
    outbox.add_again(tx, message, REVIVED, batching.delay_seconds(tx, message))
