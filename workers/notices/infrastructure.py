"""Word to the admins that something we cannot do without is away (failures.md D10), or refuses us.

Every other notice is a row of PostgreSQL that Redis is told of. Those of `Alarm` are about just those two, so
they go straight to Telegram, by way of whichever of them is left: that one knows whether somebody has spoken
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
from socialboost.screens import notices, texts
from workers.engine import outages, outbox, resources

DATABASE_AWAY: Final = "database_away"
REDIS_AWAY: Final = "redis_away"

PATIENCE_SECONDS: Final = 6.0
"""A restart takes less; nobody is told of it."""
AGAIN_SECONDS: Final = 3600
"""Until the admins hear of the same trouble again."""
CALM_SECONDS: Final = 15 * 60.0
"""Without a refusal for so long, the next one is another outage: what waits asks once a minute."""

log = logs.get(__name__)


def refuses_us(error: RefusesUsError) -> None:
    """Owe the admins word, once an outage, that a service refuses us, with the setting to look at."""
    data = {"service": error.service, "setting": error.setting, "error": outages.describe(error)}
    names = {"service": error.service, "setting": error.setting}
    try:
        with resources.db().transaction() as tx:
            since = tx.value("note_refusal", **names, calm_seconds=CALM_SECONDS)
            key = f"notice:refuses_us:{error.service}:{error.setting}:{since}"
            outbox.add(tx, jobs.NotifyAdmins(key=key, kind="refuses_us", data=data))
    except (psycopg.Error, SettingsError) as gone:  # its job comes back, and says so again
        log.warning("refusal_not_noted", error=type(gone).__name__)


_BACK: Final = {DATABASE_AWAY: "database_back", REDIS_AWAY: "redis_back"}


def _send(chat_id: int, text: str) -> None:
    """Send it, following a chat that has moved: where to may not be known from PostgreSQL now."""
    try:
        with resources.rate_limiter().watching():
            resources.telegram().send_message(chat_id, text)
    except MigratedError as moved:
        with resources.rate_limiter().watching():
            resources.telegram().send_message(moved.chat_id, text)


class Alarm:
    """One per loop that needs both; `failed` after each round that did not get through, else `over`."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._silent_until: dict[str, float] = {}
        self._untold: list[int] = []
        self._may_be_told = True
        """Whether the admins may have heard of trouble and not of its end: another process may have told them
        and died, so this is asked once at the start too."""

    def over(self) -> None:
        """Forget what was wrong, since a round got through, and owe the admins word of its end, once."""
        if self._may_be_told:
            for kind in _BACK:
                self._tell_end(kind)
        self._may_be_told = False
        self._since.clear()
        self._silent_until.clear()
        self._untold.clear()

    def failed(self, kind: str, error: Exception) -> None:
        """Tell the admins when this has gone on for too long; who could not be told is told next time."""
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
        """Whether no other process has spoken; true as well when nobody is left to ask."""
        try:
            return bool(resources.redis().set(f"alarm:{kind}", 1, nx=True, ex=AGAIN_SECONDS))
        except redis.RedisError as gone:
            log.warning("alarm_not_shared", error=type(gone).__name__)
        try:
            # An owner of its own: who took the lease before must not get it again within the hour.
            owner, name = uuid.uuid4().hex, f"alarm:{kind}"
            return bool(resources.db().value("take_lease", name=name, owner=owner, seconds=AGAIN_SECONDS))
        except (psycopg.Error, SettingsError) as gone:
            log.warning("alarm_not_shared", error=type(gone).__name__)
            return True

    def _tell_end(self, kind: str) -> None:
        """Owe the notice if the trouble was told; of all processes the one that takes its mark away does."""
        was_told = bool(resources.redis().delete(f"alarm:{kind}"))
        with resources.db().transaction() as tx:
            was_told = bool(tx.run("drop_lease", name=f"alarm:{kind}")) or was_told
            if was_told:
                key = f"notice:{_BACK[kind]}:{uuid.uuid4().hex}"
                outbox.add(tx, jobs.NotifyAdmins(key=key, kind=_BACK[kind]))

    def _tell(self, chat_id: int, kind: str, error: Exception) -> bool:
        """Send it; false when it certainly was not sent and may be sent later.

        In the shop's language, since the admin's own is in PostgreSQL, and without buttons: nothing leads on.
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
