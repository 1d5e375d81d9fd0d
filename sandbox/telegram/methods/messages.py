"""Sending and copying messages."""

from __future__ import annotations

from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.registry import Call, method
from sandbox.telegram.texts import message_caption, message_text

MEDIA = ("photo", "document", "video", "animation", "audio", "voice")
CARRIED = ("text", "entities", "link_preview_options", *MEDIA)


def inline_part(call: Call) -> dict[str, Any]:
    """`reply_markup` of a new message: only inline keyboards come back in a Message."""
    markup = read_markup(call.params)
    return {"reply_markup": markup} if markup and "inline_keyboard" in markup else {}


def entities_part(name: str, entities: list[dict[str, Any]]) -> dict[str, Any]:
    """An entities field, left out when empty."""
    return {name: entities} if entities else {}


@method("sendMessage")
async def send_message(call: Call) -> dict[str, Any]:
    """A new text message."""
    chat = call.service.writable_chat(call.params)
    text, entities = message_text(call.params)
    content: dict[str, Any] = {"text": text, **entities_part("entities", entities), **inline_part(call)}
    options = call.params.json("link_preview_options")
    if isinstance(options, dict):
        content["link_preview_options"] = {
            name: value for name, value in options.items() if value is not None
        }
    call.service.admit(chat, call.params)
    message = call.service.post(chat, call.params, content)
    call.note["result_message_id"] = message.id
    return message.api


@method("copyMessage")
async def copy_message(call: Call) -> dict[str, Any]:
    """The same content in another chat, without a link to the original."""
    service, params = call.service, call.params
    chat = service.writable_chat(params)
    source_chat = service.find_chat(params, "from_chat_id")
    source = service.world.message(source_chat.id, params.integer("message_id"))
    if source is None:
        raise bad_request("message to copy not found")
    content = {name: source.api[name] for name in CARRIED if name in source.api}
    if not content:
        raise bad_request("message can't be copied")
    if params.has("caption") and "text" not in content:
        caption, entities = message_caption(params)
        content |= {"caption": caption, **entities_part("caption_entities", entities)}
    else:
        content |= {name: source.api[name] for name in ("caption", "caption_entities") if name in source.api}
    content |= inline_part(call)
    service.admit(chat, params)
    message = service.post(chat, params, content)
    call.note["result_message_id"] = message.id
    return {"message_id": message.id}


@method("forwardMessage")
async def forward_message(call: Call) -> dict[str, Any]:
    """The same message in another chat, with its origin."""
    service, params = call.service, call.params
    chat = service.writable_chat(params)
    source_chat = service.find_chat(params, "from_chat_id")
    source = service.world.message(source_chat.id, params.integer("message_id"))
    if source is None:
        raise bad_request("message to forward not found")
    content = {
        name: source.api[name] for name in (*CARRIED, "caption", "caption_entities") if name in source.api
    }
    if "from" in source.api:
        origin = {"type": "user", "date": source.api["date"], "sender_user": source.api["from"]}
    else:
        origin = {
            "type": "channel", "date": source.api["date"],
            "chat": source.api["chat"], "message_id": source.id,
        }  # fmt: skip
    service.admit(chat, params)
    message = service.post(chat, params, {"forward_origin": origin, **content})
    call.note["result_message_id"] = message.id
    return message.api
