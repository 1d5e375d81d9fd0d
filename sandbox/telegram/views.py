"""The JSON formats of the person's side and the chat page, documented in README.md."""

from __future__ import annotations

from typing import Any

from sandbox.telegram.keyboards import ACTIONS
from sandbox.telegram.state import Callback, Group, Message, Person
from sandbox.telegram.texts import render_html

MEDIA = ("photo", "document")
BUTTON_KINDS = {
    "callback_data": "callback",
    "url": "url",
    "copy_text": "copy",
    "web_app": "web_app",
    "pay": "pay",
}


def person_view(person: Person, last: Message | None, commands: list[dict[str, str]]) -> dict[str, Any]:
    """A person with the newest line of their conversation and what their menu of commands has."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        "language_code": person.language_code,
        "started": person.started,
        "blocked": person.blocked,
        "deactivated": person.deactivated,
        "commands": commands,
        "last_message": message_view(last) if last else None,
    }


def group_view(group: Group, last: Message | None) -> dict[str, Any]:
    """A group or channel with its newest message."""
    return {
        **group.chat(),
        "bot_status": group.bot_status,
        "members": group.members,
        "last_message": message_view(last) if last else None,
    }


def message_view(message: Message) -> dict[str, Any]:
    """A message as a person sees it."""
    api = message.api
    text = api.get("text", api.get("caption", ""))
    entities = api.get("entities", api.get("caption_entities", []))
    return {
        "chat_id": message.chat_id,
        "message_id": message.id,
        "from": "bot" if message.from_bot else "person",
        "sender": api.get("from", {}).get("first_name") or api.get("sender_chat", {}).get("title", ""),
        "date": api["date"],
        "text": text,
        "html": render_html(text, entities),
        "entities": entities,
        "keyboard": keyboard_view(api.get("reply_markup")),
        "media": media_view(api),
        "reply_to": api.get("reply_to_message", {}).get("message_id"),
        "edited": "edit_date" in api,
        "deleted": message.deleted,
        "pinned": message.pinned,
        "change": message.change,
    }


def keyboard_view(markup: dict[str, Any] | None) -> list[list[dict[str, Any]]]:
    """Rows of buttons; `index` counts through the rows and is what a tap may name."""
    rows: list[list[dict[str, Any]]] = []
    index = 0
    for row in (markup or {}).get("inline_keyboard", []):
        rows.append([])
        for button in row:
            rows[-1].append({"index": index, **button_view(button)})
            index += 1
    return rows


def button_view(button: dict[str, Any]) -> dict[str, Any]:
    """One button: its kind and what it carries."""
    action = next(name for name in ACTIONS if name in button)
    value = button[action]
    if action in {"copy_text", "web_app"}:
        value = value.get("text") or value.get("url")
    names = {"callback": "data", "url": "url"}
    kind = BUTTON_KINDS.get(action, action)
    view = {"text": button["text"], "kind": kind, names.get(kind, "value"): value}
    return view | ({"style": button["style"]} if button.get("style") else {})


def media_view(api: dict[str, Any]) -> dict[str, Any] | None:
    """A medium with the address its bytes are at."""
    for kind in MEDIA:
        if kind in api:
            stored = api[kind][-1] if kind == "photo" else api[kind]
            size = {
                name: stored[name] for name in ("width", "height", "file_name", "file_size") if name in stored
            }
            return {"kind": kind, "url": f"/sim/files/{stored['file_id']}", **size}
    return None


def answer_view(callback: Callback) -> dict[str, Any]:
    """The bot's answer to a tap."""
    return {
        "callback_query_id": callback.id,
        "update_id": callback.update_id,
        "chat_id": callback.chat_id,
        "message_id": callback.message_id,
        "change": callback.change,
        **(callback.answer or {}),
    }
