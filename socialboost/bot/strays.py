"""What no other route wanted: a stale or forged button, a text out of place, somebody blocking the bot."""

from __future__ import annotations

from typing import Final

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus, ChatType, ContentType
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, Update

from socialboost import jobs, logs
from socialboost.bot.taps import TapFields

log = logs.get(__name__)

SAID_BY_A_PERSON: Final = F.content_type.in_(
    {
        ContentType.TEXT,
        ContentType.PHOTO,
        ContentType.VIDEO,
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.DOCUMENT,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.VOICE,
        ContentType.VIDEO_NOTE,
        ContentType.CONTACT,
        ContentType.LOCATION,
        ContentType.POLL,
        ContentType.DICE,
    }
)
"""Not Telegram's own lines in a chat (a pinned message, a changed timer): nobody waits for an answer."""

_REACHABLE: Final = {ChatMemberStatus.MEMBER: True, ChatMemberStatus.KICKED: False}


async def unknown(tap: TapFields) -> None:
    """Say that this leads nowhere any more, and show the way on."""
    await jobs.send_async(jobs.ShowPage(**tap, page="unknown"))


async def stray_tap(_callback: CallbackQuery, tap: TapFields) -> None:
    """Answer a button of an older version, a malformed order id or forged data."""
    await unknown(tap)


async def stray_message(_message: Message, tap: TapFields) -> None:
    """Answer a message that no dialogue was waiting for."""
    await unknown(tap)


async def reachability(change: ChatMemberUpdated, event_update: Update) -> None:
    """The person blocked the bot, or let it in again."""
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
    routes.message.register(stray_message, SAID_BY_A_PERSON)
    routes.callback_query.register(stray_tap)
    in_private = F.chat.type == ChatType.PRIVATE
    routes.my_chat_member.register(reachability, in_private, F.new_chat_member.status.in_(set(_REACHABLE)))
    return routes
