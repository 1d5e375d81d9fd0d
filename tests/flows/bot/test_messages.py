"""Tests of messages: anything a person sends, in any state, gets one answer; service messages get none."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from aiogram import Bot
from aiogram.types import Message
from pydantic import ValidationError

from socialboost.bot import sent, strays
from socialboost.bot.reading import read_update
from socialboost.bot.states import AdminDialogues, AdminStates, UserStates
from socialboost.chat import dialogues
from tests.flows.bot.conftest import Feed
from tests.flows.bot.contents import LINES, PHOTO, SAID, forwarded, hidden
from tests.flows.updates import (
    ADMIN,
    ORDER,
    PERSON,
    Json,
    client_of,
    message,
    only,
    person,
    private,
    queued,
    tap,
)

DATA = {
    "platform": "telegram",
    "dialogue": "tg:1",
    "payment_id": ORDER,
    "package_id": ORDER,
    "field": "price",
    "broadcast_id": ORDER,
    "detail": "time",
}
STATES = [None, *(state for group in (UserStates, AdminStates, AdminDialogues) for state in group)]
LINK = "https://t.me/channel/7"
TAKES_LINKS = (UserStates.WAITING_POST_URL, UserStates.PROCESSING_POST)
ADMIN_DIALOGUES = {
    AdminStates.BROADCAST_COMPOSE,
    AdminStates.BROADCAST_CONFIRM,
    AdminDialogues.NAMING_OWNER,
    AdminDialogues.CHANGING_PACKAGE,
}


def put(redis_url: str, who: int, state: Any) -> None:
    """Bring a person into a state with all the data that any of them may have."""
    client = client_of(redis_url)
    client.delete(dialogues.state_key(who, who))
    if state is not None:
        client.set(dialogues.state_key(who, who), state.state)
    client.set(dialogues.data_key(who, who), json.dumps(DATA))


def state_of(redis_url: str, who: int = PERSON) -> str | None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        return client.get(dialogues.state_key(who, who))


def by(who: int, **content: Any) -> Json:
    return message(chat=private(who), **{"from": person(who)}, **content)


@pytest.mark.parametrize("who", [PERSON, ADMIN])
@pytest.mark.parametrize("state", STATES, ids=str)
async def test_every_kind_in_every_state_is_answered_once(
    state: Any, who: int, feed: Feed, redis_url: str
) -> None:
    for kind, content in SAID.items():
        put(redis_url, who, state)
        await feed(by(who, **content))
        found = queued(redis_url)
        assert len(found) == 1, (kind, found)
        if state in TAKES_LINKS:
            wanted = "add_post" if state == UserStates.WAITING_POST_URL else "processing"
        elif state in ADMIN_DIALOGUES and who == ADMIN:
            wanted = found[0].actor
            assert wanted != "show_page", kind
        else:
            wanted = "stray"
        assert found[0].args.get("page", found[0].actor) == wanted, kind


@pytest.mark.parametrize("who", [PERSON, ADMIN])
@pytest.mark.parametrize("state", STATES, ids=str)
async def test_service_messages_are_not_answered(state: Any, who: int, feed: Feed, redis_url: str) -> None:
    put(redis_url, who, state)
    for kind, content in LINES.items():
        await feed(by(who, **content))
        assert queued(redis_url) == [], kind


@pytest.mark.parametrize("who", [PERSON, ADMIN])
@pytest.mark.parametrize("state", STATES, ids=str)
async def test_a_command_is_a_command_in_every_state(
    state: Any, who: int, feed: Feed, redis_url: str
) -> None:
    for text, page in (
        ("/help", "help"),
        ("/nonsense", "unknown_command"),
        ("/start_me up", "unknown_command"),
    ):
        put(redis_url, who, state)
        await feed(by(who, text=text))
        assert only(redis_url).args["page"] == page
        assert state_of(redis_url, who) == (state.state if state else None), "the dialogue stays open"


@pytest.mark.parametrize("who", [PERSON, ADMIN])
@pytest.mark.parametrize("state", STATES, ids=str)
async def test_a_link_is_taken_in_every_state_but_an_admin_s_dialogue(
    state: Any, who: int, feed: Feed, redis_url: str
) -> None:
    put(redis_url, who, state)
    await feed(by(who, text=f"Мій пост: {LINK}"))
    job = only(redis_url)
    if state in ADMIN_DIALOGUES:
        assert (job.actor == "show_page") == (who == PERSON)
        return
    assert (job.actor, job.args["text"]) == ("add_post", f"Мій пост: {LINK}")
    asked = state in TAKES_LINKS
    assert job.args["dialogue"] == ("tg:1" if asked else "")
    assert job.args["platform"] == ("telegram" if asked else "")
    after = UserStates.PROCESSING_POST if asked else state
    assert state_of(redis_url, who) == (after.state if after else None)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"text": LINK}, LINK),
        (PHOTO | {"caption": LINK}, LINK),
        ({"text": "😀 Мій пост тут"} | hidden("😀 Мій пост тут", LINK, "пост"), f"😀 Мій  {LINK}  тут"),
        (
            PHOTO
            | {"caption": "тут", "caption_entities": hidden("тут", LINK, "тут")["entities"]},
            f" {LINK} ",
        ),
        ({"text": "новина https://t.me/other/1"} | forwarded(), LINK),
        (PHOTO | forwarded(), LINK),
        ({"text": "новина"} | forwarded(username=None), "новина"),
        ({"text": "a" * 5000}, "a" * 4096),
        (
            {"text": "b" * 4095 + " x"} | hidden("b" * 4095 + " x", LINK, "x"),
            LINK,
        ),
        ({"story": {"chat": {"id": -1, "type": "channel", "username": "c"}, "id": 3}}, "https://t.me/c/s/3"),
        (
            {"text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 99, "url": LINK}]},
            f" {LINK} ",
        ),
        ({"text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 1}]}, "x"),
        (SAID["sticker"], ""),
    ],
)  # fmt: skip
def test_the_link_is_found_wherever_it_is(content: Json, text: str) -> None:
    assert sent.text_of(read(content)) == text


async def test_text_sent_while_a_link_is_checked_is_answered_and_a_link_is_taken(
    feed: Feed, redis_url: str
) -> None:
    await feed(tap("platform_telegram"))
    await feed(message(LINK))
    queued(redis_url)
    await feed(message("дякую"))
    assert only(redis_url).args["page"] == "processing"
    await feed(message("https://t.me/channel/8"))
    assert only(redis_url).actor == "add_post"
    assert state_of(redis_url) == UserStates.PROCESSING_POST.state


async def test_a_text_without_a_link_leaves_the_dialogue_open(feed: Feed, redis_url: str) -> None:
    await feed(tap("platform_telegram"))
    queued(redis_url)
    await feed(message("просто слова"))
    assert only(redis_url).actor == "add_post"
    assert state_of(redis_url) == UserStates.WAITING_POST_URL.state


def album(*captions: str, who: int = PERSON, group: str = "13", **more: Any) -> list[Json]:
    """An album as Telegram delivers it: an update a picture."""
    extra: list[Json] = [{"caption": caption} if caption else {} for caption in captions]
    return [by(who, media_group_id=group, **PHOTO, **words, **more) for words in extra]


@pytest.mark.parametrize("state", STATES, ids=str)
async def test_an_album_is_answered_once_in_every_state(state: Any, feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, state)
    for part in album("", "підпис", "", who=ADMIN):
        await feed(part)
    assert len(queued(redis_url)) == 1
    for part in album("", group="14", who=ADMIN):
        await feed(part)
    assert len(queued(redis_url)) == 1, "another album is another act"


async def test_the_link_below_an_album_s_first_picture_is_its_link(feed: Feed, redis_url: str) -> None:
    put(redis_url, PERSON, UserStates.WAITING_POST_URL)
    for part in album(LINK, "", ""):
        await feed(part)
    assert only(redis_url).args["text"] == LINK


async def test_each_picture_with_a_link_of_its_own_is_taken(feed: Feed, redis_url: str) -> None:
    put(redis_url, PERSON, UserStates.WAITING_POST_URL)
    for part in album(LINK, "https://t.me/channel/8", "слова"):
        await feed(part)
    assert [job.args["text"] for job in queued(redis_url)] == [LINK, "https://t.me/channel/8"]


async def test_a_forwarded_album_is_one_post(feed: Feed, redis_url: str) -> None:
    put(redis_url, PERSON, UserStates.WAITING_POST_URL)
    for number in range(3):
        (part,) = album("новина", **forwarded(7 + number))
        await feed(part)
    assert only(redis_url).args["text"] == LINK


async def test_an_album_does_not_become_a_broadcast(feed: Feed, redis_url: str) -> None:
    put(redis_url, ADMIN, AdminStates.BROADCAST_COMPOSE)
    for part in album("Знижка", "", "", who=ADMIN):
        await feed(part)
    job = only(redis_url)
    assert (job.actor, job.args["album"]) == ("compose_broadcast", True)
    assert state_of(redis_url, ADMIN) == AdminStates.BROADCAST_COMPOSE.state


def read(content: Json) -> Message:
    update = read_update(message(**content), Bot("42:nothing-here-calls-telegram"))
    assert update.message is not None
    return update.message


def test_no_kind_that_people_send_is_listed_as_a_service_message() -> None:
    """A list of all other kinds would become outdated, so this list must not have one that people send."""
    for content in SAID.values():
        assert read(content).content_type not in strays.SERVICE
    for content in LINES.values():
        assert read(content).content_type in strays.SERVICE


async def test_a_button_of_a_message_that_cannot_be_read_works(feed: Feed, redis_url: str) -> None:
    update = tap("my_stats")
    update["callback_query"]["message"]["forward_origin"] = {"type": "hologram"}
    await feed(update)
    job = only(redis_url)
    assert (job.actor, job.args["chat_id"], job.args["message_id"]) == ("show_stats", PERSON, None)


@pytest.mark.parametrize("broken", [{"from": {"id": "?"}}, {"chat": {"id": 1}}, {"date": "yesterday"}])
async def test_who_sent_it_and_where_must_be_readable(broken: Json, feed: Feed, redis_url: str) -> None:
    update = message("привіт")
    update["message"] |= broken
    if "from" in broken:  # a message may come from nobody, a channel's; then there is nobody to answer
        await feed(update)
        assert queued(redis_url) == []
        return
    with pytest.raises(ValidationError):
        await feed(update)


@pytest.mark.parametrize(("text", "page"), [("/help", "help"), ("/nonsense", "stray")])
async def test_only_a_known_command_in_a_caption_is_a_command(
    text: str, page: str, feed: Feed, redis_url: str
) -> None:
    await feed(message(**PHOTO, caption=text))
    assert only(redis_url).args["page"] == page
