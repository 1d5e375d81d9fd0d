"""Classifies errors of PostgreSQL by SQLSTATE: whose fault it is, and if waiting helps.

psycopg's classes follow the SQL standard and do not show that: a read-only server (25006) is an
InternalError, a full disk an OperationalError.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout


class Meaning(StrEnum):
    """The cause of an error. AWAY and BUSY end by waiting and use no attempt."""

    AWAY = "away"
    """The service or the connection to it is down."""
    BUSY = "busy"
    """The service cannot do it now: a lock, a deadlock, no free connection, a rate limit."""
    OURS = "ours"
    """Our statement, data or setting is wrong: a retry would fail in the same way."""
    THEIRS = "theirs"
    """Another service refused this request."""


_BY_STATE: Final[dict[str, Meaning]] = {
    "25006": Meaning.AWAY,  # read_only_sql_transaction: a standby, or a plan that is full
    "25P03": Meaning.AWAY,  # idle_in_transaction_session_timeout: this process was frozen, the job is right
    "25P04": Meaning.AWAY,  # transaction_timeout
    "3D000": Meaning.AWAY,  # invalid_catalog_name: the database is being moved or restored
    "53100": Meaning.AWAY,  # disk_full
    "53400": Meaning.OURS,  # configuration_limit_exceeded
    "55006": Meaning.BUSY,  # object_in_use
    "55P03": Meaning.BUSY,  # lock_not_available
    "57014": Meaning.OURS,  # query_canceled: statement_timeout, the statement's own fault
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
"""AWAY for this transaction, but the server answers: other calls may use it."""


def meaning(error: psycopg.Error) -> Meaning:
    """Return what the error means. Without a SQLSTATE it is a lost or refused connection."""
    if isinstance(error, PoolTimeout):
        return Meaning.BUSY
    state = error.sqlstate
    if state is None:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return Meaning.AWAY if lost else Meaning.OURS
    return _BY_STATE.get(state) or _BY_CLASS.get(state[:2], Meaning.OURS)


def is_unreachable(error: BaseException) -> bool:
    """Return True if nobody can reach this server at the moment."""
    if not isinstance(error, psycopg.Error):
        return False
    found = meaning(error)
    return isinstance(error, PoolTimeout) or (found is Meaning.AWAY and error.sqlstate not in _SESSION_LIVES)


def ends_session(error: BaseException) -> bool:
    """Return True if this live session has become useless and a new one may work."""
    return isinstance(error, psycopg.Error) and error.sqlstate == "25006"
