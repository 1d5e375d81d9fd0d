"""The people who use the bot: their registration, rights, language and figures."""
