"""Collects the fields that every job answering a person needs, once for all handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypedDict

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.fsm.storage.base import BaseStorage, StorageKey
from aiogram.types import CallbackQuery, Message, TelegramObject, User

from socialboost import jobs, links, logs
from socialboost.bot import sent, shares
from socialboost.bot.dialogue_state import DialogueState
from socialboost.bot.shares import Entry, Shares, Standing
from socialboost.chat import callbacks
from socialboost.kinds import Origin
from socialboost.queue.deliveries import Delivery

log = logs.get(__name__)

_LONGEST_LANGUAGE_TAG: Final = 35  # RFC 5646's recommendation; Telegram sends two letters or `pt-br`

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class TapFields(TypedDict):
    """The fields of jobs.Tap: `jobs.ShowMenu(**tap)`."""

    telegram_id: int
    chat_id: int
    update_id: int
    message_id: int | None
    callback_id: str | None
    seq: int
    language: str
    shown_order: str


def key(tap: TapFields) -> str:
    """Return the ledger key of this update's job. A redelivered update has the same key."""
    return f"tg:{tap['update_id']}:0"


class DecisionFields(TypedDict):
    """The fields of jobs.Decision without `seen`."""

    key: str
    actor_id: int
    origin: Origin


def decision(tap: TapFields) -> DecisionFields:
    """Return the admin who decides with this tap, and the origin."""
    return DecisionFields(key=key(tap), actor_id=tap["telegram_id"], origin="bot")


class TapMiddleware(BaseMiddleware):
    """Passes updates of private chats to their handler, with `tap` and `state`, and ignores all others.

    It stops repeated updates, before a handler could move the dialogue back, and updates above a person's
    share.
    """

    def __init__(self, shares: Shares, storage: BaseStorage) -> None:
        self._shares = shares
        self._storage = storage

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Number the update, bind it to the log context and call the handler."""
        update_id: int = data["event_update"].update_id
        person, where = _origin(event)
        if person is None or where is None:
            log.info("update_ignored", update_id=update_id)
            return None
        chat_id, message_id, callback_id = where
        delivery: Delivery = data["delivery"]
        _join_album(delivery, event)
        with logs.context(telegram_id=person.id, update_id=update_id):
            urgent = shares.is_urgent(event)
            entry = await self._shares.enter(person.id, chat_id, delivery.looked_at, urgent=urgent)
            tap = TapFields(
                telegram_id=person.id,
                chat_id=chat_id,
                update_id=update_id,
                message_id=message_id,
                callback_id=callback_id,
                seq=entry.number,
                language=(person.language_code or "")[:_LONGEST_LANGUAGE_TAG],
                shown_order=_shown_order(event),
            )
            if not await _is_admitted(entry, tap, delivery):
                return None
            log.info("update_received", kind="message" if callback_id is None else "callback")
            data["tap"] = tap
            data["raw_state"] = entry.state
            owner = StorageKey(bot_id=data["bot"].id, chat_id=chat_id, user_id=person.id)
            data["state"] = DialogueState(self._storage, owner, delivery, entry.state)
            return await handler(event, data)


async def _is_admitted(entry: Entry, tap: TapFields, delivery: Delivery) -> bool:
    """Return True if the update may become jobs. If not, tell the person why, at most once a minute."""
    if entry.standing is Standing.WITHIN:
        return True
    if entry.standing is Standing.REPEATED:
        log.info("update_repeated", mark=delivery.mark)
    elif entry.standing is Standing.TO_TELL:
        log.warning("updates_above_share")
        await jobs.send_async(jobs.ShowPage(**tap, page=shares.TOO_FAST))
    else:  # a flood may bring hundreds a second
        log.debug("update_above_share")
    return False


def _join_album(delivery: Delivery, event: TelegramObject) -> None:
    """Treat an album as one message, although each of its pictures is an update: only one is answered.

    A picture with a link in its own caption is answered by itself. In a forwarded album each picture has a
    link, and all links name one post.
    """
    if not isinstance(event, Message) or event.media_group_id is None:
        return
    is_answered = sent.forwarded_post(event) is None and bool(links.find_all(sent.text_of(event)))
    delivery.one_of(f"album:{event.chat.id}:{event.media_group_id}", is_answered=is_answered)


def _shown_order(event: TelegramObject) -> str:
    """Return the order that the tapped message offers, from the buttons that Telegram sends with the tap."""
    message = event.message if isinstance(event, CallbackQuery) else None
    if not isinstance(message, Message) or message.reply_markup is None:
        return ""
    rows = message.reply_markup.inline_keyboard
    return callbacks.offered_order(button.callback_data for row in rows for button in row)


def _origin(event: TelegramObject) -> tuple[User | None, tuple[int, int | None, str | None] | None]:
    """Return the person, chat, bot's message and callback; None outside private chats."""
    if isinstance(event, CallbackQuery):
        if event.message is None:  # too old, Telegram does not say; in a private chat both ids are the same
            return event.from_user, (event.from_user.id, None, event.id)
        if event.message.chat.type == ChatType.PRIVATE:
            return event.from_user, (event.message.chat.id, event.message.message_id, event.id)
    elif isinstance(event, Message) and event.chat.type == ChatType.PRIVATE:
        return event.from_user, (event.chat.id, None, None)
    return None, None
