"""Builds updates as Telegram sends them, and reads the jobs on the queue."""

from __future__ import annotations

import atexit
import json
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import redis

from socialboost import jobs

PERSON = 500_000_001
ADMIN = 900_000_001
MESSAGE = 77
"""The bot's message whose buttons are tapped."""
ORDER = "7d0e5c1a-3f61-4a53-9c9e-0c5a7f0f6f10"

_ids = count(1000)

Json = dict[str, Any]


def person(telegram_id: int = PERSON, language: str = "uk") -> Json:
    return {
        "id": telegram_id,
        "is_bot": False,
        "first_name": "Оля",
        "last_name": "Коваль",
        "username": "olya",
        "language_code": language,
    }


def private(telegram_id: int = PERSON) -> Json:
    return {"id": telegram_id, "type": "private", "first_name": "Оля"}


def group() -> Json:
    return {"id": -100123, "type": "supergroup", "title": "Гурт"}


def message(text: str | None = None, *, chat: Json | None = None, **more: Any) -> Json:
    """An update with a message; a command gets its entity as Telegram adds it."""
    content: Json = {} if text is None else {"text": text}
    if text and text.startswith("/"):
        content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
    body = {"message_id": 5, "date": 1_790_000_000, "chat": chat or private(), "from": person()}
    return {"update_id": next(_ids), "message": body | content | more}


def tap(data: str | None, *, chat: Json | None = None, **more: Any) -> Json:
    """An update with a tapped button of the bot's message."""
    shown = {"message_id": MESSAGE, "date": 1_790_000_000, "chat": chat or private(), "text": "…"}
    query: Json = {"id": "4242", "from": person(), "chat_instance": "1", "message": shown}
    if data is not None:
        query["data"] = data
    return {"update_id": next(_ids), "callback_query": query | more}


def membership(status: str, *, chat: Json | None = None) -> Json:
    """An update that tells that somebody blocked the bot or let it in again."""
    bot = {"id": 1, "is_bot": True, "first_name": "SocialBoost"}
    old: Json = {"user": bot, "status": "member"}
    new: Json = {"user": bot, "status": status}
    if status == "kicked":
        new["until_date"] = 0
    change = {"chat": chat or private(), "from": person(), "date": 1_790_000_000}
    return {
        "update_id": next(_ids),
        "my_chat_member": change | {"old_chat_member": old, "new_chat_member": new},
    }


@dataclass(frozen=True)
class Queued:
    """A job as it lies on Redis."""

    queue: str
    actor: str
    args: Json


def queued(redis_url: str) -> list[Queued]:
    """Return the jobs on all queues, in order of their queues, and leave the queues empty.

    In one step for each queue: a job that came between reading and emptying would be gone unseen.
    """
    found: list[Queued] = []
    for queue in jobs.QUEUES:
        names = (f"dramatiq:{queue}", f"dramatiq:{queue}.msgs")
        step = client_of(redis_url).pipeline(transaction=True)
        step.lrange(names[0], 0, -1)
        step.hgetall(names[1])
        step.delete(*names)
        order, messages, _ = step.execute()
        for message_id in order:
            raw = json.loads(messages[message_id])
            found.append(Queued(queue, raw["actor_name"], raw["kwargs"]))
    return found


@cache
def client_of(redis_url: str) -> redis.Redis:
    """The tests' own client for this database, kept: to make one costs more than most things asked of it."""
    client = redis.Redis.from_url(redis_url)
    atexit.register(client.close)
    return client


def only(redis_url: str) -> Queued:
    """Return the one job there is."""
    (job,) = queued(redis_url)
    return job
