"""Notifies the admins that PostgreSQL or Redis is down, or that a service refuses our credentials.

Every other notice needs a row in PostgreSQL and a message in Redis. `Alarm` reports outages of these two, so
it calls Telegram directly. Whichever of the two still works stores whether a process has sent the notice
already.
"""

from __future__ import annotations

import time
import uuid
from typing import Final

import psycopg
import redis

from socialboost import jobs, logs
from socialboost.errors import (
    MigratedError,
    PostponeError,
    RefusesUsError,
    ServiceError,
    SettingsError,
    UnreachableError,
)
from socialboost.kinds import NoticeKind
from socialboost.screens import notices, texts
from workers.engine import hooks, outages, outbox, resources
from workers.engine.loops import DATABASE_AWAY, REDIS_AWAY

PATIENCE_SECONDS: Final = 6.0
"""An outage shorter than this, such as a restart, is not reported."""
AGAIN_SECONDS: Final = 3600
"""Time before the same outage is reported again."""
CALM_SECONDS: Final = 15 * 60.0
"""A refusal after this long without one counts as a new incident; waiting jobs try once a minute."""

log = logs.get(__name__)


@hooks.SERVICE_REFUSES.register
def refuses_us(error: RefusesUsError) -> None:
    """Notify the admins, once per incident, that a service refuses us, and name the setting to check."""
    data = {"service": error.service, "setting": error.setting, "error": outages.describe(error)}
    names = {"service": error.service, "setting": error.setting}
    try:
        with resources.db().transaction() as tx:
            since = tx.value("note_refusal", **names, calm_seconds=CALM_SECONDS)
            key = f"notice:refuses_us:{error.service}:{error.setting}:{since}"
            outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="refuses_us", data=data))
    except (psycopg.Error, SettingsError) as gone:  # the job is retried and reports it again
        log.warning("refusal_not_noted", error=type(gone).__name__)


_BACK: Final[dict[str, NoticeKind]] = {DATABASE_AWAY: "database_back", REDIS_AWAY: "redis_back"}


def _send(chat_id: int, text: str) -> None:
    """Send the text. Follow a chat that has moved, because PostgreSQL may be down and not tell its new id."""
    try:
        with resources.rate_limiter().watching():
            resources.telegram().send_message(chat_id, text)
    except MigratedError as moved:
        with resources.rate_limiter().watching():
            resources.telegram().send_message(moved.chat_id, text)


class Alarm:
    """The alarm of a loop that needs both. Call `failed` after each round that failed, else `over`."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._silent_until: dict[str, float] = {}
        self._untold: list[int] = []
        self._may_be_told = True
        """True if the admins may know of an outage and not of its end. It starts as True, because another
        process may have told them and died."""

    def over(self) -> None:
        """Forget the outage after a successful round, and notify the admins once that it is over."""
        if self._may_be_told:
            for kind in _BACK:
                self._tell_end(kind)
        self._may_be_told = False
        self._since.clear()
        self._silent_until.clear()
        self._untold.clear()

    def failed(self, kind: str, error: Exception) -> None:
        """Notify the admins if the outage lasts too long. Whoever was not reached is tried next time."""
        now = time.monotonic()
        if now - self._since.setdefault(kind, now) < PATIENCE_SECONDS:
            return
        self._may_be_told = True
        if now >= self._silent_until.get(kind, 0.0):
            self._silent_until[kind] = now + AGAIN_SECONDS
            if self._is_first(kind):
                self._untold = resources.settings().chats_of_admins
        self._untold = [chat_id for chat_id in self._untold if not self._tell(chat_id, kind, error)]

    def _is_first(self, kind: str) -> bool:
        """Return True if no other process has sent the notice, or if neither store can say."""
        try:
            return bool(resources.redis().set(f"alarm:{kind}", 1, nx=True, ex=AGAIN_SECONDS))
        except redis.RedisError as gone:
            log.warning("alarm_not_shared", error=type(gone).__name__)
        try:
            # A new owner each time: the previous owner must not get the lease again within the hour.
            owner, name = uuid.uuid4().hex, f"alarm:{kind}"
            return bool(resources.db().value("take_lease", name=name, owner=owner, seconds=AGAIN_SECONDS))
        except (psycopg.Error, SettingsError) as gone:
            log.warning("alarm_not_shared", error=type(gone).__name__)
            return True

    def _tell_end(self, kind: str) -> None:
        """Add the notice that the outage is over, if it was reported. Its mark ensures one notice."""
        was_told = bool(resources.redis().delete(f"alarm:{kind}"))
        with resources.db().transaction() as tx:
            was_told = bool(tx.run("drop_lease", name=f"alarm:{kind}")) or was_told
            if was_told:
                key = f"notice:{_BACK[kind]}:{uuid.uuid4().hex}"
                outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind=_BACK[kind]))

    def _tell(self, chat_id: int, kind: str, error: Exception) -> bool:
        """Send the notice. Returns False if it certainly was not sent and can be tried again.

        It is in the shop's language, because the admin's own language is in PostgreSQL, and has no buttons.
        """
        data = {"error": outages.describe(error)}
        zone = resources.settings().timezone
        screen = notices.admin_notice(kind, data, texts.language(None), zone, private=False)
        try:
            resources.rate_limiter().notice(chat_id)
            _send(chat_id, screen.text)
        except (PostponeError, UnreachableError):
            return False
        except ServiceError as refused:
            log.error("alarm_not_told", chat_id=chat_id, kind=kind, error=str(refused))
        else:
            log.error("alarm_told", chat_id=chat_id, kind=kind)
        return True
