"""Registers the bot at Telegram: where updates go, and its commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from socialboost import jobs, logs
from socialboost.chat.languages import SHOP
from socialboost.errors import RejectedError
from socialboost.screens.buyer import menu
from workers.engine import resources
from workers.engine.actors import Attempt, actor

ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")
CODE_LETTERS: Final = 2
"""Telegram takes commands for codes of two letters only."""

log = logs.get(__name__)


@actor(jobs.RegisterBot)
def register_bot(job: jobs.RegisterBot, attempt: Attempt) -> None:  # noqa: ARG001 (sets, never adds)
    """Register the address of updates and the commands."""
    settings, telegram = resources.settings(), resources.telegram()
    if settings.telegram_webhook_url and settings.telegram_webhook_secret:
        telegram.set_webhook(
            f"{settings.telegram_webhook_url.rstrip('/')}/webhook/telegram",
            settings.telegram_webhook_secret.get_secret_value(),
            ALLOWED_UPDATES,
        )
    else:
        telegram.delete_webhook()
    _set_commands(menu.bot_commands)
    for telegram_id in settings.admin_telegram_ids:
        _register_commands(telegram_id)


@actor(jobs.RegisterCommands)
def register_commands(job: jobs.RegisterCommands, attempt: Attempt) -> None:  # noqa: ARG001 (sets, never adds)
    """Set the commands of an admin's own chat. Telegram knows that chat only after their /start."""
    if job.telegram_id in resources.settings().admin_telegram_ids:
        _register_commands(job.telegram_id)


def _register_commands(telegram_id: int) -> None:
    """Set the commands of one admin's chat. A refusal is about that chat only: the others get theirs."""
    try:
        _set_commands(menu.admin_commands, chat_id=telegram_id)
    except RejectedError as error:
        log.warning("admin_commands_refused", telegram_id=telegram_id, code=error.code)


def _set_commands(commands: Callable[[str], Sequence[tuple[str, str]]], chat_id: int | None = None) -> None:
    """Set the menu of commands for all codes, then one for each code that a language serves."""
    telegram = resources.telegram()
    telegram.set_my_commands(commands(SHOP.for_others.code), chat_id=chat_id)
    for language in SHOP:
        for code in language.codes:
            if len(code) == CODE_LETTERS:
                telegram.set_my_commands(commands(language.code), language=code, chat_id=chat_id)
