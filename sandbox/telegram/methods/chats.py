"""Methods about chats: their data, pinned messages, the "typing" line."""

from __future__ import annotations

from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.registry import Call, method
from sandbox.telegram.state import Group, Message, Person

ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note", "cancel",
}  # fmt: skip
ADMIN_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip
GIFTS = (
    "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels",
)  # fmt: skip


@method("getChat")
async def get_chat(call: Call) -> dict[str, Any]:
    """A chat in full."""
    chat = call.service.find_chat(call.params)
    if isinstance(chat, Person) and not chat.started:
        raise bad_request("chat not found")
    full = {
        **chat.chat(),
        "accent_color_id": chat.id % 7 if chat.id > 0 else 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    pinned = [message for message in call.service.world.messages(chat.id) if message.pinned]
    return full | ({"pinned_message": pinned[-1].api} if pinned else {})


@method("getChatMember")
async def get_chat_member(call: Call) -> dict[str, Any]:
    """Return a person's membership of a chat."""
    chat = call.service.find_chat(call.params)
    user_id = call.params.integer("user_id")
    if user_id == call.service.config.bot_id:
        return bot_member(call, chat)
    person = call.service.world.people.get(user_id)
    if person is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if isinstance(chat, Person):
        if chat.id != user_id:
            raise bad_request("member not found")
        return {"status": "member", "user": person.user()}
    return {"status": "member" if user_id in chat.members else "left", "user": person.user()}


def bot_member(call: Call, chat: Person | Group) -> dict[str, Any]:
    """Return the bot's own membership of a chat."""
    user = call.service.bot_user()
    if isinstance(chat, Person):
        return (
            {"status": "kicked", "user": user, "until_date": 0}
            if chat.blocked
            else {"status": "member", "user": user}
        )
    if chat.bot_status == "administrator":
        rights = dict.fromkeys(ADMIN_RIGHTS, False) | {"can_manage_chat": True, "can_delete_messages": True}
        posting = {"can_post_messages": True, "can_edit_messages": True} if chat.type == "channel" else {}
        return {"status": "administrator", "user": user, **rights, **posting, "can_pin_messages": True}
    extra = {"until_date": 0} if chat.bot_status == "kicked" else {}
    return {"status": chat.bot_status, "user": user, **extra}


def message_of(call: Call, action: str) -> Message:
    """The message to pin or unpin."""
    chat = call.service.writable_chat(call.params)
    message = call.service.world.message(chat.id, call.params.integer("message_id"))
    if message is None:
        raise bad_request(f"message to {action} not found")
    return message


@method("pinChatMessage")
async def pin_chat_message(call: Call) -> bool:
    """Pin a message."""
    message = message_of(call, "pin")
    message.pinned = True
    call.service.world.changed(message)
    return True


@method("unpinChatMessage")
async def unpin_chat_message(call: Call) -> bool:
    """Unpin a message; the last pinned one when none is named."""
    chat = call.service.writable_chat(call.params)
    pinned = [message for message in call.service.world.messages(chat.id) if message.pinned]
    message = message_of(call, "unpin") if call.params.has("message_id") or not pinned else pinned[-1]
    message.pinned = False
    call.service.world.changed(message)
    return True


@method("sendChatAction")
async def send_chat_action(call: Call) -> bool:
    """The "typing…" line, for five seconds or until a message comes."""
    chat = call.service.writable_chat(call.params)
    action = call.params.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.service.world.touch("chat_action", {"chat_id": chat.id, "action": action})
    return True
