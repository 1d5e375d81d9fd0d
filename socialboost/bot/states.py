"""Dialogue states by the specification's names (8.1); chat/dialogues.py has them for the workers."""

from __future__ import annotations

from aiogram.fsm.state import State, StatesGroup


class UserStates(StatesGroup):
    """Where a buyer is."""

    MAIN_MENU = State()
    SELECTING_PACKAGE = State()
    VIEWING_PACKAGE_DETAILS = State()
    CONFIRMING_ORDER = State()
    WAITING_PAYMENT = State()
    SELECTING_PLATFORM = State()
    WAITING_POST_URL = State()
    PROCESSING_POST = State()


class AdminStates(StatesGroup):
    """Where an admin is."""

    MAIN_PANEL = State()
    VIEWING_STATS = State()
    BROADCAST_COMPOSE = State()
    BROADCAST_CONFIRM = State()
    SETTINGS_MENU = State()
    PACKAGE_MANAGEMENT = State()


class AdminDialogues(StatesGroup):
    """What an admin's next message answers; the specification names no states for these."""

    NAMING_OWNER = State()
    CHANGING_PACKAGE = State()
