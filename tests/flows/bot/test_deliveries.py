"""Tests of redelivery: an update is marked as seen with its jobs, so a repeated one makes no job."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import redis

from socialboost import jobs
from socialboost.chat import dialogues
from socialboost.errors import QueueUnavailableError
from socialboost.queue import deliveries
from tests.flows.bot.conftest import Feed
from tests.flows.updates import PERSON, Json, membership, message, queued, tap

KINDS: list[Callable[[], Json]] = [
    lambda: message("/help"),
    lambda: message("/start"),
    lambda: message("hello"),
    lambda: tap("my_stats"),
    lambda: membership("kicked"),
]


def marks(client: redis.Redis) -> dict[str, int]:
    """The marks and the seconds that each has left."""
    return {key.decode(): client.ttl(key) for key in client.keys("updates:*")}


@pytest.mark.parametrize("make", KINDS)
async def test_an_update_delivered_three_times_is_answered_once(
    make: Callable[[], Json], feed: Feed, redis_url: str
) -> None:
    update = make()
    for _ in range(3):
        await feed(update)
    assert len(queued(redis_url)) == 1
    with redis.Redis.from_url(redis_url) as client:
        ((name, seconds),) = marks(client).items()
        assert name.startswith(f"updates:{update['update_id']}:")
        assert 23 * 3600 < seconds <= 24 * 3600
        client.delete(name)
    await feed(update)
    assert len(queued(redis_url)) == 1, "negative control: it is the mark that tells"


async def test_an_update_id_used_again_by_telegram_is_a_new_update(feed: Feed, redis_url: str) -> None:
    first, later = message("/help"), message("/help")
    later["update_id"] = first["update_id"]
    later["message"]["date"] = first["message"]["date"] + 8 * 24 * 3600
    tapped, again = tap("my_stats"), tap("my_stats", id="4243")
    again["update_id"] = tapped["update_id"]
    for update in (first, later, tapped, again):
        await feed(update)
    assert len(queued(redis_url)) == 4


async def test_a_repeated_update_does_not_move_the_dialogue_back(feed: Feed, redis_url: str) -> None:
    old = tap("platform_x")
    for update in (old, tap("back_to_menu"), old):
        await feed(update)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.get(dialogues.state_key(PERSON, PERSON)) == dialogues.MAIN_MENU


async def test_an_update_refused_by_redis_is_neither_queued_nor_marked(feed: Feed, redis_url: str) -> None:
    """Redis is full when the update comes. The same update is accepted once there is space."""
    update = message("/help")
    with redis.Redis.from_url(redis_url) as client:
        policy = client.config_get("maxmemory-policy")["maxmemory-policy"]
        client.set(dialogues.SEQUENCE_KEY, 1)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            with pytest.raises((QueueUnavailableError, redis.RedisError)):
                await feed(update)
        finally:
            client.config_set("maxmemory", "0")
            client.config_set("maxmemory-policy", policy)
        assert marks(client) == {}
    assert queued(redis_url) == []
    await feed(update)
    assert len(queued(redis_url)) == 1


async def test_an_update_that_redis_refuses_leaves_the_dialogue_where_it_was(
    feed: Feed, redis_url: str
) -> None:
    """Else the update, fed again, would be handled in a state that it made itself."""
    await feed(tap("back_to_menu"))
    state, data = dialogues.state_key(PERSON, PERSON), dialogues.data_key(PERSON, PERSON)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        client.delete("dramatiq:interactive")
        client.set("dramatiq:interactive", "no list")
        update = tap("platform_x")
        with pytest.raises(QueueUnavailableError):
            await feed(update)
        assert (client.get(state), client.get(data)) == (dialogues.MAIN_MENU, None)
        client.delete("dramatiq:interactive")
        await feed(update)
        assert client.get(state) == dialogues.WAITING_POST_URL
        assert json.loads(client.get(data) or "")["platform"] == "x"
        assert 0 < min(client.ttl(state), client.ttl(data)) <= dialogues.STATE_TTL_SECONDS


async def test_a_tap_costs_the_bot_two_round_trips(feed: Feed, redis_url: str) -> None:
    """Its number, share and dialogue in one; its jobs, marks and dialogue in the other."""
    await feed(tap("back_to_menu"))  # opens the connections
    with redis.Redis.from_url(redis_url) as client:

        def reads() -> int:
            return int(client.info("stats")["total_reads_processed"])

        costs = []
        for number in range(3):  # a connection that was idle for long is checked by a round trip of its own
            before = reads()
            await feed(tap("select_packages", id=f"cost{number}"))
            costs.append(reads() - before - 1)
    assert min(costs) == 2


def help_page(number: int) -> jobs.ShowPage:
    return jobs.ShowPage(telegram_id=number, chat_id=number, page="help")


async def deliver(mark: str, count: int) -> None:
    delivery = deliveries.Delivery(mark)
    with jobs.gathering(delivery):
        for number in range(count):
            await jobs.send_async(help_page(number + 1))
    await jobs.send_gathered(delivery)


@pytest.mark.usefixtures("feed")
async def test_several_jobs_of_one_update_are_queued_together(redis_url: str) -> None:
    for _ in range(2):
        await deliver("updates:1:1", 3)
    assert [job.args["telegram_id"] for job in queued(redis_url)] == [1, 2, 3]


@pytest.mark.usefixtures("feed")
async def test_if_redis_refuses_one_job_of_an_update_none_is_queued(redis_url: str) -> None:
    """The queue's key is not a list: HSET works and RPUSH fails, and the call must report that."""
    with redis.Redis.from_url(redis_url) as client:
        client.set("dramatiq:interactive", "no list")
        with pytest.raises(QueueUnavailableError):
            await deliver("updates:2:1", 2)
        assert marks(client) == {}
        client.delete("dramatiq:interactive")
    await deliver("updates:2:1", 2)
    assert len(queued(redis_url)) == 2


@pytest.mark.usefixtures("feed")
async def test_outside_a_delivery_a_job_is_queued_at_once(redis_url: str) -> None:
    await jobs.send_async(help_page(1))
    assert len(queued(redis_url)) == 1


async def test_only_screens_record_the_message_they_are_for(feed: Feed, redis_url: str) -> None:
    """A later screen replaces an earlier one in the same message, but not an effect."""
    for update in (tap("my_stats"), tap("select_packages"), tap("confirm_starter-mini"), message("/start")):
        await feed(update)
    stats, packages, order, _ = queued(redis_url)
    key = f"{deliveries.WANTED_PREFIX}{PERSON}:{order.args['message_id']}"
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.keys("screens:wanted:*") == [key]
        assert client.get(key) == str(packages.args["seq"]) > str(stats.args["seq"])
        assert 0 < client.ttl(key) <= 600
