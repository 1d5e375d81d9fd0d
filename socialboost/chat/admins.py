"""Names the Redis key with the ids of everybody who has a role, for bot and web, which have no database."""

from __future__ import annotations

from typing import Final

KEY: Final = "admins"
"""A set of Telegram ids, written only by workers (workers/people/roster.py). No key means an empty set."""
