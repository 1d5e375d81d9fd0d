"""The stand-in's state: people, chats, messages, callback queries, files, and the bot's settings."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import takewhile
from typing import Any

from sandbox.telegram.errors import SimError
from sandbox.telegram.wire import Signal

FIRST_PERSON_ID = 700_000_001
MESSAGES_KEPT = 200_000
CALLBACKS_KEPT = 20_000
ANSWERS_KEPT_PER_CHAT = 100


@dataclass
class Person:
    """A person with a Telegram account. Their private chat with the bot has the same id."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def user(self) -> dict[str, Any]:
        """The Bot API's User."""
        names = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        known = {name: value for name, value in names.items() if value}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, **known}

    def chat(self) -> dict[str, Any]:
        """The Bot API's Chat of the private conversation."""
        names = {"last_name": self.last_name, "username": self.username}
        known = {name: value for name, value in names.items() if value}
        return {"id": self.id, "type": "private", "first_name": self.first_name, **known}


@dataclass
class Group:
    """A group, supergroup or channel the bot may be in."""

    id: int
    type: str
    title: str
    username: str | None = None
    bot_status: str = "administrator"
    members: list[int] = field(default_factory=list)

    def chat(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        return {"id": self.id, "type": self.type, "title": self.title} | (
            {"username": self.username} if self.username else {}
        )


@dataclass
class Message:
    """One message of a chat: `api` is the Bot API object, the rest is the stand-in's own."""

    api: dict[str, Any]
    from_bot: bool
    change: int = 0
    deleted: bool = False
    pinned: bool = False

    @property
    def id(self) -> int:
        """message_id."""
        return int(self.api["message_id"])

    @property
    def chat_id(self) -> int:
        """id of the chat it is in."""
        return int(self.api["chat"]["id"])


@dataclass
class Callback:
    """A tap waiting for its answer."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    update_id: int
    at: float
    answer: dict[str, Any] | None = None
    change: int = 0


@dataclass
class StoredFile:
    """Bytes a bot uploaded."""

    file_id: str
    name: str
    content_type: str
    content: bytes

    def api(self) -> dict[str, Any]:
        """The Bot API's fields of any file."""
        unique = self.file_id[-12:]
        return {"file_id": self.file_id, "file_unique_id": unique, "file_size": len(self.content)}


class World:
    """All state of the stand-in, in memory. Every visible change takes a number and wakes waiters."""

    def __init__(self) -> None:
        self.signal = Signal()
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []
        self.change = 0
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.callbacks: OrderedDict[str, Callback] = OrderedDict()
        self.files: dict[str, StoredFile] = {}
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.profile: dict[str, dict[str, str]] = {}
        self.menu_buttons: dict[int, dict[str, Any]] = {}
        self._messages: dict[int, OrderedDict[int, Message]] = {}
        self._next_person_id = FIRST_PERSON_ID
        self._order: deque[tuple[int, int]] = deque()
        self._by_change: OrderedDict[tuple[int, int], Message] = OrderedDict()
        self._last_message_id: dict[int, int] = {}
        self._last_change: dict[int, int] = {}
        self._answers: dict[int, deque[Callback]] = {}

    def forget_people(self) -> None:
        """Forget people, chats and conversations. Numbers go on counting, the bot's own texts stay."""
        for kept in (
            self.people,
            self.groups,
            self.callbacks,
            self.files,
            self._messages,
            self._order,
            self._by_change,
            self._answers,
        ):
            kept.clear()
        self.touch("reset", {})

    # people and chats

    def add_person(self, first_name: str, person_id: int | None = None, **details: Any) -> Person:
        """A new person. Raises SimError 409 when the id is taken."""
        if person_id in self.people:
            raise SimError(409, "id_taken", f"there is a person with id {person_id}")
        person = Person(self._free_person_id() if person_id is None else person_id, first_name, **details)
        self.people[person.id] = person
        self.touch("people", {})
        return person

    def _free_person_id(self) -> int:
        while self._next_person_id in self.people:
            self._next_person_id += 1
        return self._next_person_id

    def newest_people(self, limit: int) -> list[Person]:
        """The people whose conversations changed last; those without one by id, newest first."""
        return nlargest(limit, self.people.values(), key=lambda one: (self.last_change(one.id), one.id))

    def person(self, person_id: int) -> Person:
        """The person with this id. Raises SimError 404."""
        if person_id not in self.people:
            raise SimError(404, "no_such_person", f"there is no person with id {person_id}")
        return self.people[person_id]

    # messages

    def new_message_id(self, chat_id: int) -> int:
        """The next message id: one counter for all private chats (as for a bot's account), one per group."""
        counter = min(chat_id, 0)
        self._last_message_id[counter] = self._last_message_id.get(counter, 0) + 1
        return self._last_message_id[counter]

    def put(self, api: dict[str, Any], *, from_bot: bool) -> Message:
        """Keep a new message and tell whoever waits."""
        message = Message(api, from_bot)
        chat = self._chat(message.chat_id)
        chat[message.id] = message
        self._order.append((message.chat_id, message.id))
        self._forget_oldest()
        self.changed(message)
        return message

    def _forget_oldest(self) -> None:
        """Drop old messages, so that memory does not grow in a large broadcast."""
        while len(self._order) > MESSAGES_KEPT:
            chat_id, message_id = self._order.popleft()
            self._chat(chat_id).pop(message_id, None)
            self._by_change.pop((chat_id, message_id), None)

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """A message that exists and is not deleted."""
        found = self._messages[chat_id].get(message_id) if chat_id in self._messages else None
        return None if found is None or found.deleted else found

    def messages(self, chat_id: int, after_change: int = -1) -> list[Message]:
        """Messages of a chat in order; `after_change` brings only newer changes, deleted ones included."""
        chat = self._messages.get(chat_id, OrderedDict())
        if after_change < 0:
            return [message for message in chat.values() if not message.deleted]
        return [message for message in chat.values() if message.change > after_change]

    def all_messages(self) -> Iterator[Message]:
        """Every message kept, chat by chat."""
        for chat in self._messages.values():
            yield from chat.values()

    def changed_after(self, change: int) -> list[Message]:
        """Messages of all chats with a newer change, in the order of their last one."""
        newer = takewhile(lambda message: message.change > change, reversed(self._by_change.values()))
        return list(newer)[::-1]

    def _chat(self, chat_id: int) -> OrderedDict[int, Message]:
        return self._messages.setdefault(chat_id, OrderedDict())

    def load_messages(self, messages: list[Message], last_ids: dict[str, int]) -> None:
        """Take over messages and counters of an earlier run."""
        for message in sorted(messages, key=lambda one: one.change):
            self._by_change[message.chat_id, message.id] = message
        for message in messages:
            self._chat(message.chat_id)[message.id] = message
            self._order.append((message.chat_id, message.id))
            self.change = max(self.change, message.change)
            self._last_change[message.chat_id] = max(
                self._last_change.get(message.chat_id, 0), message.change
            )
        self._last_message_id = {int(chat_id): last for chat_id, last in last_ids.items()}

    def last_message_ids(self) -> dict[int, int]:
        """The message counters, for the state file."""
        return self._last_message_id

    def changed(self, message: Message) -> None:
        """Number a change of a message and announce it."""
        message.change = self._last_change[message.chat_id] = self.change + 1
        self._by_change[message.chat_id, message.id] = message
        self._by_change.move_to_end((message.chat_id, message.id))
        self.touch("message", {"message": message})

    def last_change(self, chat_id: int | None) -> int:
        """Number of the newest change of a chat's messages and answers; of any chat for None."""
        return self._last_change.get(chat_id, 0) if chat_id is not None else self.change

    # callback queries

    def add_callback(self, callback: Callback) -> None:
        """Keep a tap until it is answered."""
        self.callbacks[callback.id] = callback
        while len(self.callbacks) > CALLBACKS_KEPT:
            self.callbacks.popitem(last=False)

    def answered(self, callback: Callback, answer: dict[str, Any]) -> None:
        """Keep the bot's answer to a tap and announce it."""
        callback.answer = answer
        callback.change = self._last_change[callback.chat_id] = self.change + 1
        self._answers.setdefault(callback.chat_id, deque(maxlen=ANSWERS_KEPT_PER_CHAT)).append(callback)
        self.touch("callback_answer", {"callback": callback})

    def answers(self, chat_id: int, after_change: int) -> list[Callback]:
        """Answered taps of a chat newer than a change."""
        return [callback for callback in self._answers.get(chat_id, ()) if callback.change > after_change]

    # files

    def store_file(self, name: str, content_type: str, content: bytes) -> StoredFile:
        """Keep an uploaded file under a new file_id."""
        stored = StoredFile(f"BQACAgIAAx{secrets.token_urlsafe(24)}", name, content_type, content)
        self.files[stored.file_id] = stored
        return stored

    # announcing

    def touch(self, kind: str, details: dict[str, Any]) -> int:
        """Number a change, tell listeners, wake waiters. Returns the number."""
        self.change += 1
        for listener in self.listeners:
            listener(kind, details)
        self.signal.fire()
        return self.change


def now() -> int:
    """Unix time in whole seconds, as the Bot API dates things."""
    return int(time.time())
