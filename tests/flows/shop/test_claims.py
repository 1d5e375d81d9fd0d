"""Tests of claims that do in one statement what the job's body begins with."""

from __future__ import annotations

import dramatiq
import pytest

from socialboost import jobs
from tests.flows.shop.world import Shop
from workers.engine import actors, claiming
from workers.engine.claiming import ContractError
from workers.engine.ledger import Claim

NOBODY = 2**70
"""No bigint holds this id: the claim's own part succeeds, the registration fails."""


def message(job: jobs.LedgerJob) -> dramatiq.Message[None]:
    return dramatiq.Message(job.queue, job.actor_name, (), {}, {})


def start(key: str, telegram_id: int, name: str = "Оля") -> jobs.RegisterUser:
    return jobs.RegisterUser(key=key, telegram_id=telegram_id, chat_id=telegram_id, first_name=name)


def claim(job: jobs.RegisterUser) -> Claim:
    return claiming.claim(job, message(job), actors.REGISTRY[job.actor_name].claims_with)


def test_the_claim_of_a_start_registers_the_person(stage: Shop, here: object) -> None:
    claimed = claim(start("claims:1", 6_001))
    assert (claimed.outcome, claimed.failure) == ("claimed", None)
    assert stage.rows("SELECT first_name FROM users WHERE telegram_id = 6001") == [{"first_name": "Оля"}]


def test_somebody_elses_job_registers_nobody(stage: Shop, here: object) -> None:
    claim(start("claims:2", 6_002))
    assert claim(start("claims:2", 6_003)).outcome == "busy"
    assert stage.rows("SELECT first_name FROM users WHERE telegram_id = 6003") == []


def test_a_beginning_that_fails_uses_up_an_attempt(stage: Shop, here: object) -> None:
    claimed = claim(start("claims:3", NOBODY))
    assert claimed.outcome == "claimed"
    assert "NumericValueOutOfRange" in type(claimed.failure).__name__
    assert stage.rows("SELECT state, attempts FROM job_ledger WHERE key = 'claims:3'") == [
        {"state": "running", "attempts": 1}
    ]


def test_what_no_row_can_hold_is_no_attempt(stage: Shop, here: object) -> None:
    with pytest.raises(ContractError):
        claim(start("claims:4", 6_004, "\x00"))
    assert stage.rows("SELECT state FROM job_ledger WHERE key = 'claims:4'") == []


def test_only_a_job_without_a_right_claims_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right is checked after the claim, when the claim's own effect would already exist."""
    monkeypatch.delitem(actors.REGISTRY, jobs.ResolvePayment.actor_name)
    by = actors.REGISTRY["register_user"].claims_with
    with pytest.raises(ValueError, match="its right is asked after the claim"):
        actors.actor(jobs.ResolvePayment, right="payments", claims_with=by)(lambda _job, _attempt: None)
