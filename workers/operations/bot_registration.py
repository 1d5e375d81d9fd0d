"""What Telegram is told about the bot: where updates go, and its commands."""

from __future__ import annotations

from typing import Final

from socialboost import jobs, logs
from socialboost.errors import RejectedError
from socialboost.screens import texts
from socialboost.screens.buyer import menu
from workers.engine import resources
from workers.engine.actors import Attempt, actor

ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")

log = logs.get(__name__)


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
