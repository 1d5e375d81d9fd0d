"""Bot API methods by topic. Importing this package fills the registry."""

from sandbox.telegram.methods import bot, callbacks, chats, edits, media, messages, updates
from sandbox.telegram.methods.registry import METHODS, Call

__all__ = ["METHODS", "Call", "bot", "callbacks", "chats", "edits", "media", "messages", "updates"]
