"""Takes an admin's decision once. One transaction writes its effect, audit entry, value and answer.

    @actor(jobs.ResolvePayment, right="payments", on_duplicate=deciding.value)
    def resolve_payment(job, attempt):
        return deciding.decide(job, lambda tx: _resolve(tx, job), _shown)

A decision is carried out once. A repeat with the same key (the bot after a crash, an API client that retries)
gets the value of the first time. A decision made on an outdated view is refused: `job.seen` says what the
admin saw, and SQL compares it under the row's lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, Required, TypedDict

from socialboost import jobs
from socialboost.db import Transaction
from socialboost.kinds import DecisionOutcome
from workers.engine import outbox, resources


class Value(TypedDict, total=False):
    """The value of a decision, as it is stored and returned."""

    outcome: Required[DecisionOutcome]
    error: str
    """Why it was refused."""
    status: str
    """The broadcast's current state."""
    state: str | None
    resolution: str | None
    """How the payment stands now, and how it was decided."""
    order_id: str | None
    refund_id: str | None
    count: int
    """How many messages were settled."""


NOT_ALLOWED: Final[Value] = {"outcome": "not_allowed"}
ASKED: Final[Value] = {"outcome": "asked"}
"""The confirmation was not asked for yet. It is shown now, and nothing was decided."""


def actor_id(job: jobs.Decision) -> int:
    """Return who decides. In a message of an older release that is the person who tapped."""
    return job.actor_id or (job.telegram_id if isinstance(job, jobs.Tap) else 0)


def decide(
    job: jobs.Decision,
    act: Callable[[Transaction], Value],
    show: Callable[[Value], jobs.LedgerJob] | None = None,
) -> Value:
    """Take the decision, unless it was taken before, and return its value.

    `show` makes the job that shows the value to an admin who decided in the bot.
    """
    with resources.db().transaction() as tx:
        kept: Value | None = tx.value("get_decision_value", key=job.key)
        if kept is not None:
            return kept
        taken = act(tx)
        tx.run("keep_decision_value", key=job.key, value=json.dumps(taken))
        if show is not None and job.origin == "bot":
            outbox.add(tx, show(taken))
    return taken


def outcome(result: Mapping[str, Any]) -> Value:
    """Return the value of a decision from the answer {success, error} of its SQL function."""
    if result["success"]:
        return {"outcome": "done"}
    error = result["error"]
    return {"outcome": error if error == "changed_meanwhile" else "refused", "error": error}


def refuse(job: jobs.Decision) -> Value:
    """Record and return the refusal of a person without the right to decide, unless it was decided before."""
    return decide(job, lambda _: NOT_ALLOWED)


def value(job: jobs.Decision) -> Value | None:
    """Return the value of the decision, or None if it was not taken yet."""
    kept: Value | None = resources.db().value("get_decision_value", key=job.key)
    return kept


def sight(job: jobs.Tap, subject: str, target: str, outcome: str = "") -> jobs.ShowDecision:
    """Return the job that shows the decision's outcome in the tapped message."""
    tap = {f.name: getattr(job, f.name) for f in fields(jobs.Tap)}
    key = f"{getattr(job, 'key', '')}:shown"
    return jobs.ShowDecision(**tap, key=key, subject=subject, target=target, outcome=outcome)
