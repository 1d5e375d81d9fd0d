"""What an error of PostgreSQL means for the job that met it, by its SQLSTATE and not by psycopg's class.

psycopg sorts by the standard's classes: a read-only server (25006) is an InternalError there, a full disk an
OperationalError. What counts here is whose fault it is and whether waiting helps.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout


class Meaning(StrEnum):
    """Whose matter an error is; AWAY and BUSY pass by waiting and use up no attempt."""

    AWAY = "away"
    """The service, or the way to it, cannot do the work."""
    BUSY = "busy"
    """It can, only not now: a lock, a deadlock, no connection free, a limit of calls."""
    OURS = "ours"
    """Our statement, data or setting: the same again would end the same."""
    THEIRS = "theirs"
    """Another service's own word about this very thing."""


_BY_STATE: Final[dict[str, Meaning]] = {
    "25006": Meaning.AWAY,  # read_only_sql_transaction: a standby, or a plan that is full
    "25P03": Meaning.AWAY,  # idle_in_transaction_session_timeout: this process was frozen, not the job wrong
    "25P04": Meaning.AWAY,  # transaction_timeout
    "3D000": Meaning.AWAY,  # invalid_catalog_name: the database is being moved or restored
    "53100": Meaning.AWAY,  # disk_full
    "53400": Meaning.OURS,  # configuration_limit_exceeded
    "55006": Meaning.BUSY,  # object_in_use
    "55P03": Meaning.BUSY,  # lock_not_available
    "57014": Meaning.OURS,  # query_canceled: statement_timeout, which the statement itself earned
}
_BY_CLASS: Final[dict[str, Meaning]] = {
    "08": Meaning.AWAY,  # connection exceptions
    "28": Meaning.AWAY,  # invalid authorization: the password was changed
    "40": Meaning.BUSY,  # serialization failure, deadlock
    "53": Meaning.BUSY,  # insufficient resources: memory, connections
    "57": Meaning.AWAY,  # shutdown, starting up, crashed
    "58": Meaning.AWAY,  # system errors: input and output
}
_SESSION_LIVES: Final = {"25006", "25P03", "25P04", "53100"}
"""AWAY for the work at hand, yet the server answers: others may go on asking it."""


def meaning(error: psycopg.Error) -> Meaning:
    """Return what the error means; one without a SQLSTATE is a lost or refused connection."""
    if isinstance(error, PoolTimeout):
        return Meaning.BUSY
    state = error.sqlstate
    if state is None:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return Meaning.AWAY if lost else Meaning.OURS
    return _BY_STATE.get(state) or _BY_CLASS.get(state[:2], Meaning.OURS)


def is_unreachable(error: BaseException) -> bool:
    """Whether nobody gets an answer from this server at the moment, or no connection to it."""
    if not isinstance(error, psycopg.Error):
        return False
    found = meaning(error)
    return isinstance(error, PoolTimeout) or (found is Meaning.AWAY and error.sqlstate not in _SESSION_LIVES)


def ends_session(error: BaseException) -> bool:
    """Whether this session is of no use any more though it lives: a new one may be better."""
    return isinstance(error, psycopg.Error) and error.sqlstate == "25006"
