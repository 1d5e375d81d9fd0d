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
    """A hook for one function of a higher package."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.function: Callable[P, R] | None = None

    def register(self, function: Callable[P, R]) -> Callable[P, R]:
        """Register this function. Raises ValueError if there is one already."""
        if self.function is not None:
            raise ValueError(f"the hook {self.name} has a function already")
        self.function = function
        return function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function. Raises RuntimeError if none is registered."""
        if self.function is None:
            raise RuntimeError(f"the hook {self.name} has no function")
        return self.function(*args, **kwargs)


SERVICE_REFUSES: Final[Hook[[RefusesUsError], None]] = Hook("service_refuses")
"""Called when a service refuses us, not one request. It notifies the admins once per incident."""
IS_SUPERSEDED: Final[Hook[[Job, int], bool]] = Hook("is_superseded")
"""Returns True if a screen that waited so many milliseconds was replaced by a later one."""
CHAT_REACHED: Final[Hook[[int], None]] = Hook("chat_reached")
"""Called when a message was delivered to this chat. It sends the notices that wait for the chat."""
RIGHTS: Final[Hook[[int], frozenset[str]]] = Hook("rights")
"""Returns the rights of the admin with this private chat; none for other people."""
ADMINS_NOTIFIED: Final[Hook[[Transaction, NotifyAdmins], None]] = Hook("admins_notified")
"""Adds a notice to the admins in the transaction."""
AUTHORISE: Final[Hook[[Any, str], bool]] = Hook("authorise")
"""Returns True if the person behind an admin's job has this right. Otherwise it has answered them."""
