"""Tests of decisions without a chat: the admin's role or the API owner's key gives the right."""

from __future__ import annotations

from typing import Any

import psycopg

from socialboost import jobs
from tests.flows.engine.actors import CoreDecision
from tests.flows.engine.system import CoreSystem

MANAGER, SUPPORT, STRANGER = 11, 12, 13
FINGERPRINT = 2**52 - 1
DECISIONS: list[tuple[Any, int, str]] = [
    ("dashboard", MANAGER, "done"),
    ("dashboard", SUPPORT, "not_allowed"),
    ("dashboard", STRANGER, "not_allowed"),
    ("dashboard", 0, "not_allowed"),
    ("api", FINGERPRINT, "done"),
    ("api", 0, "not_allowed"),  # nobody to write into the audit
    ("bot", MANAGER, "not_allowed"),  # in the bot a person decides in their own chat, and here is none
    ("elsewhere", MANAGER, "not_allowed"),  # a place that only a later release knows
]


def test_the_origin_of_a_decision_without_a_chat_gives_the_right(system: CoreSystem) -> None:
    with psycopg.connect(system.database_url) as connection:
        for role, telegram_id in (("manager", MANAGER), ("support", SUPPORT)):
            connection.execute("SELECT set_admin(%s, %s, 0)", (telegram_id, role))
    system.start("interactive")
    for number, (origin, actor_id, outcome) in enumerate(DECISIONS):
        job = CoreDecision(key=f"api:{number}", actor_id=actor_id, origin=origin)
        for _ in range(2):  # whoever asks again gets the same value
            assert jobs.ask(job, timeout_seconds=4) == {"outcome": outcome}, (origin, actor_id)
        assert system.count("decided", job.key) == (outcome == "done")
