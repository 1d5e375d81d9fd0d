"""Shows the result of an admin's decision in the message in which it was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from socialboost import jobs
from workers.broadcasts import screens as broadcasts
from workers.engine.actors import Attempt, actor
from workers.parked_jobs import screens as parked_jobs
from workers.payments import screens as payments
from workers.people import access
from workers.withheld import screens as withheld


@actor(jobs.ShowDecision, right="look")
def show_decision(job: jobs.ShowDecision, attempt: Attempt) -> None:  # noqa: ARG001 (a screen)
    """Show a decision's result in the message in which it was taken."""
    language = access.language(job)
    _SIGHTS[job.subject](job, language)


_SIGHTS: Final[Mapping[str, Callable[[jobs.ShowDecision, str], None]]] = {
    "payment": payments.show_decided,
    "job": parked_jobs.show_settled,
    "withheld": withheld.show_settled,
    "broadcast": broadcasts.show_moved,
}
