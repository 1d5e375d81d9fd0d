"""Names shared by the bot, which writes a person's dialogue state, and the workers, which end it.

The keys are those of aiogram's RedisStorage with its DefaultKeyBuilder (a test compares the two), so a
worker can end a dialogue without importing aiogram.
"""

from __future__ import annotations

from typing import Final

MAIN_MENU: Final = "UserStates:MAIN_MENU"
SELECTING_PACKAGE: Final = "UserStates:SELECTING_PACKAGE"
VIEWING_PACKAGE_DETAILS: Final = "UserStates:VIEWING_PACKAGE_DETAILS"
CONFIRMING_ORDER: Final = "UserStates:CONFIRMING_ORDER"
WAITING_PAYMENT: Final = "UserStates:WAITING_PAYMENT"
SELECTING_PLATFORM: Final = "UserStates:SELECTING_PLATFORM"
WAITING_POST_URL: Final = "UserStates:WAITING_POST_URL"
PROCESSING_POST: Final = "UserStates:PROCESSING_POST"

STATE_TTL_SECONDS: Final = 7 * 24 * 3600
SEQUENCE_KEY: Final = "screens:sequence"
"""Incremented by bot and web for each update. It begins with the time, so a wipe does not set it back."""


def state_key(chat_id: int, telegram_id: int) -> str:
    """Redis key of the dialogue's state."""
    return f"fsm:{chat_id}:{telegram_id}:state"


def data_key(chat_id: int, telegram_id: int) -> str:
    """Redis key of the dialogue's data: JSON {"platform": str, "dialogue": str}."""
    return f"fsm:{chat_id}:{telegram_id}:data"


def rendered_key(chat_id: int, message_id: int) -> str:
    """Redis key of the newest sequence rendered into a message (short TTL)."""
    return f"screens:rendered:{chat_id}:{message_id}"
