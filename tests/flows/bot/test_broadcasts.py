"""Tests of broadcasts in the bot: one job per step for an admin, none for anybody else."""

from __future__ import annotations

import json

import pytest
import redis

from socialboost import jobs
from socialboost.chat import callbacks, dialogues
from tests.flows.bot.conftest import Feed
from tests.flows.updates import ADMIN, ORDER, PERSON, Json, message, only, person, private, tap

COMPOSE, CONFIRM = "AdminStates:BROADCAST_COMPOSE", "AdminStates:BROADCAST_CONFIRM"

TAPS: list[tuple[str, type[jobs.Job], Json]] = [
    ("admin_broadcast", jobs.AskBroadcast, {}),
    *(
        (f"broadcast_to_{ORDER}_{name}", jobs.AimBroadcast, {"broadcast_id": ORDER, "segment": name})
        for name in callbacks.BROADCAST_SEGMENTS
    ),
    *(
        (f"broadcast_{name}_{ORDER}", jobs.AskBroadcastDetail, {"broadcast_id": ORDER, "detail": name})
        for name in callbacks.BROADCAST_DETAILS
    ),
    *(
        (f"broadcast_{name}_{ORDER}", jobs.MoveBroadcast, {"broadcast_id": ORDER, "action": name})
        for name in callbacks.BROADCAST_ACTIONS
    ),
    ("broadcast_list_0", jobs.ShowBroadcasts, {"page": 0}),
    (f"broadcast_show_{ORDER}", jobs.ShowBroadcast, {"broadcast_id": ORDER}),
]
STRAYS = [
    *("broadcast_", f"broadcast_{ORDER}", f"broadcast_burn_{ORDER}", "broadcast_send_x", "broadcast_list_x"),
    *(f"broadcast_to_{ORDER}", f"broadcast_to_{ORDER}_nobody", "broadcast_to_x_all"),
]


def by(update: Json, telegram_id: int) -> Json:
    """The same update, from somebody in their own private chat."""
    kind = "message" if "message" in update else "callback_query"
    body = update[kind]
    body["from"] = person(telegram_id)
    (body if kind == "message" else body["message"])["chat"] = private(telegram_id)
    return update


def state(redis_url: str, telegram_id: int = ADMIN) -> tuple[str | None, Json]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        data = client.get(dialogues.data_key(telegram_id, telegram_id))
        return client.get(dialogues.state_key(telegram_id, telegram_id)), json.loads(data or "{}")


def put(redis_url: str, telegram_id: int, name: str, **data: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(dialogues.state_key(telegram_id, telegram_id), name)
        client.set(dialogues.data_key(telegram_id, telegram_id), json.dumps(data))


@pytest.mark.parametrize("row", TAPS, ids=lambda row: row[0])
async def test_each_tap_of_an_admin_is_one_job(
    row: tuple[str, type[jobs.Job], Json], feed: Feed, redis_url: str
) -> None:
    data, contract, fields = row
    await feed(by(tap(data), ADMIN))
    job = only(redis_url)
    assert (job.actor, job.queue) == (contract.actor_name, contract.queue)
    assert fields.items() <= job.args.items()


@pytest.mark.parametrize("data", [*(row[0] for row in TAPS), *STRAYS])
async def test_other_people_cannot_use_the_buttons_of_broadcasts(
    data: str, feed: Feed, redis_url: str
) -> None:
    await feed(by(tap(data), PERSON))
    assert only(redis_url).actor == jobs.ShowPage.actor_name


@pytest.mark.parametrize("data", STRAYS)
async def test_forged_callback_data_makes_no_job(data: str, feed: Feed, redis_url: str) -> None:
    await feed(by(tap(data), ADMIN))
    assert only(redis_url).actor == jobs.ShowPage.actor_name


async def test_the_command_opens_a_dialogue_that_the_next_message_answers(feed: Feed, redis_url: str) -> None:
    update = by(message("/broadcast"), ADMIN)
    await feed(update)
    assert only(redis_url).actor == jobs.AskBroadcast.actor_name
    assert state(redis_url) == (COMPOSE, {"dialogue": f"tg:{update['update_id']}"})


async def test_a_text_keeps_its_formatting(feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, COMPOSE, dialogue="tg:1")
    bold = [{"type": "bold", "offset": 0, "length": 6}]
    await feed(by(message("Знижка <50%", entities=bold), ADMIN))
    args = only(redis_url).args
    assert (args["text"], args["copied_id"], args["dialogue"]) == ("<b>Знижка</b> &lt;50%", None, "tg:1")
    assert state(redis_url)[0] == COMPOSE, "open until a worker has accepted it"


async def test_messages_of_other_kinds_are_copied(feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, COMPOSE, dialogue="tg:1")
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    await feed(by(message(photo=photo, caption="підпис"), ADMIN))
    args = only(redis_url).args
    assert (args["text"], args["copied_id"]) == ("", 5)


async def test_a_command_does_not_become_a_broadcast(feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, COMPOSE, dialogue="tg:1")
    await feed(by(message("/stats"), ADMIN))
    assert only(redis_url).actor == jobs.ShowAdminPage.actor_name


async def test_the_answer_about_a_detail_names_what_was_asked(feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, CONFIRM, broadcast_id=ORDER, detail="time", dialogue="tg:1")
    await feed(by(message("24.12.2026 18:00"), ADMIN))
    args = only(redis_url).args
    assert (args["text"], args["broadcast_id"], args["detail"]) == ("24.12.2026 18:00", ORDER, "time")


@pytest.mark.parametrize("name", [COMPOSE, CONFIRM])
async def test_an_admin_state_gives_no_admin_rights(name: str, feed: Feed, redis_url: str) -> None:
    put(redis_url, PERSON, name, broadcast_id=ORDER, detail="time", dialogue="tg:1")
    await feed(by(message("Усім привіт"), PERSON))
    assert only(redis_url).actor == jobs.ShowPage.actor_name


async def test_an_unrequested_message_is_not_taken_as_a_detail(feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, CONFIRM)
    await feed(by(message("привіт"), ADMIN))
    assert only(redis_url).actor == jobs.ShowPage.actor_name
