"""A parked job or dead letter found by its reference, and what may be done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from socialboost import jobs
from socialboost.chat import callbacks
from workers.engine import actors, claiming, resources

MONEY: Final = frozenset({jobs.ActivateOrder.actor_name})
"""Jobs behind which somebody's payment stands: they are replayed, never discarded."""


def is_readable(found: Mapping[str, Any]) -> bool:
    """Whether a parked row's fields make a job."""
    declared = actors.REGISTRY.get(found["actor"])
    try:
        return declared is None or actors.decode(declared.contract, found.get("args")) is not None
    except claiming.ContractError:
        return False


def find(ref: str) -> Mapping[str, Any] | None:
    letter_id = callbacks.order_id(callbacks.LETTER_PREFIX, ref)
    if letter_id is not None:
        letter = resources.db().one("get_dead_letter", letter_id=letter_id)
        return None if letter is None else {**letter, "key": _read(letter["body"]).get("key")}
    return resources.db().one("get_parked_job", ref=ref)


def _read(body: bytes) -> dict[str, Any]:
    """Return a letter's arguments as far as they can be read."""
    try:
        value = json.loads(bytes(body))
    except ValueError:
        return {}
    kwargs = value.get("kwargs") if isinstance(value, dict) else None
    return kwargs if isinstance(kwargs, dict) else {}
