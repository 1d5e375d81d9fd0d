"""What bot, web and workers must agree on about a chat: callback data and dialogue states."""
