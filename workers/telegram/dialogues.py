"""Returns a dialogue to its question after an input was refused, so that the person can answer again."""

from __future__ import annotations

from typing import Final

from socialboost import jobs
from socialboost.chat import dialogues
from workers.engine import resources

_REOPEN: Final = """
local readable, value = pcall(cjson.decode, redis.call('GET', KEYS[2]) or '')
if not readable or type(value) ~= 'table' or value['dialogue'] ~= ARGV[1] then return 0 end
if redis.call('GET', KEYS[1]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 1
"""
"""Changes the state only if the dialogue is still the given one and nothing was tapped meanwhile."""


def reopen_link(tap: jobs.Tap, dialogue: str) -> None:
    """Set the state from PROCESSING_POST back to WAITING_POST_URL."""
    keys = [
        dialogues.state_key(tap.chat_id, tap.telegram_id),
        dialogues.data_key(tap.chat_id, tap.telegram_id),
    ]
    states = (dialogues.PROCESSING_POST, dialogues.WAITING_POST_URL)
    resources.redis().eval(_REOPEN, len(keys), *keys, dialogue, *states, dialogues.STATE_TTL_SECONDS)
