"""Tests of the bot's states and storage keys: workers know the same ones."""

from __future__ import annotations

from aiogram.fsm.storage.base import DefaultKeyBuilder, StorageKey

from socialboost.bot.buyer import support
from socialboost.bot.states import AdminStates, UserStates
from socialboost.chat import dialogues
from socialboost.screens.buyer import support as screens

SPECIFICATION_USER = (
    "MAIN_MENU",
    "SELECTING_PACKAGE",
    "VIEWING_PACKAGE_DETAILS",
    "CONFIRMING_ORDER",
    "WAITING_PAYMENT",
    "SELECTING_PLATFORM",
    "WAITING_POST_URL",
    "PROCESSING_POST",
)
SPECIFICATION_ADMIN = (
    "MAIN_PANEL",
    "VIEWING_STATS",
    "BROADCAST_COMPOSE",
    "BROADCAST_CONFIRM",
    "SETTINGS_MENU",
    "PACKAGE_MANAGEMENT",
)


def test_states_are_the_specification_s() -> None:
    assert UserStates.__state_names__ == tuple(f"UserStates:{name}" for name in SPECIFICATION_USER)
    assert AdminStates.__state_names__ == tuple(f"AdminStates:{name}" for name in SPECIFICATION_ADMIN)


def test_workers_name_the_states_as_the_bot_does() -> None:
    for name in SPECIFICATION_USER:
        assert getattr(dialogues, name) == getattr(UserStates, name).state


def test_workers_build_the_keys_as_aiogram_does() -> None:
    builder, key = DefaultKeyBuilder(), StorageKey(bot_id=7, chat_id=11, user_id=22)
    assert dialogues.state_key(11, 22) == builder.build(key, "state")
    assert dialogues.data_key(11, 22) == builder.build(key, "data")


def test_every_page_the_bot_asks_for_is_a_page_of_the_screens() -> None:
    asked = {*support._PAGES.values(), *support._COMMANDS}
    assert asked <= set(screens.PAGES)
    assert "unknown" not in screens.PAGES  # what strays ask for is the screen for every other name
