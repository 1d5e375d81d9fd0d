"""Error codes of Telegram and Crypto Pay that workers act on.

They are not in the clients, because the scheduler imports the actors too and must not load an HTTP library.
"""

from __future__ import annotations

from typing import Final

EDIT_GONE: Final = "edit_gone"
"""The message cannot be edited (deleted, too old): a new one must be sent."""

UNREACHABLE_CODES: Final = frozenset({"blocked", "deactivated", "never_started", "chat_not_found"})
"""Codes of a RejectedError after which nothing reaches this person until they write to the bot again."""

SPEND_ID_USED: Final = "SPEND_ID_ALREADY_USED"
"""A transfer with this spend_id was made before and must be looked up."""

CHAT_CODES: Final = frozenset({"no_rights", "topic_closed", "not_member", "chat_gone"})
"""Codes of a RejectedError for a chat that cannot be written to, although nobody blocked the bot."""

CONTENT_CODES: Final = frozenset({"bad_markup", "bad_content", "copy_gone"})
"""Codes of a RejectedError for a message that no chat can get."""

REFUSED_ALIKE: Final = UNREACHABLE_CODES | CHAT_CODES | CONTENT_CODES
"""Codes of a refused edit after which a new message would be refused for the same reason."""
