"""A person's acts (writing, tapping, blocking the bot), each turned into the update Telegram would send."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sandbox.telegram.errors import ApiError, SimError
from sandbox.telegram.html_entities import utf16_length
from sandbox.telegram.keyboards import ACTIONS, find_button
from sandbox.telegram.methods.media import ALBUM_SIZE, image_size
from sandbox.telegram.service import Service
from sandbox.telegram.state import Callback, Message, Person, now
from sandbox.telegram.texts import CAPTION_LIMIT, TEXT_LIMIT, find_entities

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
        self._start(person)
        parts = [body[at : at + TEXT_LIMIT] for at in range(0, len(body), TEXT_LIMIT)]
        return [self._send(person, part, worded("text", "entities", part)) for part in parts]

    def send_photos(self, person: Person, photos: list[bytes], caption: str) -> list[dict[str, Any]]:
        """Send a photo, or an album of several: a message each, with the caption below the first."""
        self._may_act(person)
        if len(photos) > ALBUM_SIZE[1]:
            raise SimError(400, "too_many", f"an album has {ALBUM_SIZE[1]} photos at most")
        if utf16_length(caption.strip()) > CAPTION_LIMIT:
            raise SimError(400, "long_caption", f"a caption has {CAPTION_LIMIT} characters at most")
        pictures = [self._picture(photo) for photo in photos]
        self._start(person)
        album = {"media_group_id": str(secrets.randbits(60))} if len(pictures) > 1 else {}
        sent: list[dict[str, Any]] = []
        for picture in pictures:
            words = "" if sent else caption.strip()
            content = {"photo": [picture], **album, **worded("caption", "caption_entities", words)}
            sent.append(self._send(person, words, content))
        return sent

    def _picture(self, content: bytes) -> dict[str, Any]:
        try:
            width, height = image_size(content)
        except ApiError:
            raise SimError(400, "not_a_picture", "a photo is a PNG or a JPEG") from None
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        stored = self.service.world.store_file(f"photo.{kind}", f"image/{kind}", content)
        return {**stored.api(), "width": width, "height": height}

    def _start(self, person: Person) -> None:
        if not person.started:
            person.started = True
            self.service.world.touch("people", {})

    def _send(self, person: Person, text: str, content: dict[str, Any]) -> dict[str, Any]:
        world = self.service.world
        api: dict[str, Any] = {
            "message_id": world.new_message_id(person.id),
            "from": person.user(),
            "chat": person.chat(),
            "date": now(),
            **content,
        }
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


def worded(name: str, entities_name: str, text: str) -> dict[str, Any]:
    """A text or a caption, with what Telegram marks in it by itself; nothing when it is empty."""
    entities = find_entities(text, [])
    return ({name: text} if text else {}) | ({entities_name: entities} if entities else {})


def newest(messages: list[Message]) -> Message | None:
    """The last message of a list."""
    return messages[-1] if messages else None
