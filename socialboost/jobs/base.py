"""The base classes of all job contracts, and the names of the queues."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final

from socialboost.kinds import Origin

INTERACTIVE: Final = "interactive"
PAYMENTS: Final = "payments"
TASKS: Final = "tasks"
NOTIFICATIONS: Final = "notifications"
BROADCAST: Final = "broadcast"
MAINTENANCE: Final = "maintenance"

QUEUES: Final = (INTERACTIVE, PAYMENTS, TASKS, NOTIFICATIONS, BROADCAST, MAINTENANCE)
"""One queue for each bottleneck, so a person's tap and a payment never wait behind a slow Main Bot."""


_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job without a ledger row: it renders a screen or answers a question, and expires.

    A contract names its queue as a class argument: `class OpenOrder(Tap, LedgerJob, queue=INTERACTIVE)`. Its
    actor's name is the class name in snake case, `open_order`. A base class names no queue and has no actor.
    """

    actor_name: ClassVar[str]
    queue: ClassVar[str]
    max_age_seconds: ClassVar[int | None] = 120
    """Older messages are dropped: nobody looks at an answer two minutes after the tap."""

    def __init_subclass__(cls, *, queue: str | None = None, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if queue is None:
            return
        if queue not in QUEUES:
            raise ValueError(f"{cls.__name__}: there is no queue {queue!r}")
        cls.queue = queue
        cls.actor_name = _WORD_START.sub("_", cls.__name__).lower()

    def payload(self) -> dict[str, Any]:
        """Return the fields as the JSON object that travels in the message."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def wanted(self) -> tuple[str, int] | None:
        """Return the message in which this screen will be shown, and its number. None if it is no screen."""
        return None


@dataclass(frozen=True, kw_only=True)
class LedgerJob(Job):
    """A job with an effect. `key` names its row in job_ledger, so it runs once and its attempts are counted.

    Key families: tg:<update_id>:<n>, invoice:<order_id>:<telegram_id>, cp:<invoice_id>, task:<task_id>,
    receipt:<order_id>, card:<order_id>:<status>, withdraw:<invoice_id>, post:<post_id>:<status>,
    notice:<subject>, api:<uuid>, tick:<name>:<minute>.
    """

    max_age_seconds: ClassVar[int | None] = None
    max_attempts: ClassVar[int] = 3
    lease_seconds: ClassVar[int] = 60
    """How long one attempt leases the row. After that another worker may claim it."""
    claim_seconds: ClassVar[float | None] = None
    """How long an attempt counts as running without a sign from its process; None is the ledger's default."""
    tells: ClassVar[bool] = False
    """True for an unrequested message. It is always sent through the outbox (engine/outbox.py). After a
    restore from a copy it is not sent without an admin's decision if it may have been sent before."""

    may_finish_later: ClassVar[bool] = False
    """True if its end may be recorded some milliseconds later, together with others (engine/finisher.py). If
    the process dies in between, the job is repeated, so a repeat must send no message and move no money."""

    key: str

    def ledger_args(self) -> dict[str, Any]:
        """Return the value of job_ledger.args: the payload without fields marked transient."""
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.metadata.get("transient", False)}


@dataclass(frozen=True, kw_only=True)
class Decision(LedgerJob):
    """A decision of an admin, from the bot or the API. Its actor returns the same outcome on a repeat."""

    actor_id: int = 0
    """The admin's Telegram id. 0 in a message of an older release, in which the admin is who tapped."""
    origin: Origin = "bot"
    seen: str = ""
    """The state of the subject when the admin saw it; empty in a message of an older release."""


@dataclass(frozen=True, kw_only=True)
class Tap(Job):
    """The fields about what a person did in the chat, which every answer needs."""

    telegram_id: int
    chat_id: int
    update_id: int = 0
    message_id: int | None = None
    """The bot's message to edit. With None a new one is sent."""
    callback_id: str | None = None
    """The spinner to stop (answerCallbackQuery). None if the person typed."""
    seq: int = 0
    """The number of the update in the order of arrival. Of two renders of one message the later wins."""
    language: str = ""
    """Telegram's language_code, used until the person has chosen a language."""
    shown_order: str = ""
    """The order that the tapped message offers to pay or cancel, by its own buttons."""

    def wanted(self) -> tuple[str, int] | None:
        """Return the tapped message, or for a new message its chat and kind of screen."""
        if isinstance(self, LedgerJob):  # it has an effect, whatever is shown after it
            return None
        kind = f"{self.actor_name}:{getattr(self, 'page', '')}"
        return f"{self.chat_id}:{kind if self.message_id is None else self.message_id}", self.seq


@dataclass(frozen=True, kw_only=True)
class AdminTap(Tap):
    """The fields about an admin's act in the chat. The actor names the right (workers/engine/rights.py)."""
