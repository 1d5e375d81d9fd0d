"""Every job of the product: one frozen contract per actor, and the three ways to hand one over.

Entry points (bot, web) import this module and never the workers; `@actor(contract)` in workers/base.py
takes the actor's name and queue from the same class, so the two sides cannot drift.

Rules for a contract: fields are JSON scalars (or flat JSON values), every field added after a release has
a default, names and queues never change (a rename keeps the old actor for one release).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final

from socialboost import sending

INTERACTIVE: Final = "interactive"
PAYMENTS: Final = "payments"
TASKS: Final = "tasks"
NOTIFICATIONS: Final = "notifications"
BROADCAST: Final = "broadcast"
MAINTENANCE: Final = "maintenance"

send = sending.send
send_async = sending.send_async
ask = sending.ask

QUEUES: Final = (INTERACTIVE, PAYMENTS, TASKS, NOTIFICATIONS, BROADCAST, MAINTENANCE)
"""One queue per bottleneck: a person's tap and a payment never wait behind a slow Main Bot."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job without a ledger row: it renders a screen or answers a question, and ages out."""

    actor_name: ClassVar[str]
    queue: ClassVar[str]
    max_age_seconds: ClassVar[int | None] = 120
    """Older messages are dropped unworked: nobody looks at a two-minute-old answer to a tap."""

    def payload(self) -> dict[str, Any]:
        """Return the fields as the JSON object that travels in the message."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, kw_only=True)
class LedgerJob(Job):
    """A job with an effect: `key` names its row in job_ledger, so it is worked on once and counted.

    Key families: tg:<update_id>:<n>, invoice:<order_id>:<telegram_id>, cp:<invoice_id>, task:<task_id>,
    receipt:<order_id>, post:<post_id>:<status>, notice:<subject>, api:<uuid>, tick:<name>:<minute>.
    """

    max_age_seconds: ClassVar[int | None] = None
    max_attempts: ClassVar[int] = 3
    lease_seconds: ClassVar[int] = 60
    """How long one attempt may hold the row; after that another worker may take it."""

    key: str

    def ledger_args(self) -> dict[str, Any]:
        """Return what is kept in job_ledger.args: the payload less fields marked transient."""
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.metadata.get("transient", False)}


@dataclass(frozen=True, kw_only=True)
class Tap(Job):
    """What a person did in the chat, as every answer to it needs to know."""

    telegram_id: int
    chat_id: int
    update_id: int = 0
    message_id: int | None = None
    """The bot's message to edit; None sends a new one."""
    callback_id: str | None = None
    """The spinner to stop (answerCallbackQuery); None when the person typed."""
    seq: int = 0
    """Order in which the entry points saw the updates: of two renders of one message the later wins."""
    language: str = ""
    """Telegram's language_code, used until the person has chosen a language."""


# --- interactive: screens -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ShowMenu(Tap):
    """Show the main menu."""

    actor_name: ClassVar[str] = "show_menu"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowPackages(Tap):
    """Show the packages on sale."""

    actor_name: ClassVar[str] = "show_packages"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowPackage(Tap):
    """Show one package's details."""

    actor_name: ClassVar[str] = "show_package"
    queue: ClassVar[str] = INTERACTIVE
    slug: str


@dataclass(frozen=True, kw_only=True)
class ShowPlatforms(Tap):
    """Ask which network the post is on, or say that a package is needed first."""

    actor_name: ClassVar[str] = "show_platforms"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class AskPostLink(Tap):
    """Ask for the link of a post on `platform`."""

    actor_name: ClassVar[str] = "ask_post_link"
    queue: ClassVar[str] = INTERACTIVE
    platform: str


@dataclass(frozen=True, kw_only=True)
class ShowStats(Tap):
    """Show the person's package, quota and totals."""

    actor_name: ClassVar[str] = "show_stats"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowHistory(Tap):
    """Show a page of the person's orders and posts, newest first."""

    actor_name: ClassVar[str] = "show_history"
    queue: ClassVar[str] = INTERACTIVE
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowPage(Tap):
    """Show a fixed text: support, faq, privacy, paysupport, help, languages, or unknown (stale tap)."""

    actor_name: ClassVar[str] = "show_page"
    queue: ClassVar[str] = INTERACTIVE
    page: str


# --- interactive: effects -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RegisterUser(Tap, LedgerJob):
    """/start: create or refresh the user, then show the welcome and the menu."""

    actor_name: ClassVar[str] = "register_user"
    queue: ClassVar[str] = INTERACTIVE
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    start_payload: str | None = None
    """What followed /start: a referral code or a campaign name, at most 64 of A-Za-z0-9_-."""


@dataclass(frozen=True, kw_only=True)
class SetLanguage(Tap, LedgerJob):
    """Remember the language the person chose, then show the menu in it."""

    actor_name: ClassVar[str] = "set_language"
    queue: ClassVar[str] = INTERACTIVE
    chosen: str


@dataclass(frozen=True, kw_only=True)
class SetReachable(LedgerJob):
    """The person blocked or unblocked the bot (my_chat_member)."""

    actor_name: ClassVar[str] = "set_reachable"
    queue: ClassVar[str] = NOTIFICATIONS
    telegram_id: int
    reachable: bool


@dataclass(frozen=True, kw_only=True)
class OpenOrder(Tap, LedgerJob):
    """Open (or find again) the person's pending order of a package and show its card."""

    actor_name: ClassVar[str] = "open_order"
    queue: ClassVar[str] = INTERACTIVE
    slug: str


@dataclass(frozen=True, kw_only=True)
class CancelOrder(Tap, LedgerJob):
    """Cancel the person's pending order."""

    actor_name: ClassVar[str] = "cancel_order"
    queue: ClassVar[str] = INTERACTIVE
    order_id: str


@dataclass(frozen=True, kw_only=True)
class AddPost(Tap, LedgerJob):
    """Check a post's link, take one of today's quota, create its task."""

    actor_name: ClassVar[str] = "add_post"
    queue: ClassVar[str] = INTERACTIVE
    platform: str
    text: str
    """What the person sent, cut by the bot to 4096 characters; validated by the worker."""
    dialogue: str = ""
    """The dialogue this answers: the worker ends that one only (socialboost/dialogues.py)."""


# --- payments -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateInvoice(Tap, LedgerJob):
    """Get one invoice for the order and show its pay link; key invoice:<order_id>:<telegram_id>."""

    actor_name: ClassVar[str] = "create_invoice"
    queue: ClassVar[str] = PAYMENTS
    order_id: str


@dataclass(frozen=True, kw_only=True)
class ActivateOrder(LedgerJob):
    """Money arrived for an invoice: record it once and activate, or list an exception; key cp:<invoice_id>.

    Decimal values travel as strings, exactly as Crypto Pay wrote them.
    """

    actor_name: ClassVar[str] = "activate_order"
    queue: ClassVar[str] = PAYMENTS
    invoice_id: str
    asset: str
    """paid_asset, else asset."""
    amount: str
    """paid_amount, else amount."""
    order_id: str
    """The invoice's payload: our order's id, or whatever a foreign invoice carried."""
    paid_at: str | None = None
    source: str = "webhook"
    raw_event: str = field(default="", metadata={"transient": True})
    """The signed body as received; stored encrypted by the worker, never in the ledger."""


@dataclass(frozen=True, kw_only=True)
class SendReceipt(LedgerJob):
    """Tell the buyer that the package is active; a money message: at most one repeat."""

    actor_name: ClassVar[str] = "send_receipt"
    queue: ClassVar[str] = PAYMENTS
    max_attempts: ClassVar[int] = 2
    order_id: str


@dataclass(frozen=True, kw_only=True)
class SendPaymentNotice(LedgerJob):
    """Tell the buyer about money that waits for a decision, or about an order that ended."""

    actor_name: ClassVar[str] = "send_payment_notice"
    queue: ClassVar[str] = PAYMENTS
    max_attempts: ClassVar[int] = 2
    order_id: str
    kind: str
    """wrong_amount, wrong_asset, too_late, second_payment, invoice_failed or order_expired."""


# --- tasks and the API --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DispatchTasks(LedgerJob):
    """Push one task to Main Bot; key task:<task_id>: each task is counted alone."""

    actor_name: ClassVar[str] = "dispatch_tasks"
    queue: ClassVar[str] = TASKS
    task_id: str


@dataclass(frozen=True, kw_only=True)
class ClaimTasks(Job):
    """GET /api/tasks/pending: lease up to `limit` tasks to `owner`. Answer: the list of tasks."""

    actor_name: ClassVar[str] = "claim_tasks"
    queue: ClassVar[str] = INTERACTIVE
    limit: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class UpdateTaskStatus(LedgerJob):
    """PUT /api/tasks/<id>/status; key api:<uuid>. Answer: {"http": 200|404|409, "body": {...}}."""

    actor_name: ClassVar[str] = "update_task_status"
    queue: ClassVar[str] = INTERACTIVE
    task_id: str
    status: str
    external_task_id: str | None = None
    response_data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NotifyPost(LedgerJob):
    """Tell the owner how a post ended; key post:<post_id>:<status>."""

    actor_name: ClassVar[str] = "notify_post"
    queue: ClassVar[str] = NOTIFICATIONS
    post_id: str


@dataclass(frozen=True, kw_only=True)
class NotifyAdmins(LedgerJob):
    """Owe a notice to every admin and the channel: one ledger row, so one repeat, for each."""

    actor_name: ClassVar[str] = "notify_admins"
    queue: ClassVar[str] = NOTIFICATIONS
    kind: str
    """order_paid, payment_exception, job_parked, breaker_open."""
    data: dict[str, Any] = field(default_factory=dict)
    """Scalars the notice shows; never a secret."""


@dataclass(frozen=True, kw_only=True)
class SendAdminNotice(LedgerJob):
    """One notice to one admin chat or channel; key notice:<subject>:<chat_id>."""

    actor_name: ClassVar[str] = "send_admin_notice"
    queue: ClassVar[str] = NOTIFICATIONS
    chat_id: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckHealth(Job):
    """GET /health. Answer: {"database": bool}."""

    actor_name: ClassVar[str] = "check_health"
    queue: ClassVar[str] = INTERACTIVE
    max_age_seconds: ClassVar[int | None] = 5


# --- maintenance --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TickMinute(Job):
    """periodiq's minute: only enqueues what is due (queue.md 1.5)."""

    actor_name: ClassVar[str] = "tick_minute"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class SweepOrders(LedgerJob):
    """Cancel pending orders past their deadline, complete those whose days are over."""

    actor_name: ClassVar[str] = "sweep_orders"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class PurgeLedger(LedgerJob):
    """Delete settled ledger rows older than a week, once a day."""

    actor_name: ClassVar[str] = "purge_ledger"
    queue: ClassVar[str] = MAINTENANCE


@dataclass(frozen=True, kw_only=True)
class RegisterBot(LedgerJob):
    """setWebhook or deleteWebhook as the settings say, and setMyCommands; key tick:register_bot:<uuid>."""

    actor_name: ClassVar[str] = "register_bot"
    queue: ClassVar[str] = MAINTENANCE
