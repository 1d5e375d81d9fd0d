"""What a queue holds beside jobs: messages that no worker thread could settle, and those given up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dramatiq.message import Message


@dataclass(frozen=True)
class DeadLetter:
    """A message that Dramatiq gave up: `died_ms` is when, in Unix milliseconds."""

    message_id: str
    died_ms: int
    body: bytes


def is_sound(message: Message[Any], queue_name: str) -> bool:
    """Whether Dramatiq's threads can carry this message to its end: a wrong type would kill one of them."""
    options: object = message.options
    kwargs: object = message.kwargs
    if not isinstance(options, dict) or not isinstance(kwargs, dict):
        return False
    eta = options.get("eta", 0)
    return (
        message.queue_name == queue_name
        and isinstance(message.actor_name, str)
        and isinstance(message.message_id, str)
        and isinstance(message.message_timestamp, int)
        and isinstance(options.get("redis_message_id"), str)
        and isinstance(eta, int | float)
        and math.isfinite(eta)
    )
