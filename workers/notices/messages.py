"""Notices to the admins, each sent to every admin chat and the channel.

A message is sent at least once and repeated at most once (contracts with max_attempts = 2): only when it is
unknown whether Telegram took it (workers/telegram/repeats.py). An admin who cannot be reached is a known
outcome: the job is done. Notices are paced behind answers and money (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from socialboost import jobs, logs
from socialboost.db.rows.notices import ClaimAdminNotice
from socialboost.errors import DiscardError, MigratedError, RejectedError
from socialboost.screens import notices, texts
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import Attempt, actor
from workers.engine.ledger import Claiming
from workers.notices import batching, owed
from workers.telegram import answers, repeats

log = logs.get(__name__)


@actor(jobs.NotifyAdmins)
def notify_admins(job: jobs.NotifyAdmins, attempt: Attempt) -> None:  # noqa: ARG001
    """Add the notice's messages to every admin and to the channel, each with its own ledger row."""
    with resources.db().transaction() as tx:
        owed.add(tx, job)


@actor(jobs.SendAdminNotice, claims_with=Claiming("claim_admin_notice", batching.wanted))
def send_admin_notice(job: jobs.SendAdminNotice, attempt: Attempt) -> None:
    """Send a notice to one admin, in their language, or to the channel, in the shop's.

    Notices that wait for the same chat are sent in the same message, because a chat may get only a few
    messages a minute. A refusal ends this job, but the notice is kept (workers/notices/owed.py).
    """
    read = cast("ClaimAdminNotice", attempt.found)
    private = job.chat_id > 0
    language = texts.language(read["language"] if private else None)
    zone = resources.settings().timezone
    destination = read["moved_to"] or job.chat_id
    resources.rate_limiter().notice(destination)

    def fitting(waiting: Sequence[jobs.SendAdminNotice]) -> int:
        return notices.fitting(_events(waiting), language, zone)

    with batching.joined(job, attempt, read["waiting"], fitting) as together:
        screen = notices.admin_notices(_events(together.notices), language, zone, private=private)
        with repeats.allowed(together.number, destination):
            _tell(job.chat_id, destination, screen)
    owed.told(together.notices, job.chat_id, others=read["has_untold"])


def _tell(chat_id: int, destination: int, screen: Screen) -> None:
    """Send the screen. If the chat has moved, send it once more to the new id.

    Raises DiscardError if Telegram refuses it.
    """
    try:
        try:
            refusal = answers.unreachable(destination, screen)
        except MigratedError as moved:
            owed.follow(chat_id, moved.chat_id)
            resources.rate_limiter().notice(moved.chat_id)
            refusal = answers.unreachable(moved.chat_id, screen)
    except RejectedError as error:
        refusal = error.code
    if refusal:
        log.error("admin_notice_refused", chat_id=chat_id, code=refusal)
        raise DiscardError(f"refused by Telegram: {refusal}")


def _events(told: Sequence[jobs.SendAdminNotice]) -> list[tuple[str, dict[str, Any]]]:
    return [(notice.kind, notice.data) for notice in told]
