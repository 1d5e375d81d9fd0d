"""Every job of the product: one frozen contract per actor, and the three ways to hand one over.

Entry points (bot, web) import this module and never the workers; `@actor(contract)` in
workers/engine/actors.py takes the actor's name and queue from the same class, so the two sides cannot drift.

Rules for a contract: fields are JSON scalars (or flat JSON values), every field added after a release has
a default, names and queues never change (a rename keeps the old actor for one release).
"""

from __future__ import annotations

from typing import Final

from socialboost.jobs import sending
from socialboost.jobs.admin import (
    AskDecision,
    AskPaymentOwner,
    AskSettlement,
    AskWithheld,
    ChangePackage,
    NamePaymentOwner,
    ResolvePayment,
    SettleParkedJob,
    SettleWithheld,
    ShowAdminPage,
    ShowAnyPackage,
    ShowDecision,
    ShowEveryPackage,
    ShowExceptions,
    ShowParkedJob,
    ShowParkedJobs,
    ShowPayment,
    ShowWithheld,
    ShowWithheldMessage,
)
from socialboost.jobs.base import (
    BROADCAST,
    INTERACTIVE,
    MAINTENANCE,
    NOTIFICATIONS,
    PAYMENTS,
    QUEUES,
    TASKS,
    Decision,
    Job,
    LedgerJob,
    Tap,
)
from socialboost.jobs.broadcasts import (
    AimBroadcast,
    AskBroadcast,
    AskBroadcastDetail,
    Broadcast,
    ComposeBroadcast,
    DetailBroadcast,
    MoveBroadcast,
    ReportBroadcast,
    ShowBroadcast,
    ShowBroadcastProgress,
    ShowBroadcasts,
)
from socialboost.jobs.orders import (
    ActivateOrder,
    CancelOrder,
    CloseOrderCards,
    CreateInvoice,
    OpenOrder,
    PayFromBalance,
    SendDecisionNotice,
    SendPaymentNotice,
    SendReceipt,
    SendRefund,
    ShowPackage,
    ShowPackages,
    WithdrawInvoice,
)
from socialboost.jobs.people import (
    RegisterUser,
    SetLanguage,
    SetReachable,
    ShowHistory,
    ShowMenu,
    ShowPage,
    ShowStats,
)
from socialboost.jobs.tasks import (
    AddPost,
    AskMainBot,
    AskPostLink,
    ClaimTasks,
    ConfirmTasks,
    DispatchTasks,
    NotifyPost,
    ShowPlatforms,
    UpdateTaskStatus,
)
from socialboost.jobs.upkeep import (
    CheckHealth,
    CheckInvariants,
    NotifyAdmins,
    PurgeLedger,
    ReconcilePayments,
    RegisterBot,
    RegisterCommands,
    SendAdminNotice,
    SendDailyReport,
    SweepOrders,
    TickMinute,
)

TELLING: Final = tuple(
    contract.actor_name
    for contract in list(globals().values())
    if isinstance(contract, type) and issubclass(contract, LedgerJob) and contract.tells
)
"""Actors of the messages nobody tapped for (`LedgerJob.tells`)."""

send = sending.send
send_async = sending.send_async
ask = sending.ask
gathering = sending.gathering
send_gathered = sending.send_gathered

__all__ = (
    "BROADCAST",
    "INTERACTIVE",
    "MAINTENANCE",
    "NOTIFICATIONS",
    "PAYMENTS",
    "QUEUES",
    "TASKS",
    "TELLING",
    "ActivateOrder",
    "AddPost",
    "AimBroadcast",
    "AskBroadcast",
    "AskBroadcastDetail",
    "AskDecision",
    "AskMainBot",
    "AskPaymentOwner",
    "AskPostLink",
    "AskSettlement",
    "AskWithheld",
    "Broadcast",
    "CancelOrder",
    "ChangePackage",
    "CheckHealth",
    "CheckInvariants",
    "ClaimTasks",
    "CloseOrderCards",
    "ComposeBroadcast",
    "ConfirmTasks",
    "CreateInvoice",
    "Decision",
    "DetailBroadcast",
    "DispatchTasks",
    "Job",
    "LedgerJob",
    "MoveBroadcast",
    "NamePaymentOwner",
    "NotifyAdmins",
    "NotifyPost",
    "OpenOrder",
    "PayFromBalance",
    "PurgeLedger",
    "ReconcilePayments",
    "RegisterBot",
    "RegisterCommands",
    "RegisterUser",
    "ReportBroadcast",
    "ResolvePayment",
    "SendAdminNotice",
    "SendDailyReport",
    "SendDecisionNotice",
    "SendPaymentNotice",
    "SendReceipt",
    "SendRefund",
    "SetLanguage",
    "SetReachable",
    "SettleParkedJob",
    "SettleWithheld",
    "ShowAdminPage",
    "ShowAnyPackage",
    "ShowBroadcast",
    "ShowBroadcastProgress",
    "ShowBroadcasts",
    "ShowDecision",
    "ShowEveryPackage",
    "ShowExceptions",
    "ShowHistory",
    "ShowMenu",
    "ShowPackage",
    "ShowPackages",
    "ShowPage",
    "ShowParkedJob",
    "ShowParkedJobs",
    "ShowPayment",
    "ShowPlatforms",
    "ShowStats",
    "ShowWithheld",
    "ShowWithheldMessage",
    "SweepOrders",
    "Tap",
    "TickMinute",
    "UpdateTaskStatus",
    "WithdrawInvoice",
    "ask",
    "gathering",
    "send",
    "send_async",
    "send_gathered",
)
