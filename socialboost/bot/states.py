"""Dialogue states for aiogram, named as in the specification (8.1). Workers use chat/dialogues.py."""

from __future__ import annotations

from aiogram.fsm.state import State, StatesGroup


class UserStates(StatesGroup):
    """The dialogue states of a buyer."""

    MAIN_MENU = State()
    SELECTING_PACKAGE = State()
    VIEWING_PACKAGE_DETAILS = State()
    CONFIRMING_ORDER = State()
    WAITING_PAYMENT = State()
    SELECTING_PLATFORM = State()
    WAITING_POST_URL = State()
    PROCESSING_POST = State()


class AdminStates(StatesGroup):
    """The dialogue states of an admin."""

    MAIN_PANEL = State()
    VIEWING_STATS = State()
    BROADCAST_COMPOSE = State()
    BROADCAST_CONFIRM = State()
    SETTINGS_MENU = State()
    PACKAGE_MANAGEMENT = State()


class AdminDialogues(StatesGroup):
    """Dialogue states of an admin that the specification does not name."""

    NAMING_OWNER = State()
    CHANGING_PACKAGE = State()
