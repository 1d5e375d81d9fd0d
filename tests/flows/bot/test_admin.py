"""Tests of admin commands and buttons: one job for an admin; for others no answer, only a log line."""

from __future__ import annotations

import json

import pytest
import redis
from structlog.testing import capture_logs

from socialboost import jobs
from socialboost.bot import guard
from socialboost.bot.admin import packages, panel
from socialboost.chat import admins, callbacks, dialogues
from tests.flows.bot.conftest import Feed
from tests.flows.updates import ADMIN, ORDER, PERSON, Json, group, message, only, person, private, queued, tap

REF = "0123456789abcdef" * 2
LETTER = f"letter_{ORDER}"

COMMANDS: list[tuple[str, type[jobs.Job], Json]] = [
    ("/admin", jobs.ShowAdminPage, {"page": "panel"}),
    ("/stats", jobs.ShowAdminPage, {"page": "stats"}),
    ("/debug", jobs.ShowAdminPage, {"page": "debug"}),
]
TAPS: list[tuple[str, type[jobs.Job], Json]] = [
    ("admin_panel", jobs.ShowAdminPage, {"page": "panel"}),
    ("admin_stats", jobs.ShowAdminPage, {"page": "stats"}),
    ("admin_settings", jobs.ShowAdminPage, {"page": "settings"}),
    ("admin_notices", jobs.ShowAdminPage, {"page": "notices"}),
    ("admin_exceptions_0", jobs.ShowExceptions, {"page": 0}),
    ("admin_exceptions_12", jobs.ShowExceptions, {"page": 12}),
    (f"payment_{ORDER}", jobs.ShowPayment, {"payment_id": ORDER}),
    (f"payment_owner_{ORDER}", jobs.AskPaymentOwner, {"payment_id": ORDER}),
    *(
        (f"payment_{action}_{ORDER}", jobs.AskDecision, {"payment_id": ORDER, "action": action})
        for action in callbacks.DECISIONS
    ),
    *(
        (
            f"payment_{action}_{ORDER}_0123456789",
            jobs.ResolvePayment,
            {"payment_id": ORDER, "action": action, "seen": "0123456789", "actor_id": ADMIN, "origin": "bot"},
        )
        for action in callbacks.DECISIONS
    ),
    ("admin_packages", jobs.ShowEveryPackage, {}),
    (f"package_{ORDER}", jobs.ShowAnyPackage, {"package_id": ORDER, "field": ""}),
    *(
        (f"package_{field}_{ORDER}", jobs.ShowAnyPackage, {"package_id": ORDER, "field": field})
        for field in callbacks.PACKAGE_FIELDS
    ),
    *(
        (f"package_{sale}_{ORDER}", jobs.ChangePackage, {"package_id": ORDER, "field": "sale", "text": sale})
        for sale in callbacks.SALES
    ),
    ("admin_withheld_0", jobs.ShowWithheld, {"page": 0}),
    (f"withheld_{REF}", jobs.ShowWithheldMessage, {"ref": REF}),
    *(
        (f"withheld_{action}_{ref}", jobs.AskWithheld, {"ref": ref, "action": action})
        for action in callbacks.WITHHELD_ACTIONS
        for ref in (REF, callbacks.EVERYTHING)
    ),
    *(
        (
            f"withheld_{action}_{ref}_0123abcd",
            jobs.SettleWithheld,
            {"ref": ref, "action": action, "seen": "0123abcd", "actor_id": ADMIN, "origin": "bot"},
        )
        for action in callbacks.WITHHELD_ACTIONS
        for ref in (REF, callbacks.EVERYTHING)
    ),
    ("admin_jobs_0", jobs.ShowParkedJobs, {"page": 0}),
    (f"job_{REF}", jobs.ShowParkedJob, {"ref": REF}),
    (f"job_{LETTER}", jobs.ShowParkedJob, {"ref": LETTER}),
    *((f"job_replay_{ref}", jobs.SettleParkedJob, {"ref": ref, "action": "replay"}) for ref in (REF, LETTER)),
    *((f"job_discard_{ref}", jobs.AskSettlement, {"ref": ref}) for ref in (REF, LETTER)),
    *(
        (
            f"job_discard_{ref}_waiting",
            jobs.SettleParkedJob,
            {"ref": ref, "action": "discard", "seen": "waiting"},
        )
        for ref in (REF, LETTER)
    ),
]
STRAYS = [
    *(
        "package_",
        f"package_slug_{ORDER}",
        "admin_",
        "admin_exceptions_x",
        "payment_",
        "payment_keep",
        f"payment_keep_{ORDER}",
        f"payment_refund_{ORDER}_",
        f"payment_refund_{ORDER}_01234567890",
        f"payment_refund_{ORDER}_a_b",
    ),
    *(
        f"payment_owner_{REF}x",
        "job_",
        "job_x",
        f"job_burn_{REF}",
        f"job_replay_{REF}0",
        "job_replay_letter_",
    ),
]


def by(update: Json, telegram_id: int) -> Json:
    """The same update, from somebody else in their own private chat."""
    kind = "message" if "message" in update else "callback_query"
    body = update[kind]
    body["from"] = person(telegram_id)
    (body if kind == "message" else body["message"])["chat"] = private(telegram_id)
    return update


def asking(redis_url: str, telegram_id: int, state: str) -> None:
    """Put somebody into a dialogue of the admins."""
    data = {"payment_id": ORDER, "package_id": ORDER, "field": "price", "dialogue": "tg:1"}
    with redis.Redis.from_url(redis_url) as client:
        client.set(dialogues.state_key(telegram_id, telegram_id), state)
        client.set(dialogues.data_key(telegram_id, telegram_id), json.dumps(data))


def update_of(step: str) -> Json:
    return message(step) if step.startswith("/") else tap(step)


@pytest.mark.parametrize("row", [*COMMANDS, *TAPS], ids=lambda row: row[0])
async def test_each_step_of_an_admin_is_one_job(
    row: tuple[str, type[jobs.Job], Json], feed: Feed, redis_url: str
) -> None:
    step, contract, fields = row
    update = by(update_of(step), ADMIN)
    await feed(update)
    job = only(redis_url)
    assert (job.queue, job.actor) == (contract.queue, contract.actor_name)
    assert job.args.items() >= fields.items()
    assert job.args["telegram_id"] == job.args["chat_id"] == ADMIN
    if issubclass(contract, jobs.LedgerJob):
        assert job.args["key"] == f"tg:{update['update_id']}:0"
    contract(**job.args)


async def test_an_answer_belongs_to_the_dialogue_that_asked(feed: Feed, redis_url: str) -> None:
    asked = by(tap(f"payment_owner_{ORDER}"), ADMIN)
    await feed(asked)
    queued(redis_url)
    answer = by(message("123456"), ADMIN)
    await feed(answer)
    job = only(redis_url)
    assert (job.actor, job.args["payment_id"], job.args["text"]) == ("name_payment_owner", ORDER, "123456")
    assert job.args["dialogue"] == f"tg:{asked['update_id']}"
    await feed(by(message("/admin"), ADMIN))  # a command is a command in any dialogue
    assert only(redis_url).actor == "show_admin_page"
    await feed(by(message("123456"), ADMIN))
    assert only(redis_url).args["page"] == "stray"


async def test_a_new_value_belongs_to_the_dialogue_that_asked(feed: Feed, redis_url: str) -> None:
    asked = by(tap(f"package_price_{ORDER}"), ADMIN)
    await feed(asked)
    queued(redis_url)
    await feed(by(message("12.50"), ADMIN))
    job = only(redis_url)
    assert (job.actor, job.args["field"], job.args["text"]) == ("change_package", "price", "12.50")
    assert (job.args["package_id"], job.args["dialogue"]) == (ORDER, f"tg:{asked['update_id']}")


@pytest.mark.parametrize(
    ("data", "answer"), [("payment_owner", "123456"), ("package_price", "12.50"), ("package_off", "")]
)
async def test_an_answer_carries_the_state_that_the_admin_saw(
    data: str, answer: str, feed: Feed, redis_url: str
) -> None:
    await feed(by(tap(f"{data}_{ORDER}_0123456789"), ADMIN))
    if answer:
        queued(redis_url)
        await feed(by(message(answer), ADMIN))
    job = only(redis_url)
    assert (job.args["seen"], job.args["actor_id"], job.args["origin"]) == ("0123456789", ADMIN, "bot")


@pytest.mark.parametrize("data", STRAYS)
async def test_unknown_callback_data_is_a_stray_for_an_admin_too(
    data: str, feed: Feed, redis_url: str
) -> None:
    await feed(by(tap(data), ADMIN))
    assert (only(redis_url).args["page"]) == "unknown"


def test_the_tables_reach_every_handler_of_the_panel() -> None:
    """So the refusals below cover the whole panel."""
    routes = (*panel.ROUTES, *packages.ROUTES)
    assert {route.handler for route in routes} == REACHED
    assert len(routes) == len(REACHED)


REACHED = {
    *(panel.command, panel.show_page, panel.show_exceptions, panel.show_payment, panel.resolve),
    *(packages.show_packages, packages.show_package, packages.ask_value, packages.change_value),
    *(
        packages.switch_sale,
        panel.ask_owner,
        panel.name_owner,
        panel.show_jobs,
        panel.show_job,
        panel.settle_job,
    ),
}


@pytest.mark.parametrize("step", [row[0] for row in [*COMMANDS, *TAPS]])
async def test_other_people_are_refused_and_the_attempt_is_logged(
    step: str, feed: Feed, redis_url: str
) -> None:
    await feed(update_of("/nonsense" if step.startswith("/") else "nonsense"))
    stranger = only(redis_url)
    with capture_logs() as lines:
        await feed(update_of(step))
    job = only(redis_url)
    page = "unknown_command" if step.startswith("/") else "unknown"
    assert (job.actor, job.args["page"]) == (stranger.actor, stranger.args["page"]) == ("show_page", page)
    assert [line["where"] for line in lines if line["event"] == "admin_refused"] == ["bot"]


@pytest.mark.parametrize("state", ["AdminDialogues:NAMING_OWNER", "AdminDialogues:CHANGING_PACKAGE"])
async def test_only_admins_can_answer_a_dialogue_of_admins(state: str, feed: Feed, redis_url: str) -> None:
    """The person was an admin when the dialogue began."""
    asking(redis_url, PERSON, state)
    with capture_logs() as lines:
        await feed(message("123456"))
    assert only(redis_url).args["page"] == "stray"
    assert [line["event"] for line in lines].count("admin_refused") == 1


@pytest.mark.parametrize("row", [*COMMANDS, *TAPS], ids=lambda row: row[0])
async def test_an_admin_s_command_or_button_in_a_group_makes_no_job(
    row: tuple[str, type[jobs.Job], Json], feed: Feed, redis_url: str
) -> None:
    update = by(update_of(row[0]), ADMIN)
    kind = "message" if "message" in update else "callback_query"
    (update[kind] if kind == "message" else update[kind]["message"])["chat"] = group()
    await feed(update)
    assert queued(redis_url) == []


@pytest.mark.parametrize(
    "content",
    [
        {"forward_origin": {"type": "user", "date": 1, "sender_user": person(ADMIN)}},
        {"sender_chat": private(ADMIN)},
        {"reply_to_message": {"message_id": 1, "date": 1, "chat": private(), "from": person(ADMIN)}},
    ],
)
async def test_forwarding_or_answering_an_admin_gives_no_admin_rights(
    content: Json, feed: Feed, redis_url: str
) -> None:
    await feed(message("/admin", **content))
    assert only(redis_url).args["page"] == "unknown_command"


async def test_the_filter_itself_checks_the_chat(redis_url: str) -> None:
    """It works without the middleware that drops groups."""
    from aiogram.types import Update

    from socialboost.bot import connections

    client = connections.connect(redis_url)
    may = guard.IsAdmin(guard.Admins([ADMIN], client))
    inside = Update.model_validate(by(message("/admin"), ADMIN)).message
    outside = Update.model_validate(message("/admin", chat=group(), **{"from": person(ADMIN)})).message
    assert inside is not None
    assert outside is not None
    assert await may(inside)
    assert not await may(outside)
    assert not await guard.IsAdmin(guard.Admins([], client))(inside)
    await client.aclose()


COLLEAGUE = 900_000_002
"""Somebody with a role in the table, and not in the setting."""


@pytest.mark.parametrize("row", [*COMMANDS, *TAPS], ids=lambda row: row[0])
async def test_a_person_listed_in_redis_is_an_admin(
    row: tuple[str, type[jobs.Job], Json], feed: Feed, redis_url: str
) -> None:
    step, contract, _ = row
    with redis.Redis.from_url(redis_url) as client:
        client.sadd(admins.KEY, str(COLLEAGUE))
    await feed(by(update_of(step), COLLEAGUE))
    job = only(redis_url)
    assert (job.actor, job.args["telegram_id"]) == (contract.actor_name, COLLEAGUE)


async def test_after_a_wipe_of_redis_only_the_owners_are_admins(feed: Feed, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.sadd(admins.KEY, str(COLLEAGUE))
    await feed(by(message("/admin"), COLLEAGUE))
    assert only(redis_url).actor == "show_admin_page"
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    await feed(by(message("/admin"), COLLEAGUE))
    assert only(redis_url).args["page"] == "unknown_command"
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    await feed(by(message("/admin"), ADMIN))
    assert only(redis_url).actor == "show_admin_page"


async def test_only_admin_updates_cause_a_role_check_in_redis(feed: Feed, redis_url: str) -> None:
    """So ordinary updates need no extra call."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:

        def asked() -> int:
            return int(client.info("commandstats").get("cmdstat_sismember", {}).get("calls", 0))

        before = asked()
        for step in ("main_menu", "nonsense"):
            await feed(update_of(step))
        await feed(message("https://www.tiktok.com/@somebody/video/7000000000000000001"))
        assert asked() == before
        await feed(update_of("admin_panel"))
        assert asked() == before + 1
