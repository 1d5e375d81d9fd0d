"""Callback data of every button, exactly as the specification's 6.3 fixes it.

Parsing is plain string work, shared by the bot (filters) and the screens (keyboards).
`cancel_action` is matched before `cancel_{order_id}`.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

SELECT_PACKAGES: Final = "select_packages"
ADD_POST: Final = "add_post"
MY_STATS: Final = "my_stats"
SUPPORT: Final = "support"
SHOW_FAQ: Final = "show_faq"
SHOW_PRIVACY: Final = "show_privacy"
SHOW_LANGUAGES: Final = "show_languages"
BACK_TO_MENU: Final = "back_to_menu"
CANCEL_ACTION: Final = "cancel_action"
NOOP: Final = "noop"
"""A heading drawn as a button: the tap is answered, nothing changes."""

ADMIN_STATS: Final = "admin_stats"
ADMIN_PACKAGES: Final = "admin_packages"
ADMIN_BROADCAST: Final = "admin_broadcast"
ADMIN_SETTINGS: Final = "admin_settings"

PACKAGE_PREFIX: Final = "pkg_"
CONFIRM_PREFIX: Final = "confirm_"
PAY_PREFIX: Final = "pay_"
CANCEL_PREFIX: Final = "cancel_"
PLATFORM_PREFIX: Final = "platform_"
LANGUAGE_PREFIX: Final = "language_"
HISTORY_PREFIX: Final = "history_"

PLATFORMS: Final = ("telegram", "instagram", "tiktok", "youtube", "x", "facebook", "threads")


def after(prefix: str, data: str) -> str | None:
    """Return what follows `prefix` in `data`, or None when there is nothing or another prefix."""
    if not data.startswith(prefix) or len(data) == len(prefix):
        return None
    return data[len(prefix) :]


def order_id(prefix: str, data: str) -> str | None:
    """Return the order's id in canonical form, or None when `data` carries no UUID after `prefix`."""
    text = after(prefix, data)
    if text is None:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        return None
