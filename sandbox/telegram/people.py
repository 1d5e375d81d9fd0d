"""What a person does: writes, taps, blocks the bot. Each act becomes the update Telegram would send."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sandbox.telegram.errors import SimError
from sandbox.telegram.keyboards import ACTIONS, find_button
from sandbox.telegram.service import Service
from sandbox.telegram.state import Callback, Message, Person, now
from sandbox.telegram.texts import TEXT_LIMIT, find_entities

LABEL_SHOWN = 80


class People:
    """Acts of people, turned into updates."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def write(self, person: Person, text: str) -> list[dict[str, Any]]:
        """Send a text; like Telegram's own apps, one longer than 4096 characters goes as several messages."""
        self._may_act(person)
        body = text.strip()
        if not body:
            raise SimError(400, "empty_text", "there is nothing to send")
        if not person.started:
            person.started = True
            self.service.world.touch("people", {})
        parts = [body[at : at + TEXT_LIMIT] for at in range(0, len(body), TEXT_LIMIT)]
        return [self._write_one(person, part) for part in parts]

    def _write_one(self, person: Person, text: str) -> dict[str, Any]:
        world = self.service.world
        api: dict[str, Any] = {
            "message_id": world.new_message_id(person.id),
            "from": person.user(),
            "chat": person.chat(),
            "date": now(),
            "text": text,
        }
        if entities := find_entities(text, []):
            api["entities"] = entities
        message = world.put(api, from_bot=False)
        update_id, record = self.service.updates.create(
            "message", person.id, api, person_id=person.id, message_id=message.id, text=text[:LABEL_SHOWN]
        )
        return {"message_id": message.id, "update_id": update_id, "wire": record}

    def tap(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """Tap a button. A callback button makes an update; a url button just gives its address."""
        self._may_act(person)
        chat_id = int(body.get("chat_id") or person.id)
        data, label, index = body.get("data"), body.get("label"), body.get("index")
        if data is None and label is None and index is None:
            raise SimError(400, "no_button_named", "name the button by data, label or index")
        message, button = self._find(chat_id, body, data, label, index)
        action = next(name for name in ACTIONS if name in button)
        if action != "callback_data":
            value = button[action]
            if action in {"copy_text", "web_app"}:
                value = value.get("text") or value.get("url")
            kind = {"copy_text": "copy"}.get(action, action)
            return {"kind": kind, ("url" if kind == "url" else "value"): value, "label": button["text"]}
        return self._callback(person, message, button)

    def _find(
        self, chat_id: int, body: dict[str, Any], data: str | None, label: str | None, index: int | None
    ) -> tuple[Message, dict[str, Any]]:
        """The message and button meant. Without message_id: the newest message that has such a button."""
        world = self.service.world
        if body.get("message_id") is None:
            candidates = [message for message in reversed(world.messages(chat_id)) if message.from_bot]
        else:
            named = world.message(chat_id, int(body["message_id"]))
            candidates = [named] if named else []
        for message in candidates:
            if button := find_button(message.api.get("reply_markup"), data=data, label=label, index=index):
                return message, button
        if body.get("stale") and candidates and data is not None:
            return candidates[0], {"text": label or data, "callback_data": data}
        raise SimError(404, "no_such_button", "no message shows such a button")

    def _callback(self, person: Person, message: Message, button: dict[str, Any]) -> dict[str, Any]:
        query_id = str(secrets.randbits(62))
        payload = {
            "id": query_id,
            "from": person.user(),
            "message": dict(message.api),
            "chat_instance": str(-(message.chat_id * 7_919)),
            "data": button["callback_data"],
        }
        callback = Callback(query_id, person.id, message.chat_id, message.id, 0, time.monotonic())
        self.service.world.add_callback(callback)
        callback.update_id, record = self.service.updates.create(
            "callback_query",
            message.chat_id,
            payload,
            person_id=person.id,
            message_id=message.id,
            callback_query_id=query_id,
            label=button["text"][:LABEL_SHOWN],
            data=button["callback_data"],
        )
        return {
            "kind": "callback",
            "callback_query_id": query_id,
            "update_id": callback.update_id,
            "wire": record,
        }

    def set_blocked(self, person: Person, *, blocked: bool) -> dict[str, Any]:
        """Block or unblock the bot; the bot hears of it as my_chat_member."""
        if person.blocked == blocked:
            return {"update_id": None}
        person.blocked = blocked
        old, new = self._membership(blocked=not blocked), self._membership(blocked=blocked)
        payload = {
            "chat": person.chat(),
            "from": person.user(),
            "date": now(),
            "old_chat_member": old,
            "new_chat_member": new,
        }
        status = new["status"]
        update_id, record = self.service.updates.create(
            "my_chat_member", person.id, payload, person_id=person.id, status=status
        )
        self.service.world.touch("people", {})
        return {"update_id": update_id, "wire": record}

    def _membership(self, *, blocked: bool) -> dict[str, Any]:
        user = self.service.bot_user()
        return (
            {"status": "kicked", "user": user, "until_date": 0}
            if blocked
            else {"status": "member", "user": user}
        )

    def _may_act(self, person: Person) -> None:
        if person.blocked:
            raise SimError(409, "blocked", "this person has blocked the bot: unblock first")
        if person.deactivated:
            raise SimError(409, "deactivated", "this account is deleted")


def newest(messages: list[Message]) -> Message | None:
    """The last message of a list."""
    return messages[-1] if messages else None
