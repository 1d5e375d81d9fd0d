"""Tests of the jobs that run on a schedule or at the start."""

from __future__ import annotations

import secrets

import psycopg
import pytest

from socialboost import jobs
from socialboost.chat.languages import SHOP
from tests.flows.shop.world import ADMIN_ID, BOT_TOKEN, CHANNEL_ID, PAY_TOKEN, Buyer, Shop, wait_until
from workers.engine import resources
from workers.engine.actors import Attempt
from workers.operations import bot_registration, health
from workers.people import accounts

FIRST = Attempt(number=1, worker="test", last=False)
MENUS = sum(len(language.codes) for language in SHOP)
"""One a code of Telegram; the one for every other code has none."""


def calls(shop: Shop, method: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = shop.get(shop.telegram, "/sim/wire", kind="call", method=method)[
        "records"
    ]
    return found


def test_polling_removes_the_webhook_and_sets_the_commands(shop: Shop) -> None:
    key = f"tick:register_bot:{secrets.token_hex(4)}"
    jobs.send(jobs.RegisterBot(key=key))
    shop.wait_for_job(key)
    assert len(calls(shop, "deleteWebhook")) == 1
    people = shop.post(shop.telegram, "/sim/people", {"first_name": "Хтось"})["id"], ADMIN_ID
    menus = {who: shop.get(shop.telegram, f"/sim/people/{who}")["commands"] for who in people}
    everyones, admins = ([item["command"] for item in menus[who]] for who in people)
    assert everyones == ["start", "help", "privacy", "paysupport"]
    assert admins == ["admin", "stats", "broadcast", "debug", *everyones]
    assert len(calls(shop, "setMyCommands")) == 2 * MENUS


def test_an_admin_who_never_started_the_bot_stops_nobody_and_gets_the_menu_with_start(
    stage: Shop, here: pytest.MonkeyPatch
) -> None:
    late = stage.post(stage.telegram, "/sim/people", {"first_name": "Нова", "language_code": "en"})["id"]
    here.setenv("ADMIN_TELEGRAM_IDS", f"{late},{ADMIN_ID}")
    resources.close()
    before = len(calls(stage, "setMyCommands"))
    bot_registration.register_bot(jobs.RegisterBot(key="tick:register_bot:2"), FIRST)
    made = calls(stage, "setMyCommands")[before:]
    assert [call["status"] for call in made] == [200] * MENUS + [400] + [200] * MENUS, (
        "the refusal is about one chat"
    )
    stage.post(stage.telegram, f"/sim/people/{late}/messages", {"text": "/start"})
    start = jobs.RegisterUser(key="tg:1:0", telegram_id=late, chat_id=late, update_id=1, first_name="Нова")
    accounts.register_user(start, FIRST)
    owed = stage.job(f"commands:{late}:1")
    assert owed["actor"] == "register_commands"
    bot_registration.register_commands(jobs.RegisterCommands(key=owed["key"], telegram_id=late), FIRST)
    menu = stage.get(stage.telegram, f"/sim/people/{late}")["commands"]
    assert menu[0] == {"command": "admin", "description": "Admin panel"}
    bot_registration.register_commands(jobs.RegisterCommands(key="commands:5:1", telegram_id=5), FIRST)
    assert calls(stage, "setMyCommands")[-1]["status"] == 200, "for somebody who is no admin nothing is asked"


def test_a_webhook_is_registered_with_its_secret(stage: Shop, here: pytest.MonkeyPatch) -> None:
    here.setenv("TELEGRAM_WEBHOOK_URL", "https://shop.example:8443/hooks/")
    here.setenv("TELEGRAM_WEBHOOK_SECRET", "s" * 32)
    bot_registration.register_bot(jobs.RegisterBot(key="tick:register_bot:1"), FIRST)
    (call,) = calls(stage, "setWebhook")
    assert call["status"] == 200
    answer = stage.http.get(f"{stage.telegram.url}/bot{BOT_TOKEN}/getWebhookInfo", timeout=10).json()[
        "result"
    ]
    assert answer["url"] == "https://shop.example:8443/hooks/webhook/telegram"
    assert set(answer["allowed_updates"]) == {"message", "callback_query", "my_chat_member"}
    stage.http.get(f"{stage.telegram.url}/bot{BOT_TOKEN}/deleteWebhook", timeout=10).raise_for_status()


def test_a_tick_only_enqueues(shop: Shop) -> None:
    jobs.send(jobs.TickMinute())
    jobs.send(jobs.TickMinute())
    swept = "SELECT count(*) FROM job_ledger WHERE key LIKE 'tick:sweep_orders:%%-%%' AND state = 'done'"
    wait_until(lambda: shop.value(swept) >= 1, "the sweep")
    assert shop.value(swept) <= 2, "two ticks of one minute are one sweep"


def test_settled_jobs_are_deleted_after_a_week(shop: Shop) -> None:
    insert = (
        "INSERT INTO job_ledger (key, actor, queue, state, done_at)"
        " VALUES (%s, 'show_menu', 'interactive', %s, now() - %s::interval) RETURNING key"
    )
    shop.rows(insert, "old:done", "done", "8 days")
    shop.rows(insert, "young:done", "done", "6 days")
    shop.rows(insert, "old:parked", "parked", "8 days")
    jobs.send(jobs.PurgeLedger(key="tick:purge_ledger:test"))
    shop.wait_for_job("tick:purge_ledger:test")
    left = {row["key"] for row in shop.rows("SELECT key FROM job_ledger WHERE actor = 'show_menu'")}
    assert left == {"young:done", "old:parked"}


def test_health_reports_that_the_database_is_down(stage: Shop, here: pytest.MonkeyPatch) -> None:
    assert health.check_health(jobs.CheckHealth()) == {"database": True}
    here.setenv("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    resources.close()
    assert health.check_health(jobs.CheckHealth()) == {"database": False}


def test_health_reports_that_the_database_accepts_no_writes(stage: Shop, here: pytest.MonkeyPatch) -> None:
    """It is a standby or a full plan: it answers every question but is useless."""
    name = stage.value("SELECT current_database()")
    stage.database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    resources.close()
    try:
        assert resources.db().value("ping") == 1
        assert health.check_health(jobs.CheckHealth()) == {"database": False}
    finally:
        with psycopg.connect(stage.database_url, autocommit=True) as owner:
            owner.execute("SET default_transaction_read_only = off")
            owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_a_channel_that_removed_the_bot_causes_no_notices_about_notices(shop: Shop) -> None:
    shop.http.patch(
        f"{shop.telegram.url}/sim/chats/{CHANNEL_ID}", json={"bot_status": "kicked"}, timeout=10
    ).raise_for_status()
    jobs.send(jobs.NotifyAdmins(key="notice:test:1", kind="order_paid", data={"reason": "<b>test</b>"}))
    shop.wait_for_job(f"notice:test:1:{ADMIN_ID}")
    shop.wait_for_job(f"notice:test:1:{CHANNEL_ID}", "discarded")
    told = [m for m in shop.messages(ADMIN_ID) if "<b>test</b>" in m["text"]]
    assert len(told) == 1


def test_no_secret_reaches_the_log(shop: Shop) -> None:
    Buyer(shop).start()
    wait_until(lambda: "telegram_called" in shop.log_text(), "a call to Telegram in the log")
    text = shop.log_text()
    assert BOT_TOKEN not in text
    assert PAY_TOKEN not in text
    assert shop.environment["PAYMENT_DATA_KEY"] not in text
