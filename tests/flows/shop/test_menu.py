"""Tests of the menu: one message is edited, in the right language, and the later tap wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import redis
from dramatiq.common import current_millis
from dramatiq.message import Message

from socialboost import jobs
from socialboost.chat import dialogues
from socialboost.queue import broker, deliveries
from tests.flows.shop.world import Buyer, Shop, wait_until
from workers.telegram import freshness


def test_start_greets_and_registers(shop: Shop) -> None:
    buyer = Buyer(shop)
    buyer.start(payload="spring_sale")
    assert buyer.newest()["text"].startswith("🚀 Вітаємо")
    (row,) = shop.rows("SELECT start_payload, language FROM users WHERE telegram_id = %s", buyer.id)
    assert row == {"start_payload": "spring_sale", "language": "uk"}


def test_a_second_start_finds_the_same_person(shop: Shop, buyer: Buyer) -> None:
    buyer.do(jobs.RegisterUser, typed=True, first_name="Олена")
    wait_until(lambda: buyer.count("🚀 Вітаємо") == 2, "second welcome")
    assert shop.value("SELECT count(*) FROM users WHERE telegram_id = %s", buyer.id) == 1


def test_a_redelivered_start_is_answered_once(shop: Shop) -> None:
    buyer = Buyer(shop)
    fields = buyer.fields()
    for _ in range(3):
        jobs.send(jobs.RegisterUser(key=f"tg:{fields['update_id']}:0", **fields))
    buyer.read("🚀 Вітаємо")
    buyer.do(jobs.ShowPackages)  # sent after them: when it is answered they have been looked at
    buyer.read("Пакети просування")
    assert len(buyer.messages()) == 1


def test_one_message_is_edited_through_the_menu(buyer: Buyer) -> None:
    walk: list[tuple[type[jobs.Tap], dict[str, object], str]] = [
        (jobs.ShowPackages, {}, "Пакети просування"),
        (jobs.ShowPackage, {"slug": "mini"}, "$99.99"),
        (jobs.ShowStats, {}, "Моя статистика"),
        (jobs.ShowHistory, {"page": 0}, "Історія"),
        (jobs.ShowPage, {"page": "support"}, "Підтримка"),
        (jobs.ShowPage, {"page": "faq"}, "Часті питання"),
        (jobs.ShowMenu, {}, "Головне меню"),
    ]
    for contract, fields, words in walk:
        buyer.do(contract, **fields)
        buyer.read(words)
    assert len(buyer.messages()) == 1


def test_every_tap_stops_its_spinner(shop: Shop, buyer: Buyer) -> None:
    for contract in (jobs.ShowPackages, jobs.ShowStats, jobs.ShowPlatforms):
        job = buyer.do(contract)
        wait_until(lambda: len(shop.spinner_answers(job.callback_id)) == 1, "the spinner's answer")  # noqa: B023


def test_a_tapped_heading_changes_nothing(shop: Shop, buyer: Buyer) -> None:
    before = buyer.newest()
    job = buyer.do(jobs.ShowPage, page="noop")
    wait_until(lambda: shop.spinner_answers(job.callback_id), "the spinner's answer")
    assert buyer.newest() == before


def test_a_package_no_longer_on_sale_is_answered_as_such(buyer: Buyer) -> None:
    buyer.do(jobs.ShowPackage, slug="no-such-package")
    buyer.read("вже немає в продажу")


def test_language_follows_telegram_until_one_is_chosen(shop: Shop) -> None:
    buyer = Buyer(shop, language="de")
    buyer.start()
    assert "Вітаємо" not in buyer.newest()["text"]
    shop.wait_for_job(buyer.do(jobs.SetLanguage, chosen="uk").key)
    buyer.read("Головне меню")
    buyer.do(jobs.ShowPackages)
    buyer.read("Пакети просування")


def test_an_unknown_person_is_asked_to_send_start(shop: Shop, buyer: Buyer) -> None:
    stranger = Buyer(shop)
    jobs.send(jobs.ShowMenu(**stranger.fields()))
    stranger.read("/start")
    fields = stranger.fields(tapped=stranger.newest()["message_id"])
    jobs.send(jobs.OpenOrder(key=f"tg:{fields['update_id']}:0", slug="mini", **fields))
    shop.wait_for_job(f"tg:{fields['update_id']}:0")
    assert shop.value("SELECT count(*) FROM users WHERE telegram_id = %s", stranger.id) == 0


def test_of_two_renders_the_later_tap_wins(shop: Shop, buyer: Buyer) -> None:
    message_id = buyer.newest()["message_id"]
    earlier, later = buyer.fields(tapped=message_id), buyer.fields(tapped=message_id)
    jobs.send(jobs.ShowPackages(**later))
    buyer.read("Пакети просування")
    jobs.send(jobs.ShowStats(**earlier))
    wait_until(lambda: "stale_render_dropped" in shop.log_text(), "the stale render")
    assert "Пакети просування" in buyer.newest()["text"]


@pytest.mark.parametrize("later", [1, 0], ids=["asked for", "negative control: nothing else asked for"])
def test_a_screen_that_waited_is_dropped_when_a_later_one_was_requested(
    shop: Shop, buyer: Buyer, later: int
) -> None:
    tap = jobs.ShowStats(**buyer._tap(buyer.newest()["message_id"]))
    with redis.Redis.from_url(shop.redis_url) as client:
        client.set(f"{deliveries.WANTED_PREFIX}{buyer.id}:{tap.message_id}", tap.seq + later)
    waited = current_millis() - 10 * freshness.SURE_MS
    broker.current().enqueue(
        Message[Any](tap.queue, tap.actor_name, (), tap.payload(), {}, str(uuid4()), waited)
    )
    wait_until(lambda: shop.spinner_answers(str(tap.callback_id)), "the spinner to stop")
    if later:
        wait_until(lambda: "stale_screen_dropped" in shop.log_text(), "the drop")
        assert "Моя статистика" not in buyer.newest()["text"]
    else:
        buyer.read("Моя статистика")


def test_an_earlier_edit_that_arrives_late_does_not_stay(shop: Shop, buyer: Buyer) -> None:
    """The earlier render passed the check first and is delayed on its way while the later one arrives."""
    message_id = buyer.newest()["message_id"]
    earlier, later = buyer.fields(tapped=message_id), buyer.fields(tapped=message_id)
    slow = {"kind": "delay", "seconds": 1.5, "method": "editMessageText", "chat_id": buyer.id}
    with shop.fault(shop.telegram, **slow, contains="Моя статистика", times=1):
        jobs.send(jobs.ShowStats(**earlier))
        key = dialogues.rendered_key(buyer.id, message_id)
        with redis.Redis.from_url(shop.redis_url, decode_responses=True) as client:
            wait_until(lambda: client.get(key) == str(earlier["seq"]), "the earlier render's claim")
        jobs.send(jobs.ShowPackages(**later))
        buyer.read("Пакети просування")
        wait_until(lambda: len(shop.telegram_calls("editMessageText", buyer.id)) == 3, "the later one again")
        wait_until(lambda: "Пакети просування" in buyer.newest()["text"], "the later one on top")


def test_a_deleted_message_is_replaced_by_a_new_one(shop: Shop, buyer: Buyer) -> None:
    fields = buyer.fields(tapped=424242)
    jobs.send(jobs.ShowPackages(**fields))
    buyer.read("Пакети просування")
    assert len(buyer.messages()) == 2


@pytest.mark.parametrize(
    ("words", "sent_anew"),
    [
        ("there is no text in the message to edit", True),
        ("MESSAGE_AUTHOR_REQUIRED", True),
        ("can't parse entities: something new", False),
        ("message is not modified: something new", False),
    ],
)
def test_the_screen_is_shown_whatever_the_reason_for_refusing_an_edit(
    shop: Shop, buyer: Buyer, words: str, *, sent_anew: bool
) -> None:
    """No list of Telegram's texts is complete. Bad markup would be refused in a new message too."""
    message_id, before = buyer.newest()["message_id"], len(buyer.messages())
    refused = {"kind": "bad_request", "description": words, "method": "editMessageText", "chat_id": buyer.id}
    with shop.fault(shop.telegram, **refused, times=1):
        jobs.send(jobs.ShowPackages(**buyer.fields(tapped=message_id)))
        wait_until(lambda: shop.telegram_calls("editMessageText", buyer.id), "the edit")
        if sent_anew:
            buyer.read("Пакети просування")
    wait_until(lambda: shop.log_text().count('"job_finished"') >= 2, "the job's end")
    assert len(buyer.messages()) == before + sent_anew


def test_a_person_who_blocked_the_bot_is_marked_and_nothing_fails(shop: Shop, buyer: Buyer) -> None:
    message_id = buyer.newest()["message_id"]
    shop.post(shop.telegram, f"/sim/people/{buyer.id}/block")
    fields = buyer.fields(tapped=message_id)
    jobs.send(jobs.OpenOrder(key=f"tg:{fields['update_id']}:0", slug="mini", **fields))
    shop.wait_for_job(f"tg:{fields['update_id']}:0")
    assert shop.value("SELECT blocked_at FROM users WHERE telegram_id = %s", buyer.id) is not None
    shop.post(shop.telegram, f"/sim/people/{buyer.id}/unblock")
    number = shop.next_id()
    jobs.send(jobs.SetReachable(key=f"tg:{number}:0", telegram_id=buyer.id, reachable=True))
    shop.wait_for_job(f"tg:{number}:0")
    assert shop.value("SELECT blocked_at FROM users WHERE telegram_id = %s", buyer.id) is None


def test_history_shows_orders(shop: Shop, newcomer: Callable[[], Buyer]) -> None:
    buyer = newcomer()
    buyer.open_order("plus")
    buyer.do(jobs.ShowHistory, page=0)
    assert "Plus" in buyer.read("Історія")["text"]
    buyer.do(jobs.ShowHistory, page=7)
    buyer.read("Тут з'являться")


@pytest.mark.parametrize("page", ["languages", "privacy", "paysupport", "help", "no-such-page"])
def test_fixed_pages_lead_back(buyer: Buyer, page: str) -> None:
    before = buyer.newest()["change"]
    buyer.do(jobs.ShowPage, page=page)
    wait_until(lambda: buyer.newest()["change"] > before, page)
    data = [button.get("data") for row in buyer.newest()["keyboard"] for button in row]
    assert "back_to_menu" in data or "support" in data
