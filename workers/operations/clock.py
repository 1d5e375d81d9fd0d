"""What runs by the clock, at the start, or because somebody asks how the workers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from periodiq import cron

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.errors import RejectedError
from socialboost.screens import texts
from socialboost.screens.buyer import menu
from workers.engine import outbox, resources
from workers.engine.actors import Attempt, actor
from workers.notices import reports
from workers.operations import watch
from workers.orders import closing

BATCH: Final = 100
PURGE_MINUTE: Final = 30
"""Of every hour; a purge missed is made up for in the next."""
INVARIANTS_MINUTES: Final = 5
KEPT_DAYS: Final = 60
"""For which a receipt is never edited away: a package's 30 days twice."""
ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")

log = logs.get(__name__)


@actor(jobs.CheckHealth, max_retries=0)
def check_health(job: jobs.CheckHealth) -> dict[str, bool]:  # noqa: ARG001 (a question without arguments)
    """Say whether this worker's database takes a write; that somebody answers at all says the rest."""
    try:
        resources.db().run("beat", name="health")
    except psycopg.Error as exc:
        log.warning("database_unhealthy", error=type(exc).__name__)
        return {"database": False}
    return {"database": True}


@actor(jobs.TickMinute, periodic=cron("* * * * *"), max_retries=0)
def tick_minute(job: jobs.TickMinute) -> None:  # noqa: ARG001
    """Enqueue what is due. A minute ticked twice has the same keys, so its work is done once."""
    now = datetime.now(UTC)
    minute = f"{now:%Y-%m-%dT%H:%M}"
    jobs.send(jobs.SweepOrders(key=f"tick:sweep_orders:{minute}"))
    jobs.send(jobs.ReconcilePayments(key=f"tick:reconcile_payments:{minute}"))
    if now.minute % INVARIANTS_MINUTES == 0:
        jobs.send(jobs.CheckInvariants(key=f"tick:check_invariants:{minute}"))
    if now.minute == PURGE_MINUTE:
        jobs.send(jobs.PurgeLedger(key=f"tick:purge_ledger:{now:%Y-%m-%dT%H}"))
    local = now.astimezone(resources.settings().timezone)
    if (
        local.hour >= reports.REPORT_HOUR and local.minute == 0
    ):  # each hour again: a tick missed is made up for
        day = f"{local - timedelta(days=1):%Y-%m-%d}"
        jobs.send(jobs.SendDailyReport(key=f"tick:send_daily_report:{day}", day=day))


@actor(jobs.SweepOrders)
def sweep_orders(job: jobs.SweepOrders, attempt: Attempt) -> None:  # noqa: ARG001 (guarded transitions)
    """Cancel what was not paid in time, telling the buyers, and complete what has run its days."""
    while _expire_batch() == BATCH:
        pass
    while resources.db().value("complete_orders", limit=BATCH) == BATCH:
        pass


def _expire_batch() -> int:
    with resources.db().transaction() as tx:
        expired = tx.many("expire_orders", limit=BATCH)
        linkless, told = _linkless(tx, expired), _told_before(tx, expired)
        for order in expired:
            kind = "no_invoice" if order["order_id"] in linkless else "order_expired"
            key = f"notice:{kind}:{order['order_id']}"
            notice = jobs.SendPaymentNotice(key=key, order_id=order["order_id"], kind=kind)
            outbox.add(tx, notice, told_before=order["order_id"] in told)
        if expired:
            closing.follow(tx, [order["order_id"] for order in expired])
    return len(expired)


def _linkless(tx: Transaction, expired: Sequence[Mapping[str, Any]]) -> set[str]:
    """Of these orders, return those whose buyer asked for a link that could not be made in time."""
    keys = [f"invoice:{order['order_id']}:{order['telegram_id']}" for order in expired]
    order_ids = [order["order_id"] for order in expired]
    return {row["order_id"] for row in tx.many("get_linkless_orders", order_ids=order_ids, keys=keys)}


def _told_before(tx: Transaction, expired: Sequence[Mapping[str, Any]]) -> set[str]:
    """Of these orders, return those whose hour was over before the database was restored from a copy."""
    order_ids = [order["order_id"] for order in expired]
    return {row["order_id"] for row in tx.many("get_orders_told_before", order_ids=order_ids)}


@actor(jobs.PurgeLedger)
def purge_ledger(job: jobs.PurgeLedger, attempt: Attempt) -> None:  # noqa: ARG001
    """Delete what is old (settled ledger rows after a week), in batches that lock briefly; fold figures."""
    while resources.db().run("purge_ledger", limit=BATCH * 10) == BATCH * 10:
        pass
    while resources.db().run("purge_kept_messages", days=KEPT_DAYS, limit=BATCH * 10) == BATCH * 10:
        pass
    while resources.db().run("purge_notices", limit=BATCH * 10) == BATCH * 10:
        pass
    resources.db().value("fold_figures")


@actor(jobs.ReconcilePayments)
def reconcile_payments(job: jobs.ReconcilePayments, attempt: Attempt) -> None:  # noqa: ARG001 (UNIQUE facts)
    """Do the watch's round if none of its loops lives any more."""
    watch.stand_in()


@actor(jobs.RegisterBot)
def register_bot(job: jobs.RegisterBot, attempt: Attempt) -> None:  # noqa: ARG001 (sets, never adds)
    """Tell Telegram where updates go and which commands there are."""
    settings, telegram = resources.settings(), resources.telegram()
    if settings.telegram_webhook_url and settings.telegram_webhook_secret:
        telegram.set_webhook(
            f"{settings.telegram_webhook_url.rstrip('/')}/webhook/telegram",
            settings.telegram_webhook_secret.get_secret_value(),
            ALLOWED_UPDATES,
        )
    else:
        telegram.delete_webhook()
    telegram.set_my_commands(menu.bot_commands("uk"))
    for language in texts.LANGUAGES:
        telegram.set_my_commands(menu.bot_commands(language), language=language)
    for telegram_id in settings.admin_telegram_ids:
        _register_commands(telegram_id)


@actor(jobs.RegisterCommands)
def register_commands(job: jobs.RegisterCommands, attempt: Attempt) -> None:  # noqa: ARG001 (sets, never adds)
    """Give an admin's own chat its commands: before their /start Telegram knew no such chat."""
    if job.telegram_id in resources.settings().admin_telegram_ids:
        _register_commands(job.telegram_id)


def _register_commands(telegram_id: int) -> None:
    """Set the commands of one admin's chat. A refusal is about that chat alone: the others get theirs."""
    telegram = resources.telegram()
    try:
        telegram.set_my_commands(menu.admin_commands("uk"), chat_id=telegram_id)
        for language in texts.LANGUAGES:
            telegram.set_my_commands(menu.admin_commands(language), language=language, chat_id=telegram_id)
    except RejectedError as error:
        log.warning("admin_commands_refused", telegram_id=telegram_id, code=error.code)
