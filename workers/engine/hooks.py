"""Hooks by which the engine and the Telegram package call packages above them without importing them.

A package registers its function at import (`@hooks.SERVICE_REFUSES.register`), and importing `workers`
imports every package. Each hook has one function: a second one, or a call before the first, is a mistake in
the code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, ParamSpec, TypeVar

from socialboost.db import Transaction
from socialboost.errors import RefusesUsError
from socialboost.jobs import Job, NotifyAdmins

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """A place for one function of a package above."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.function: Callable[P, R] | None = None

    def register(self, function: Callable[P, R]) -> Callable[P, R]:
        """Have calls go to this function; ValueError when there is one already."""
        if self.function is not None:
            raise ValueError(f"the hook {self.name} has a function already")
        self.function = function
        return function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function; RuntimeError when nobody registered one."""
        if self.function is None:
            raise RuntimeError(f"the hook {self.name} has no function")
        return self.function(*args, **kwargs)


SERVICE_REFUSES: Final[Hook[[RefusesUsError], None]] = Hook("service_refuses")
"""A service refuses us, not one request: the admins hear of it, once an outage."""
IS_SUPERSEDED: Final[Hook[[Job, int], bool]] = Hook("is_superseded")
"""Returns True if a screen that waited so many milliseconds was replaced by a later one."""
CHAT_REACHED: Final[Hook[[int], None]] = Hook("chat_reached")
"""Something has just arrived in this chat: what waits for it can be sent."""
RIGHTS: Final[Hook[[int], frozenset[str]]] = Hook("rights")
"""What whoever has this private chat may do as an admin; nothing for anybody else."""
ADMINS_NOTIFIED: Final[Hook[[Transaction, NotifyAdmins], None]] = Hook("admins_notified")
"""The admins are to get a notice if the transaction commits."""
AUTHORISE: Final[Hook[[Any, str], bool]] = Hook("authorise")
"""Whether whoever is behind an admins' job has this right; somebody without it has been answered then."""
