"""Every job of the product: one frozen contract per actor, and the three ways to send one.

Entry points (bot, web) import this package and never the workers. `@actor(contract)` in
workers/engine/actors.py takes the actor's name and queue from the same class, so the two sides cannot drift.
A contract is declared once, in the module of its topic; the actor is in the package of workers/ with the same
name. Each topic's public names are exported from here.

Rules for a contract: fields are JSON scalars (or flat JSON values), every field added after a release has
a default, names and queues never change (a rename keeps the old actor for one release).
"""

from __future__ import annotations

from typing import Final

from socialboost.jobs.base import *
from socialboost.jobs.broadcasts import *
from socialboost.jobs.notices import *
from socialboost.jobs.operations import *
from socialboost.jobs.orders import *
from socialboost.jobs.packages import *
from socialboost.jobs.parked_jobs import *
from socialboost.jobs.payments import *
from socialboost.jobs.people import *
from socialboost.jobs.posts import *
from socialboost.jobs.sending import ask as ask
from socialboost.jobs.sending import gathering as gathering
from socialboost.jobs.sending import send as send
from socialboost.jobs.sending import send_all as send_all
from socialboost.jobs.sending import send_async as send_async
from socialboost.jobs.sending import send_gathered as send_gathered
from socialboost.jobs.tasks import *
from socialboost.jobs.withheld import *

TELLING: Final = tuple(
    contract.actor_name
    for contract in list(globals().values())
    if isinstance(contract, type) and issubclass(contract, LedgerJob) and contract.tells
)
"""Actors of unrequested messages (`LedgerJob.tells`)."""
