"""Where Redis keeps the ids of everybody with a role, for the entry points, which see no database."""

from __future__ import annotations

from typing import Final

KEY: Final = "admins"
"""A set of Telegram ids, written by workers only (workers/people/roster.py). Absent, it names nobody."""
