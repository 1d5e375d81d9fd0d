"""The last routes: stale or forged buttons, unexpected messages, and people who block the bot."""

from __future__ import annotations

import re
from typing import Final

from aiogram import Router
from aiogram.enums import ChatMemberStatus, ChatType, ContentType
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, TelegramObject, Update

from socialboost import jobs, logs
from socialboost.bot.taps import TapFields

log = logs.get(__name__)

_COMMAND: Final = re.compile(r"/[A-Za-z0-9_]+(?:@\w+)?(?:\s.*)?", re.DOTALL)


def is_command(message: Message) -> bool:
    """Return True if the message is a command, known or not. A picture's caption is not a command."""
    return _COMMAND.fullmatch(message.text or "") is not None


SERVICE: Final = frozenset(
    {
        *(ContentType.NEW_CHAT_MEMBERS, ContentType.LEFT_CHAT_MEMBER, ContentType.CHAT_OWNER_LEFT),
        *(ContentType.CHAT_OWNER_CHANGED, ContentType.NEW_CHAT_TITLE, ContentType.NEW_CHAT_PHOTO),
        *(ContentType.DELETE_CHAT_PHOTO, ContentType.GROUP_CHAT_CREATED, ContentType.SUPERGROUP_CHAT_CREATED),
        *(ContentType.CHANNEL_CHAT_CREATED, ContentType.MESSAGE_AUTO_DELETE_TIMER_CHANGED),
        *(ContentType.MIGRATE_TO_CHAT_ID, ContentType.MIGRATE_FROM_CHAT_ID, ContentType.PINNED_MESSAGE),
        *(ContentType.CONNECTED_WEBSITE, ContentType.WRITE_ACCESS_ALLOWED, ContentType.BOOST_ADDED),
        *(ContentType.PROXIMITY_ALERT_TRIGGERED, ContentType.CHAT_BACKGROUND_SET),
        *(ContentType.CHECKLIST_TASKS_DONE, ContentType.CHECKLIST_TASKS_ADDED),
        *(ContentType.POLL_OPTION_ADDED, ContentType.POLL_OPTION_DELETED),
        *(ContentType.DIRECT_MESSAGE_PRICE_CHANGED, ContentType.PAID_MESSAGE_PRICE_CHANGED),
        *(ContentType.FORUM_TOPIC_CREATED, ContentType.FORUM_TOPIC_EDITED, ContentType.FORUM_TOPIC_CLOSED),
        *(ContentType.FORUM_TOPIC_REOPENED, ContentType.GENERAL_FORUM_TOPIC_HIDDEN),
        *(ContentType.GENERAL_FORUM_TOPIC_UNHIDDEN, ContentType.GIVEAWAY_CREATED),
        *(ContentType.GIVEAWAY_COMPLETED, ContentType.MANAGED_BOT_CREATED),
        *(ContentType.SUGGESTED_POST_APPROVED, ContentType.SUGGESTED_POST_APPROVAL_FAILED),
        *(ContentType.SUGGESTED_POST_DECLINED, ContentType.SUGGESTED_POST_PAID),
        *(ContentType.SUGGESTED_POST_REFUNDED, ContentType.VIDEO_CHAT_SCHEDULED),
        *(ContentType.VIDEO_CHAT_STARTED, ContentType.VIDEO_CHAT_ENDED),
        *(ContentType.VIDEO_CHAT_PARTICIPANTS_INVITED, ContentType.COMMUNITY_CHAT_ADDED),
        *(ContentType.COMMUNITY_CHAT_REMOVED, ContentType.COMMUNITY_CHAT_JOINED),
    }
)
"""Telegram's service messages, which need no answer. Every other kind gets one, including kinds that
Telegram adds later."""


async def said_by_a_person(message: Message) -> bool:
    """Return True for a message that is not Telegram's own."""
    return message.content_type not in SERVICE


async def _is_answer(message: Message) -> bool:
    return message.content_type not in SERVICE and not is_command(message)


async def _is_unknown_command(message: Message) -> bool:
    return is_command(message)


async def _is_reachability(change: ChatMemberUpdated) -> bool:
    return change.chat.type == ChatType.PRIVATE and change.new_chat_member.status in _REACHABLE


ANSWER: Final = (_is_answer,)
"""Messages that a dialogue accepts as an answer: all except commands, known or not."""

_REACHABLE: Final = {ChatMemberStatus.MEMBER: True, ChatMemberStatus.KICKED: False}


async def unknown(tap: TapFields) -> None:
    """Say that this button no longer works, and show the menu."""
    await jobs.send_async(jobs.ShowPage(**tap, page="unknown"))


async def stray_tap(_callback: CallbackQuery, tap: TapFields) -> None:
    """Answer a button of an older version, a malformed order id or forged data."""
    await unknown(tap)


async def unknown_command(_message: Message, tap: TapFields) -> None:
    """Answer an unknown command. An open dialogue stays open."""
    await jobs.send_async(jobs.ShowPage(**tap, page="unknown_command"))


async def stray_message(_message: Message, tap: TapFields) -> None:
    """Answer a message that no dialogue expected: say what the bot can do, and where to get support."""
    await jobs.send_async(jobs.ShowPage(**tap, page="stray"))


async def nothing_there(event: TelegramObject, tap: TapFields) -> None:
    """Answer a person without the right as if the button or command did not exist."""
    if not isinstance(event, Message):
        await unknown(tap)
    elif is_command(event):
        await unknown_command(event, tap)
    else:
        await stray_message(event, tap)


async def reachability(change: ChatMemberUpdated, event_update: Update) -> None:
    """Record that the person blocked the bot, or unblocked it."""
    update_id, telegram_id = event_update.update_id, change.from_user.id
    with logs.context(update_id=update_id, telegram_id=telegram_id):
        log.info("update_received", kind="reachability")
        reachable = _REACHABLE[ChatMemberStatus(change.new_chat_member.status)]
        await jobs.send_async(
            jobs.SetReachable(key=f"tg:{update_id}:0", telegram_id=telegram_id, reachable=reachable)
        )


def router() -> Router:
    """Return the last routes of all."""
    routes = Router(name="strays")
    routes.message.register(unknown_command, _is_unknown_command)
    routes.message.register(stray_message, said_by_a_person)
    routes.callback_query.register(stray_tap)
    routes.my_chat_member.register(reachability, _is_reachability)
    return routes
