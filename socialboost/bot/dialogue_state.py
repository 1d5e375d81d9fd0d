"""The dialogue of the person whose update is being handled, without a round trip to Redis of its own.

Its state comes with the update's number (shares.py). What the handler sets leaves with the update's jobs, in
the same call: after a failure neither is there, and the update is fed again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from socialboost.chat import dialogues
from socialboost.queue.deliveries import Delivery


class DialogueState(FSMContext):
    """aiogram's context of a dialogue, as a handler gets it in its parameter `state`."""

    def __init__(self, storage: BaseStorage, key: StorageKey, delivery: Delivery, state: str | None) -> None:
        super().__init__(storage, key)
        self._delivery = delivery
        self._state = state
        self._data: dict[str, Any] | None = None

    async def get_state(self) -> str | None:
        """Return the state, as far as this update knows it."""
        return self._state

    async def set_state(self, state: StateType = None) -> None:
        """Set the state together with the update's jobs. None ends the dialogue."""
        self._state = state.state if isinstance(state, State) else state
        self._keep(dialogues.state_key(self.key.chat_id, self.key.user_id), self._state or "")

    async def get_data(self) -> dict[str, Any]:
        """Return the data, from Redis unless this update has set it."""
        return dict(await super().get_data() if self._data is None else self._data)

    async def set_data(self, data: Mapping[str, Any]) -> None:
        """Set the data together with the update's jobs."""
        self._data = dict(data)
        text = json.dumps(self._data) if data else ""
        self._keep(dialogues.data_key(self.key.chat_id, self.key.user_id), text)

    async def update_data(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
        """Set some of the fields, and return all of them."""
        changed = await self.get_data() | dict(data or {}) | kwargs
        await self.set_data(changed)
        return changed

    def _keep(self, key: str, text: str) -> None:
        self._delivery.keep(key, text, dialogues.STATE_TTL_SECONDS)
