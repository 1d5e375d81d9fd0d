"""Tests of updates: every kind becomes its one job, and the dialogue's state fits the next update."""

from __future__ import annotations

import json

import pytest
import redis

from socialboost import jobs
from socialboost.bot import dispatcher
from socialboost.chat import callbacks, dialogues
from tests.flows.bot.conftest import Feed
from tests.flows.updates import (
    MESSAGE,
    ORDER,
    PERSON,
    Json,
    group,
    membership,
    message,
    only,
    person,
    private,
    queued,
    tap,
)

MENU = dialogues.MAIN_MENU

TAPS: list[tuple[str, type[jobs.Job], Json, str | None]] = [
    ("select_packages", jobs.ShowPackages, {}, dialogues.SELECTING_PACKAGE),
    ("pkg_starter-mini", jobs.ShowPackage, {"slug": "starter-mini"}, dialogues.VIEWING_PACKAGE_DETAILS),
    ("confirm_starter-mini", jobs.OpenOrder, {"slug": "starter-mini"}, dialogues.CONFIRMING_ORDER),
    (f"pay_{ORDER}", jobs.CreateInvoice, {"order_id": ORDER}, dialogues.WAITING_PAYMENT),
    (f"pay_{ORDER.upper()}", jobs.CreateInvoice, {"order_id": ORDER}, dialogues.WAITING_PAYMENT),
    (f"balance_{ORDER}", jobs.PayFromBalance, {"order_id": ORDER}, MENU),
    (f"cancel_{ORDER}", jobs.CancelOrder, {"order_id": ORDER}, MENU),
    ("add_post", jobs.ShowPlatforms, {}, dialogues.SELECTING_PLATFORM),
    *(
        (f"platform_{name}", jobs.AskPostLink, {"platform": name}, dialogues.WAITING_POST_URL)
        for name in callbacks.PLATFORMS
    ),
    ("cancel_action", jobs.ShowMenu, {}, MENU),
    ("back_to_menu", jobs.ShowMenu, {}, MENU),
    ("my_stats", jobs.ShowStats, {}, MENU),
    ("history_0", jobs.ShowHistory, {"page": 0}, MENU),
    ("history_12", jobs.ShowHistory, {"page": 12}, MENU),
    ("support", jobs.ShowPage, {"page": "support"}, MENU),
    ("show_faq", jobs.ShowPage, {"page": "faq"}, MENU),
    ("show_privacy", jobs.ShowPage, {"page": "privacy"}, MENU),
    ("show_languages", jobs.ShowPage, {"page": "languages"}, MENU),
    ("language_uk", jobs.SetLanguage, {"chosen": "uk"}, MENU),
    ("language_en", jobs.SetLanguage, {"chosen": "en"}, MENU),
    ("noop", jobs.ShowPage, {"page": "noop"}, None),
]

STRAYS = [
    "pay_",
    "pay_not-an-order",
    f"pay_{ORDER}x",
    "cancel_",
    "cancel_actions",
    "confirm_",
    "pkg_",
    "platform_myspace",
    "platform_",
    "language_de",
    "history_-1",
    "history_x",
    "history_99999",
    "history_٣",
    "admin_stats",
    "an_old_button",
    "Ї" * 30,
    "",
]


def state(redis_url: str) -> str | None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        return client.get(dialogues.state_key(PERSON, PERSON))


@pytest.mark.parametrize("row", TAPS, ids=[row[0] for row in TAPS])
async def test_a_button_is_one_job(
    row: tuple[str, type[jobs.Job], Json, str | None], feed: Feed, redis_url: str
) -> None:
    data, contract, fields, state_after = row
    update = tap(data)
    await feed(update)
    job = only(redis_url)
    assert (job.queue, job.actor) == (contract.queue, contract.actor_name)
    assert job.args.items() >= fields.items()
    assert job.args["telegram_id"] == job.args["chat_id"] == PERSON
    assert (job.args["update_id"], job.args["message_id"]) == (update["update_id"], MESSAGE)
    assert (job.args["callback_id"], job.args["language"]) == ("4242", "uk")
    if contract is jobs.CreateInvoice:
        assert job.args["key"] == f"invoice:{ORDER}:{PERSON}"
    elif issubclass(contract, jobs.LedgerJob):
        assert job.args["key"] == f"tg:{update['update_id']}:0"
    assert state(redis_url) == state_after
    contract(**job.args)


def test_no_filter_is_evaluated_in_another_thread() -> None:
    """aiogram does so with its F, and with every filter that is no coroutine."""
    built = dispatcher.build("redis://127.0.0.1:1/0")
    handlers = [
        handler
        for router in built.chain_tail
        for observer in router.observers.values()
        for handler in observer.handlers
    ]
    called = [one for handler in handlers for one in (handler, *(handler.filters or ()))]
    assert len(called) > len(TAPS)
    assert [one.callback for one in called if not one.awaitable] == []


def test_the_table_has_every_button_of_the_specification() -> None:
    fixed = {
        value
        for name, value in vars(callbacks).items()
        if name.isupper()
        and isinstance(value, str)
        and not name.endswith("_SEEN")  # a state, in no button alone
        and name != "EVERYTHING"  # stands for a message's key, behind a prefix
    }
    tested = [row[0] for row in TAPS] + STRAYS
    prefixes = {value for value in fixed if value.endswith("_")}
    topics = ("admin_", "broadcast_", "package_", "payment_", "job_", "letter_", "withheld_")
    admin = {value for value in fixed if value.startswith(topics)}
    assert fixed - prefixes - admin <= set(tested)
    assert all(any(data.startswith(prefix) for data in tested) for prefix in prefixes - admin)


@pytest.mark.parametrize("data", STRAYS)
async def test_a_stale_or_forged_button_is_answered_as_such(data: str, feed: Feed, redis_url: str) -> None:
    await feed(tap(data))
    job = only(redis_url)
    assert (job.actor, job.args["page"]) == ("show_page", "unknown")
    assert job.args["callback_id"] == "4242"
    assert state(redis_url) is None


async def test_a_button_without_data_or_message_is_answered(feed: Feed, redis_url: str) -> None:
    await feed(tap(None))
    assert only(redis_url).args["page"] == "unknown"
    await feed(tap("my_stats", message=None))
    job = only(redis_url)
    assert (job.args["chat_id"], job.args["message_id"]) == (PERSON, None)
    inaccessible = {"message_id": MESSAGE, "date": 0, "chat": private()}
    await feed(tap("my_stats", message=inaccessible))
    assert only(redis_url).args["message_id"] == MESSAGE


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", None),
        ("/start ref_AbC-9", "ref_AbC-9"),
        ("/start@SocialBoostBot promo", "promo"),
        ("/start " + "a" * 65, None),
        ("/start два слова", None),
        ("/start x' OR 1=1", None),
    ],
)
async def test_start_registers(text: str, payload: str | None, feed: Feed, redis_url: str) -> None:
    update = message(text)
    await feed(update)
    job = only(redis_url)
    assert job.actor == "register_user"
    assert job.args["key"] == f"tg:{update['update_id']}:0"
    assert job.args["start_payload"] == payload
    assert (job.args["username"], job.args["first_name"], job.args["last_name"]) == ("olya", "Оля", "Коваль")
    assert (job.args["message_id"], job.args["callback_id"]) == (None, None)
    assert state(redis_url) == MENU


@pytest.mark.parametrize("command", ["help", "privacy", "paysupport"])
async def test_commands_are_pages_and_keep_the_dialogue(command: str, feed: Feed, redis_url: str) -> None:
    await feed(tap("platform_x"))
    queued(redis_url)
    await feed(message(f"/{command}"))
    job = only(redis_url)
    assert (job.actor, job.args["page"]) == ("show_page", command)
    assert state(redis_url) == dialogues.WAITING_POST_URL


@pytest.mark.parametrize("text", ["привіт", "I need help with my order", "https://example.com/", "/ ", "//x"])
async def test_an_unexpected_text_is_answered_with_what_the_bot_can_do(
    text: str, feed: Feed, redis_url: str
) -> None:
    await feed(message(text))
    assert only(redis_url).args["page"] == "stray"


@pytest.mark.parametrize("text", ["/unknown", "/admin", "/stats", "/x@SocialBoostBot", "/sale 50%\nnow"])
async def test_an_unknown_command_is_answered_as_such(text: str, feed: Feed, redis_url: str) -> None:
    await feed(message(text))
    assert only(redis_url).args["page"] == "unknown_command"


async def test_a_link_belongs_to_the_dialogue_that_asked(feed: Feed, redis_url: str) -> None:
    asked = tap("platform_telegram")
    await feed(asked)
    queued(redis_url)
    for text in ("https://t.me/channel/1", "https://t.me/channel/2"):
        update = message(text)
        await feed(update)
        job = only(redis_url)
        assert (job.queue, job.actor) == ("interactive", "add_post")
        assert job.args["dialogue"] == f"tg:{asked['update_id']}"
        assert (job.args["platform"], job.args["text"]) == ("telegram", text)
        assert job.args["key"] == f"tg:{update['update_id']}:0"
        # Only a worker ends the dialogue, once it has accepted a link.
        assert state(redis_url) == dialogues.PROCESSING_POST
    with redis.Redis.from_url(redis_url) as client:
        data = json.loads(client.get(dialogues.data_key(PERSON, PERSON)) or b"")
        ttl = client.ttl(dialogues.state_key(PERSON, PERSON))
    assert data == {"platform": "telegram", "dialogue": f"tg:{asked['update_id']}"}
    assert dialogues.STATE_TTL_SECONDS - 60 < ttl <= dialogues.STATE_TTL_SECONDS


async def test_the_platform_chosen_last_counts(feed: Feed, redis_url: str) -> None:
    await feed(tap("platform_telegram"))
    await feed(tap("platform_x"))
    queued(redis_url)
    await feed(message("https://x.com/a/status/1"))
    assert only(redis_url).args["platform"] == "x"


@pytest.mark.parametrize(
    "content",
    [
        {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
        {"sticker": {
            "file_id": "f", "file_unique_id": "u", "type": "regular", "width": 1, "height": 1,
            "is_animated": False, "is_video": False,
        }},
        {"voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}},
    ],
)  # fmt: skip
async def test_a_message_that_is_not_text_counts_as_no_link(
    content: Json, feed: Feed, redis_url: str
) -> None:
    await feed(tap("platform_telegram"))
    queued(redis_url)
    await feed(message(**content))
    job = only(redis_url)
    assert (job.actor, job.args["text"]) == ("add_post", "")


async def test_a_long_text_is_cut(feed: Feed, redis_url: str) -> None:
    await feed(tap("platform_telegram"))
    queued(redis_url)
    await feed(message("Ї" * 10_000))
    assert only(redis_url).args["text"] == "Ї" * 4096


async def unasked(feed: Feed, redis_url: str) -> None:
    """Send a link, which nobody asked for any more: it is taken, but for no dialogue."""
    before = state(redis_url)
    await feed(message("https://t.me/channel/1"))
    args = only(redis_url).args
    assert (args["platform"], args["text"], args["dialogue"]) == ("", "https://t.me/channel/1", "")
    assert state(redis_url) == before
    await feed(message("привіт"))
    assert only(redis_url).args["page"] == "stray"


@pytest.mark.parametrize("data", ["cancel_action", "back_to_menu", "my_stats", "select_packages"])
async def test_a_tap_elsewhere_ends_the_dialogue(data: str, feed: Feed, redis_url: str) -> None:
    await feed(tap("platform_telegram"))
    await feed(tap(data))
    queued(redis_url)
    await unasked(feed, redis_url)


async def test_after_redis_was_wiped_a_link_is_still_taken(feed: Feed, redis_url: str) -> None:
    await feed(tap("platform_telegram"))
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    await unasked(feed, redis_url)


@pytest.mark.parametrize("name", [dialogues.WAITING_POST_URL, dialogues.PROCESSING_POST])
async def test_a_dialogue_without_its_data_is_over(name: str, feed: Feed, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(dialogues.state_key(PERSON, PERSON), name)
    await unasked(feed, redis_url)


@pytest.mark.parametrize(
    "make", [lambda: message("/start"), lambda: tap("confirm_starter-mini"), lambda: tap(f"cancel_{ORDER}")]
)
async def test_an_update_whose_mark_was_lost_has_the_same_key(
    make: object, feed: Feed, redis_url: str
) -> None:
    """Redis was wiped between two deliveries, and the ledger recognises the second one."""
    update = make()  # type: ignore[operator]
    await feed(update)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(*client.keys("updates:*"))
    await feed(update)
    first, second = queued(redis_url)
    assert first.args["key"] == second.args["key"]
    assert (first.actor, first.args["update_id"]) == (second.actor, second.args["update_id"])


async def test_two_taps_are_two_updates_but_one_invoice(feed: Feed, redis_url: str) -> None:
    for _ in range(2):
        await feed(tap(f"pay_{ORDER}"))
    first, second = queued(redis_url)
    assert first.args["key"] == second.args["key"]
    assert first.args["update_id"] != second.args["update_id"]


async def test_updates_are_numbered_in_the_order_seen(feed: Feed, redis_url: str) -> None:
    for data in ("select_packages", "my_stats", "back_to_menu"):
        await feed(tap(data))
    numbers = [job.args["seq"] for job in queued(redis_url)]
    assert numbers == sorted(set(numbers))


async def test_a_wipe_of_redis_does_not_restart_the_numbering(feed: Feed, redis_url: str) -> None:
    """Otherwise later updates would be older than a screen rendered before the wipe, and never be shown."""
    for _ in range(5):
        await feed(tap("my_stats"))
    before = max(job.args["seq"] for job in queued(redis_url))
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    await feed(tap("my_stats"))
    (after,) = (job.args["seq"] for job in queued(redis_url))
    assert after > before


@pytest.mark.parametrize(
    "update",
    [
        message("/start", chat=group()),
        tap("my_stats", chat=group()),
        membership("member", chat=group()),
        membership("left"),
        message(pinned_message={"message_id": 1, "date": 0, "chat": private()}),
        {"update_id": 1, "edited_message": message("/start")["message"] | {"edit_date": 1_790_000_001}},
        {"update_id": 2, "channel_post": {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}}},
        {"update_id": 3, "something_new": {"id": 1}},
        {"update_id": 4, "inline_query": {"id": "1", "from": person(), "query": "", "offset": ""}},
    ],
)
async def test_updates_that_are_not_for_the_bot_are_ignored(update: Json, feed: Feed, redis_url: str) -> None:
    await feed(update)
    assert queued(redis_url) == []


@pytest.mark.parametrize(
    ("keyboard", "order_id"),
    [
        ([{"callback_data": f"pay_{ORDER}"}, {"callback_data": f"cancel_{ORDER}"}], ORDER),
        ([{"url": "https://t.me/x"}, {"callback_data": f"cancel_{ORDER}"}], ORDER),
        ([{"callback_data": "cancel_action"}, {"callback_data": "cancel_it"}], ""),
        ([{"callback_data": "back_to_menu"}], ""),
        (None, ""),
    ],
)
async def test_a_tap_says_which_order_its_message_offers(
    keyboard: list[Json] | None, order_id: str, feed: Feed, redis_url: str
) -> None:
    """So a worker knows that this message no longer offers the order, even after a wipe of Redis."""
    update = tap("back_to_menu")
    if keyboard is not None:
        update["callback_query"]["message"]["reply_markup"] = {
            "inline_keyboard": [[button | {"text": "…"}] for button in keyboard]
        }
    await feed(update)
    assert only(redis_url).args["shown_order"] == order_id


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
async def test_a_person_who_blocks_the_bot_is_marked(
    status: str, *, reachable: bool, feed: Feed, redis_url: str
) -> None:
    update = membership(status)
    await feed(update)
    job = only(redis_url)
    assert (job.queue, job.actor) == ("notifications", "set_reachable")
    assert job.args == {
        "key": f"tg:{update['update_id']}:0",
        "telegram_id": PERSON,
        "reachable": reachable,
    }


async def test_the_language_of_a_job_is_telegram_s(feed: Feed, redis_url: str) -> None:
    update = tap("my_stats")
    update["callback_query"]["from"] = person(language="x" * 1000)
    await feed(update)
    assert len(only(redis_url).args["language"]) == 35
    update = tap("my_stats")
    del update["callback_query"]["from"]["language_code"]
    await feed(update)
    assert only(redis_url).args["language"] == ""
