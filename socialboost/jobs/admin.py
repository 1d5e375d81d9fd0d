"""What admins do in the bot. Every actor checks again that the person is one of ADMIN_TELEGRAM_IDS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, Decision, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class ShowAdminPage(Tap):
    """Show a fixed place of the panel: panel, stats, settings, notices or debug."""

    actor_name: ClassVar[str] = "show_admin_page"
    queue: ClassVar[str] = INTERACTIVE
    page: str = "panel"


@dataclass(frozen=True, kw_only=True)
class ShowExceptions(Tap):
    """Show a page of payments that wait for a decision, oldest first."""

    actor_name: ClassVar[str] = "show_exceptions"
    queue: ClassVar[str] = INTERACTIVE
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowPayment(Tap):
    """Show one payment with what can be decided about it."""

    actor_name: ClassVar[str] = "show_payment"
    queue: ClassVar[str] = INTERACTIVE
    payment_id: str


@dataclass(frozen=True, kw_only=True)
class AskPaymentOwner(Tap):
    """Ask for the Telegram id of the person whose money a payment without an order is."""

    actor_name: ClassVar[str] = "ask_payment_owner"
    queue: ClassVar[str] = INTERACTIVE
    payment_id: str


@dataclass(frozen=True, kw_only=True)
class NamePaymentOwner(Tap, Decision):
    """The answer to that question. Answers {outcome: done | changed_meanwhile | refused | not_allowed}."""

    actor_name: ClassVar[str] = "name_payment_owner"
    queue: ClassVar[str] = INTERACTIVE
    payment_id: str
    text: str
    """What the admin sent; a Telegram id, or told so."""
    dialogue: str = ""


@dataclass(frozen=True, kw_only=True)
class AskDecision(Tap):
    """Ask whether the admin is sure: what would happen to whose money, and the button that says yes."""

    actor_name: ClassVar[str] = "ask_decision"
    queue: ClassVar[str] = INTERACTIVE
    payment_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ResolvePayment(Tap, Decision):
    """Decide about a payment: activate, credit, refund or dismiss.

    Answers {outcome: done | changed_meanwhile | refused | not_allowed | asked, …}: docs/adr/0006.
    """

    actor_name: ClassVar[str] = "resolve_payment"
    queue: ClassVar[str] = INTERACTIVE
    payment_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ShowParkedJobs(Tap):
    """Show a page of parked jobs and dead letters, newest first."""

    actor_name: ClassVar[str] = "show_parked_jobs"
    queue: ClassVar[str] = INTERACTIVE
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowParkedJob(Tap):
    """Show one parked job (`ref`: digest of its key) or dead letter (`ref`: letter_<id>)."""

    actor_name: ClassVar[str] = "show_parked_job"
    queue: ClassVar[str] = INTERACTIVE
    ref: str


@dataclass(frozen=True, kw_only=True)
class AskSettlement(Tap):
    """Ask whether the admin is sure that a parked job or a dead letter is to be discarded."""

    actor_name: ClassVar[str] = "ask_settlement"
    queue: ClassVar[str] = INTERACTIVE
    ref: str


@dataclass(frozen=True, kw_only=True)
class SettleParkedJob(Tap, Decision):
    """Replay or discard a parked job or a dead letter. Answers {outcome: …}, one of screens/parked.py's."""

    actor_name: ClassVar[str] = "settle_parked_job"
    queue: ClassVar[str] = INTERACTIVE
    ref: str
    action: str
    """replay or discard."""


@dataclass(frozen=True, kw_only=True)
class ShowWithheld(Tap):
    """Show a page of the messages that may have been told before a restore, oldest first."""

    actor_name: ClassVar[str] = "show_withheld"
    queue: ClassVar[str] = INTERACTIVE
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowWithheldMessage(Tap):
    """Show one of them (`ref`: digest of its key) with what can be decided about it."""

    actor_name: ClassVar[str] = "show_withheld_message"
    queue: ClassVar[str] = INTERACTIVE
    ref: str


@dataclass(frozen=True, kw_only=True)
class AskWithheld(Tap):
    """Ask whether the admin is sure that one of them, or all (`ref`: all), are to be sent or discarded."""

    actor_name: ClassVar[str] = "ask_withheld"
    queue: ClassVar[str] = INTERACTIVE
    ref: str
    action: str
    """send or discard."""


@dataclass(frozen=True, kw_only=True)
class SettleWithheld(Tap, Decision):
    """Send or discard one of them, or all.

    Answers {outcome: sent | discarded | gone | changed_meanwhile | not_allowed | asked, count}.
    """

    actor_name: ClassVar[str] = "settle_withheld"
    queue: ClassVar[str] = INTERACTIVE
    ref: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ShowDecision(Tap, LedgerJob):
    """Show what a decision came to where it was taken; key <the decision's key>:shown."""

    actor_name: ClassVar[str] = "show_decision"
    queue: ClassVar[str] = INTERACTIVE
    subject: str
    """payment, job, withheld or broadcast."""
    target: str
    """Its id or ref."""
    outcome: str = ""
    """Why nothing was done about a payment, or what became of a job, as the screens name it."""


@dataclass(frozen=True, kw_only=True)
class ShowEveryPackage(Tap):
    """Show all packages, on sale or not."""

    actor_name: ClassVar[str] = "show_every_package"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowAnyPackage(Tap):
    """Show one of them with what can be changed; with `field`, ask for its new value."""

    actor_name: ClassVar[str] = "show_any_package"
    queue: ClassVar[str] = INTERACTIVE
    package_id: str
    field: str = ""
    """name, price or posts; empty shows the card."""


@dataclass(frozen=True, kw_only=True)
class ChangePackage(Tap, Decision):
    """Change a package for the orders to come. Answers {outcome: …} as NamePaymentOwner does."""

    actor_name: ClassVar[str] = "change_package"
    queue: ClassVar[str] = INTERACTIVE
    package_id: str
    field: str
    """name, price, posts or sale."""
    text: str
    """What the admin sent; for `sale`: on or off."""
    dialogue: str = ""
