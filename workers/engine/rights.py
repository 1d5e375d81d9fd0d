"""The right to work on an admin's job, asked before its body at every attempt.

An actor names its right where it is declared; one of an admins' contract that names none is refused when it
is imported, so that no actor can forget the question. Who has which right is said through the hook AUTHORISE
(workers/people/access.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socialboost.jobs import AdminTap, Decision, Job
from workers.engine import hooks

Right = str | Callable[[Any], str]
"""A right, or what tells by the job which one it needs."""


def check(contract: type[Job], right: Right | None) -> None:
    """Raise ValueError for an admins' contract without a right, and for a right that nobody could have."""
    is_admins = issubclass(contract, AdminTap | Decision)
    if is_admins and right is None:
        raise ValueError(f"{contract.actor_name} is an admin's: its actor names no right")
    if right is not None and not is_admins:
        raise ValueError(f"{contract.actor_name} is nobody's in particular: its actor can ask for no right")


def allows(right: Right | None, job: Job) -> bool:
    """Return whether the body may run; whoever may not has been answered then."""
    return right is None or hooks.AUTHORISE(job, right if isinstance(right, str) else right(job))
