"""A stand-in for Telegram's Bot API, with the person's side and a chat page. See README.md in this folder."""
