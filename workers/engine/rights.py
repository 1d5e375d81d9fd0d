"""Checks the right for an admin's job before its body, at every attempt.

An actor names its right in its declaration. An actor of an admin's contract without a right is refused at
import, so no actor can forget the check. The hook AUTHORISE knows who has which right
(workers/people/access.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socialboost.jobs import AdminTap, Decision, Job
from workers.engine import hooks

Right = str | Callable[[Any], str]
"""A right, or a function that returns the right for a job."""


def check(contract: type[Job], right: Right | None) -> None:
    """Raise ValueError for an admin's contract without a right, and for a right that no role has."""
    is_admins = issubclass(contract, AdminTap | Decision)
    if is_admins and right is None:
        raise ValueError(f"{contract.actor_name} is an admin's: its actor names no right")
    if right is not None and not is_admins:
        raise ValueError(f"{contract.actor_name} is nobody's in particular: its actor can ask for no right")


def allows(right: Right | None, job: Job) -> bool:
    """Return True if the body may run. Otherwise the person has been answered."""
    return right is None or hooks.AUTHORISE(job, right if isinstance(right, str) else right(job))
