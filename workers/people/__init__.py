"""The people who use the bot: who tapped, what they may do, their language and figures."""
