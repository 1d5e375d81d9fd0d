"""Refusals that the workers act on: Telegram's by clients/telegram.py's codes, Crypto Pay's by its names.

Apart from the clients, so that the scheduler, which imports the actors too, does not load an HTTP library.
"""

from __future__ import annotations

from typing import Final

EDIT_GONE: Final = "edit_gone"
"""The message cannot be edited (deleted, too old): send a new one."""

UNREACHABLE_CODES: Final = frozenset({"blocked", "deactivated", "never_started", "chat_not_found"})
"""Codes of a RejectedError after which nothing reaches this person until they write to the bot again."""

SPEND_ID_USED: Final = "SPEND_ID_ALREADY_USED"
"""Money was sent under this spend_id before: look it up."""

CHAT_CODES: Final = frozenset({"no_rights", "topic_closed", "not_member", "chat_gone"})
"""Codes of a RejectedError that say why this chat gets nothing; it is no word that somebody blocked us."""

CONTENT_CODES: Final = frozenset({"bad_markup", "bad_content", "copy_gone"})
"""Codes of a RejectedError that say what is wrong with a message, whoever it goes to."""

REFUSED_ALIKE: Final = UNREACHABLE_CODES | CHAT_CODES | CONTENT_CODES
"""Codes of a refused edit after which a new message would be refused for the same reason."""
