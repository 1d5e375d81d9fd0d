"""Changing and deleting messages."""

from __future__ import annotations

from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.messages import entities_part
from sandbox.telegram.methods.registry import Call, method
from sandbox.telegram.state import Message, now
from sandbox.telegram.texts import message_caption, message_text

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
DELETABLE_SECONDS = 48 * 3600


def apply_edit(
    call: Call, message: Message, changes: dict[str, Any], replaced: tuple[str, ...]
) -> dict[str, Any]:
    """Replace the named fields. A keyboard that is not sent again is removed. Raises ApiError 400/429."""
    markup = read_markup(call.params, inline_only=True)
    new = {**changes, **({"reply_markup": markup} if markup else {})}
    fields = (*replaced, "reply_markup")
    if all(message.api.get(name) == new.get(name) for name in fields):
        raise bad_request(NOT_MODIFIED)
    chat = call.service.writable_chat(call.params)
    call.service.admit(chat, call.params)
    for name in fields:
        message.api.pop(name, None)
    message.api |= {**new, "edit_date": now()}
    call.note["result_message_id"] = message.id
    call.service.world.changed(message)
    return message.api


@method("editMessageText")
async def edit_message_text(call: Call) -> dict[str, Any]:
    """New text (and keyboard) for a text message of the bot."""
    message = call.service.own_message(call.params, "edit")
    text, entities = message_text(call.params)
    if "text" not in message.api:
        raise bad_request("there is no text in the message to edit")
    return apply_edit(
        call, message, {"text": text, **entities_part("entities", entities)}, ("text", "entities")
    )


@method("editMessageCaption")
async def edit_message_caption(call: Call) -> dict[str, Any]:
    """New caption for a message with a medium."""
    message = call.service.own_message(call.params, "edit")
    caption, entities = message_caption(call.params)
    if "text" in message.api:
        raise bad_request("there is no caption in the message to edit")
    changes = {"caption": caption} if caption else {}
    changes |= entities_part("caption_entities", entities)
    return apply_edit(call, message, changes, ("caption", "caption_entities"))


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(call: Call) -> dict[str, Any]:
    """A new keyboard, or none."""
    return apply_edit(call, call.service.own_message(call.params, "edit"), {}, ())


def delete(call: Call, message: Message) -> None:
    """Delete a message. Raises ApiError 400 after 48 hours."""
    if now() - message.api["date"] > DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    message.deleted = True
    call.service.world.changed(message)


@method("deleteMessage")
async def delete_message(call: Call) -> bool:
    """Delete one message."""
    delete(call, call.service.own_message(call.params, "delete"))
    return True


@method("deleteMessages")
async def delete_messages(call: Call) -> bool:
    """Delete several messages. Unknown ones are skipped."""
    chat = call.service.find_chat(call.params)
    wanted = call.params.json("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 100:
        raise bad_request("message identifiers are not specified")
    for message_id in wanted:
        message = call.service.world.message(chat.id, int(message_id))
        if message is not None:
            delete(call, message)
    return True
