"""The closed sets of values that several packages share: each is a type, with a tuple of its values.

mypy refuses a misspelt value. A message in flight or a row may have a value of another release, so a value
from outside is compared with the tuple first.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Origin = Literal["bot", "dashboard", "api"]
"""The place where an admin decides."""

AdminRight = Literal[
    "look",
    "statistics",
    "notices",
    "payments",
    "parked_jobs",
    "withheld",
    "packages",
    "broadcasts",
    "settings",
]
"""The rights of admins. workers/people/rights.py has the rights of each role."""
ADMIN_RIGHTS: Final[tuple[AdminRight, ...]] = get_args(AdminRight)

NoticeKind = Literal[
    "order_paid",
    "payment_exception",
    "refund_sent",
    "refund_refused",
    "refund_waits",
    "job_parked",
    "breaker_open",
    "crypto_pay_away",
    "refuses_us",
    "database_away",
    "redis_away",
    "database_back",
    "redis_back",
    "second_poller",
    "guarantee_stopped",
    "broadcast_refused",
    "credited_not_paid",
    "webhook_silent",
    "dead_letters",
    "invariant_broken",
    "daily_report",
    "restored",
]
"""The kinds of notices to admins."""
NOTICE_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)

PaymentNoticeKind = Literal[
    "wrong_amount",
    "wrong_asset",
    "too_late",
    "second_payment",
    "invoice_failed",
    "order_expired",
    "no_invoice",
]
"""Kinds of messages to a buyer about a payment that needs a decision, or an order that ended unpaid."""
PAYMENT_NOTICE_KINDS: Final[tuple[PaymentNoticeKind, ...]] = get_args(PaymentNoticeKind)

DecisionNoticeKind = Literal[
    "credited",
    "refunded",
    "dismissed",
]
"""The kinds of messages to a payment's owner about an admin's decision."""
DECISION_NOTICE_KINDS: Final[tuple[DecisionNoticeKind, ...]] = get_args(DecisionNoticeKind)

LinkCode = Literal[
    "empty",
    "too_long",
    "not_a_link",
    "several_links",
    "bad_characters",
    "bad_scheme",
    "userinfo",
    "port",
    "ip_host",
    "look_alike",
    "wrong_host",
    "other_platform",
    "story",
    "private",
    "invite",
    "short_link",
    "not_a_post",
]
"""The reasons why a link is refused."""
LINK_CODES: Final[tuple[LinkCode, ...]] = get_args(LinkCode)

ReportedStatus = Literal[
    "processing",
    "completed",
    "failed",
    "cancelled",
]
"""The states of a task that Main Bot may report."""
REPORTED_STATUSES: Final[tuple[ReportedStatus, ...]] = get_args(ReportedStatus)

OrderStatus = Literal[
    "pending",
    "paid",
    "processing",
    "completed",
    "failed",
    "cancelled",
    "refunded",
]
"""The states of an order (orders.status)."""
ORDER_STATUSES: Final[tuple[OrderStatus, ...]] = get_args(OrderStatus)

PostStatus = Literal[
    "pending",
    "processing",
    "completed",
    "failed",
    "cancelled",
]
"""The states of a post (posts.status)."""
POST_STATUSES: Final[tuple[PostStatus, ...]] = get_args(PostStatus)

BroadcastStatus = Literal[
    "draft",
    "scheduled",
    "running",
    "paused",
    "completed",
    "cancelled",
    "failed",
]
"""The states of a broadcast (broadcasts.status)."""
BROADCAST_STATUSES: Final[tuple[BroadcastStatus, ...]] = get_args(BroadcastStatus)

SettlementOutcome = Literal[
    "replayed",
    "discarded",
    "gone",
    "changed_meanwhile",
    "refund_sent",
    "refund_unknown",
    "money",
    "unreadable",
    "unknown_actor",
]
"""The outcomes of a decision about a parked job or a dead letter."""
SETTLEMENT_OUTCOMES: Final[tuple[SettlementOutcome, ...]] = get_args(SettlementOutcome)

WithheldOutcome = Literal["sent", "discarded", "gone", "changed_meanwhile"]
"""The outcomes of a decision about withheld messages."""
WITHHELD_OUTCOMES: Final[tuple[WithheldOutcome, ...]] = get_args(WithheldOutcome)

DecisionOutcome = (
    Literal["done", "refused", "changed_meanwhile", "gone", "asked", "not_allowed"]
    | SettlementOutcome
    | WithheldOutcome
)
"""The outcomes of any admin's decision."""
