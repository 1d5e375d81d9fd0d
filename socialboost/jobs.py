"""Every job of the product: one frozen contract per actor, and the three ways to hand one over.

Entry points (bot, web) import this module and never the workers; `@actor(contract)` in workers/base.py
takes the actor's name and queue from the same class, so the two sides cannot drift.

Rules for a contract: fields are JSON scalars (or flat JSON values), every field added after a release has
a default, names and queues never change (a rename keeps the old actor for one release).
"""

from __future__ import annotations

from socialboost import sending
from socialboost.contracts.admin import (
    AskPaymentOwner,
    ChangePackage,
    NamePaymentOwner,
    ResolvePayment,
    SettleParkedJob,
    ShowAdminPage,
    ShowAnyPackage,
    ShowEveryPackage,
    ShowExceptions,
    ShowParkedJob,
    ShowParkedJobs,
    ShowPayment,
)
from socialboost.contracts.base import (
    BROADCAST,
    INTERACTIVE,
    MAINTENANCE,
    NOTIFICATIONS,
    PAYMENTS,
    QUEUES,
    TASKS,
    Job,
    LedgerJob,
    Tap,
)
from socialboost.contracts.broadcasts import (
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
from socialboost.contracts.orders import (
    ActivateOrder,
    CancelOrder,
    CreateInvoice,
    OpenOrder,
    PayFromBalance,
    SendDecisionNotice,
    SendPaymentNotice,
    SendReceipt,
    SendRefund,
    ShowPackage,
    ShowPackages,
)
from socialboost.contracts.people import (
    RegisterUser,
    SetLanguage,
    SetReachable,
    ShowHistory,
    ShowMenu,
    ShowPage,
    ShowStats,
)
from socialboost.contracts.tasks import (
    AddPost,
    AskMainBot,
    AskPostLink,
    ClaimTasks,
    DispatchTasks,
    NotifyPost,
    ShowPlatforms,
    UpdateTaskStatus,
)
from socialboost.contracts.upkeep import (
    CheckHealth,
    CheckInvariants,
    NotifyAdmins,
    PurgeLedger,
    ReconcilePayments,
    RegisterBot,
    SendAdminNotice,
    SendDailyReport,
    SweepOrders,
    TickMinute,
)

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
    "ActivateOrder",
    "AddPost",
    "AimBroadcast",
    "AskBroadcast",
    "AskBroadcastDetail",
    "AskMainBot",
    "AskPaymentOwner",
    "AskPostLink",
    "Broadcast",
    "CancelOrder",
    "ChangePackage",
    "CheckHealth",
    "CheckInvariants",
    "ClaimTasks",
    "ComposeBroadcast",
    "CreateInvoice",
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
    "ShowAdminPage",
    "ShowAnyPackage",
    "ShowBroadcast",
    "ShowBroadcastProgress",
    "ShowBroadcasts",
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
    "SweepOrders",
    "Tap",
    "TickMinute",
    "UpdateTaskStatus",
    "ask",
    "gathering",
    "send",
    "send_async",
    "send_gathered",
)
