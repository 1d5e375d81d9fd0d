"""Updates waiting for the bot: creation under `allowed_updates`, expiry, confirmation, redelivery."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.errors import SimError
from sandbox.telegram.faults import Faults
from sandbox.telegram.wire import Record, Signal, Wire

ALL_TYPES = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query",
    "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
    "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost",
})  # fmt: skip
DEFAULT_TYPES = ALL_TYPES - {"chat_member", "message_reaction", "message_reaction_count"}
DAY = 24 * 3600.0
SHORT_LIVES = {
    "callback_query": 150.0,
    "pre_checkout_query": 150.0,
    "shipping_query": 150.0,
    "inline_query": 30.0,
}
REMEMBERED = 20_000


@dataclass
class Update:
    """One update; `chat_id` orders its delivery, `deliveries` counts how often it was handed over."""

    id: int
    type: str
    chat_id: int
    payload: dict[str, Any]
    expires_at: float
    deliveries: int = 0
    fails: int = 0
    delay: float = 0.0

    def body(self) -> dict[str, Any]:
        """The Bot API's Update."""
        return {"update_id": self.id, self.type: self.payload}


def read_allowed(value: Any) -> frozenset[str] | None:
    """`allowed_updates` of a call: None when absent, the default set for an empty list."""
    if not isinstance(value, list):
        return None
    named = frozenset(str(name).lower() for name in value) & ALL_TYPES
    return named or DEFAULT_TYPES


class Updates:
    """The queue between people and the bot."""

    def __init__(self, wire: Wire, faults: Faults, first_id: int) -> None:
        self._wire = wire
        self._faults = faults
        self.next_id = first_id
        self.signal = Signal()
        self.allowed = DEFAULT_TYPES
        self.pending: OrderedDict[int, Update] = OrderedDict()
        self.again: list[Update] = []
        self._history: OrderedDict[int, Update] = OrderedDict()

    def create(self, kind: str, chat_id: int, payload: dict[str, Any], **note: Any) -> tuple[int, Record]:
        """Queue a new update unless `allowed_updates` leaves it out. Returns its id and its wire record."""
        update = Update(self.next_id, kind, chat_id, payload, time.time() + SHORT_LIVES.get(kind, DAY))
        self.next_id += 1
        filtered = kind not in self.allowed
        record = self._wire.record(
            "update_created",
            update_id=update.id,
            update_type=kind,
            chat_id=chat_id,
            filtered=filtered or None,
            **note,
        )
        if not filtered:
            self.pending[update.id] = update
            self._remember(update)
            self.again += [update] * self._faults.copies_of_update(kind, chat_id)
            self.signal.fire()
        return update.id, record

    def redeliver(self, update_id: int) -> Update:
        """Hand an update over once more, under its own id. Raises SimError 404."""
        update = self._history.get(update_id)
        if update is None:
            raise SimError(404, "no_such_update", f"update {update_id} was never queued or is forgotten")
        self.again.append(update)
        self.signal.fire()
        return update

    def confirm_below(self, offset: int) -> None:
        """Delete updates that the poller has confirmed."""
        for update_id in [known for known in self.pending if known < offset]:
            del self.pending[update_id]

    def keep_last(self, number: int) -> None:
        """Forget all but the last `number` (a negative offset)."""
        for update_id in list(self.pending)[: max(len(self.pending) - number, 0)]:
            del self.pending[update_id]

    def drop_expired(self) -> None:
        """Forget updates too old to be delivered."""
        moment = time.time()
        for update in [old for old in self.pending.values() if old.expires_at <= moment]:
            del self.pending[update.id]

    def take(self, limit: int) -> list[Update]:
        """Updates for a poller: repeats first (so that its offset never moves back), then pending ones."""
        self.drop_expired()
        repeats, self.again = self.again[:limit], self.again[limit:]
        fresh = [update for update in self.pending.values() if update not in repeats]
        return repeats + fresh[: limit - len(repeats)]

    def delivered(self, update: Update, to: str, **note: Any) -> None:
        """Record one handing over."""
        update.deliveries += 1
        self._wire.record(
            "update_delivered",
            update_id=update.id,
            update_type=update.type,
            chat_id=update.chat_id,
            to=to,
            delivery=update.deliveries,
            **note,
        )

    def drop_all(self) -> None:
        """Delete all pending updates."""
        self.pending.clear()
        self.again.clear()

    def _remember(self, update: Update) -> None:
        self._history[update.id] = update
        while len(self._history) > REMEMBERED:
            self._history.popitem(last=False)
