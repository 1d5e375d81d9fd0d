"""Telegram's refusals that the workers act on, by the codes of clients/telegram.py.

Apart from the client, so that the scheduler, which imports the actors too, does not load an HTTP library.
"""

from __future__ import annotations

from typing import Final

EDIT_GONE: Final = "edit_gone"
"""The message cannot be edited (deleted, too old): send a new one."""

UNREACHABLE_CODES: Final = frozenset({"blocked", "deactivated", "never_started", "chat_not_found"})
"""Codes of a RejectedError after which nothing reaches this person until they write to the bot again."""
