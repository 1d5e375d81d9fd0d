"""Decides when a message may be sent again: a message about money must arrive, and is repeated at most once.

A call that certainly was not accepted (no connection, a proxy's 502 or 503, a 429) costs no attempt. The job
waits as in any outage, for as long as it takes, because the buyer must get the receipt. A call of unknown
outcome (no answer in time, cut off after sending, a 500 or 504, a worker that died) uses one of two
attempts. After two the job is parked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from socialboost.errors import AmbiguousError, PostponeError, RefusesUsError, RejectedError
from workers.engine import resources, under_way


@contextmanager
def allowed(number: int, chat_id: int) -> Iterator[None]:
    """Guard the sending of a message that must last. `number` is the attempt (Attempt.number).

    Before a second attempt Telegram must answer a getMe. An unknown outcome is most often an outage, and the
    same call in the same outage would use up the last attempt. Asking now needs no stored state and costs
    nothing while all is well. The first attempt's message may exist with an id that was lost with its
    worker, so it is recorded that there may be one.
    """
    if number > 1:
        _ask_telegram()
        under_way.keep_unknown(resources.db(), chat_id)
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
        return  # it answered; the answer does not matter
    except AmbiguousError as error:
        reason = f"Telegram has not answered since a try of unknown outcome: {error}"
        raise PostponeError(0.0, reason, outage=True) from error
