"""Claims a ledger job for the message that a worker has fetched."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any, Final

import dramatiq
import psycopg
from dramatiq.message import Message
from psycopg_pool import PoolTimeout

from socialboost import logs
from socialboost.db import DatabaseAwayError
from socialboost.errors import SettingsError
from socialboost.jobs import LedgerJob
from workers.engine import ledger, outages, resources
from workers.engine.ledger import Claim, Claiming

LONGEST_RETRY_SECONDS: Final = 3.0
"""Time between two tries while the database is down. Such a try costs nothing (the latch in Database)."""

log = logs.get(__name__)


class ContractError(Exception):
    """A message does not fit its contract. A repeat cannot help, so it becomes a dead letter."""


def claim(job: LedgerJob, message: Message[Any], by: Claiming | None) -> Claim:
    """Claim the job. While that is impossible the message is retried without limit.

    Raises ContractError for values that PostgreSQL cannot store, and dramatiq.Retry while it is away.
    """
    worker = uuid.uuid4().hex
    try:
        return _claim_and_read(job, worker, by)
    except psycopg.DataError as error:
        raise ContractError(f"{job.actor_name}: {outages.describe(error)}") from error
    except (psycopg.Error, SettingsError) as error:
        delay = min(2.0 ** message.options.get("retries", 0), LONGEST_RETRY_SECONDS)
        away = outages.is_away(error)
        (log.warning if away else log.error)("job_not_claimed", error=outages.describe(error))
        if away and not isinstance(error, DatabaseAwayError | PoolTimeout):
            # The claim may have been committed all the same: then its attempt is given back.
            unknown = Claim("claimed", job.key, worker)
            reason = "the claim's outcome was unknown"
            resources.lease_renewer().settle_later(
                unknown,
                lambda: ledger.postpone(resources.db(), unknown, outages.Wait(0.0, grows=False), reason),
            )
        raise dramatiq.Retry(delay=round(delay * 1000)) from error


def _claim_and_read(job: LedgerJob, worker: str, by: Claiming | None) -> Claim:
    """Claim the job. If the rest of the query fails, the job is claimed and the attempt has failed.

    Otherwise a job whose first step always fails would never use up its attempts.
    """
    try:
        return ledger.claim(resources.db(), job, worker, by)
    except psycopg.Error as error:
        if by is None or outages.is_away(error):
            raise
        return replace(ledger.claim(resources.db(), job, worker), failure=error)
