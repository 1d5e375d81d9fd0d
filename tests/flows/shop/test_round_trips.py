"""Tests of how often a worker calls Redis for a screen, its spinner and a transaction's jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import redis

from socialboost import jobs
from socialboost.errors import PostponeError
from socialboost.screens.core import Screen
from tests.flows.shop.world import Buyer, Shop
from tests.flows.updates import queued
from workers.engine import outbox, resources
from workers.telegram import answers


def round_trips(shop: Shop, action: Callable[[], object]) -> int:
    """Return how many round trips to Redis the action makes. Nobody else may use it."""
    with redis.Redis.from_url(shop.redis_url) as client:
        before = client.info("stats")["total_reads_processed"]
        action()
        return int(client.info("stats")["total_reads_processed"] - before - 1)


def first_screen(buyer: Buyer) -> int:
    message_id = answers.show(jobs.ShowMenu(**buyer.fields()), Screen("first"))
    assert message_id
    return message_id


@pytest.mark.usefixtures("here")
def test_a_screen_and_its_spinner_ask_redis_twice(stage: Shop) -> None:
    """The claim answers for the spinner as well. The second question is whether a later screen came."""
    buyer = Buyer(stage)
    message_id = first_screen(buyer)
    taps = [jobs.ShowMenu(**buyer._tap(message_id)) for _ in range(3)]
    costs = []
    for tap in taps:
        resources.rate_limiter()._known_at = 0.0  # as after a while without a tap
        screen = Screen(f"screen {tap.seq}")
        costs.append(round_trips(stage, partial(answers.reply, tap, screen)))
    assert min(costs) == 2  # a connection that was idle for long is checked by a round trip of its own
    assert [len(stage.spinner_answers(str(tap.callback_id))) for tap in taps] == [1, 1, 1]


def test_a_spinner_is_stopped_although_its_screen_must_wait(stage: Shop, here: pytest.MonkeyPatch) -> None:
    here.setenv("TELEGRAM_CHAT_BURST", "1")
    buyer = Buyer(stage)
    message_id = first_screen(buyer)
    tap = jobs.ShowMenu(**buyer._tap(message_id))
    with pytest.raises(PostponeError):
        answers.reply(tap, Screen("second"))
    assert len(stage.spinner_answers(str(tap.callback_id))) == 1


def notice(stage: Shop) -> jobs.NotifyAdmins:
    return jobs.NotifyAdmins(key=f"notice:trips:{stage.next_id()}", kind="second_poller")


@pytest.mark.usefixtures("here")
def test_the_jobs_of_a_transaction_leave_in_one_round_trip(stage: Shop) -> None:
    def add_three() -> None:
        with resources.db().transaction() as tx:
            for job in added[-3:]:
                outbox.add(tx, job)

    added: list[Any] = []
    costs = []
    queued(stage.redis_url)
    for _ in range(3):
        added += [notice(stage) for _ in range(3)]
        costs.append(round_trips(stage, add_three))
    assert min(costs) == 1
    assert [job.args["key"] for job in queued(stage.redis_url)] == [job.key for job in added]


@pytest.mark.usefixtures("here")
def test_no_spinner_is_stopped_while_sending_is_paused(stage: Shop) -> None:
    buyer = Buyer(stage)
    message_id = first_screen(buyer)
    tap = jobs.ShowMenu(**buyer._tap(message_id))
    resources.rate_limiter().pause(0.2)
    with pytest.raises(PostponeError):
        answers.reply(tap, Screen("second"))
    assert stage.spinner_answers(str(tap.callback_id)) == []
