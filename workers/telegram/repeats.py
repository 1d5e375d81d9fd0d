"""When a message may be sent again: money messages arrive, and at most one is repeated (design.md 3.7).

What became of a call is known or unknown. Known as not accepted (no connection, a proxy's answer, its 502 or
503, a 429) costs no try: the job waits as in any outage, for however long, since a receipt is owed while its
order stands. Unknown (no answer in time, cut off after sending, a 500 or 504, a worker that died) is one of
two tries, and two park the job.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from socialboost.errors import AmbiguousError, PostponeError, RefusesUsError, RejectedError
from workers.engine import ledger, resources


@contextmanager
def allowed(number: int, chat_id: int) -> Iterator[None]:
    """Guard the sending of a message that lasts; of `number`, its tries (Attempt.number), unknown ones count.

    Before a second try Telegram must have answered something: an unknown outcome is most often an outage, and
    the same call into the same outage would use up the last try. It is asked (getMe) instead of remembered:
    that tells how things are now, costs nothing while all is well, and outlives a wiped Redis. The message of
    the first try may be there, and its number went with its worker: that there is one is noted.
    """
    if number > 1:
        _ask_telegram()
        ledger.keep_message(resources.db(), chat_id, 0)
    try:
        yield
    except AmbiguousError as error:
        if not error.by_front:
            raise
        raise PostponeError(0.0, f"not accepted: {error}", outage=True) from error


def _ask_telegram() -> None:
    limiter = resources.rate_limiter()
    limiter.check()
    try:
        with limiter.watching():
            resources.telegram().get_me()
    except RefusesUsError:
        raise
    except RejectedError:
        return  # it answered, whatever it was
    except AmbiguousError as error:
        reason = f"Telegram has not answered since a try of unknown outcome: {error}"
        raise PostponeError(0.0, reason, outage=True) from error
