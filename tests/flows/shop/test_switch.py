"""Tests of a change to a smaller package: the buyer confirms before paying, and sees what follows."""

from __future__ import annotations

from datetime import datetime

import pytest

from socialboost import jobs
from socialboost.screens import texts
from tests.flows.shop.desk import data_of
from tests.flows.shop.world import Buyer, Shop, wait_until
from workers.engine import resources


def moment(shop: Shop, order_id: str, language: str) -> str:
    """Return an order's end as people read it."""
    ends: datetime = shop.value("SELECT expires_at FROM orders WHERE id = %s", order_id)
    return str(texts.texts(language).moment(ends, resources.settings().timezone))


def screen(buyer: Buyer, contract: type[jobs.Job], words: str, **fields: object) -> str:
    """Tap through the screens under the newest message. Returns its text."""
    buyer.do(contract, **fields)
    wait_until(lambda: words in buyer.newest()["text"], words)
    return str(buyer.newest()["text"])


SAYINGS = {
    "uk": ("✅ Оплата", "Головне меню", "Моя статистика", "Історія", "⏭ далі: Elite до {}"),
    "en": ("✅ Payment", "Main menu", "My statistics", "History", "⏭ next: Elite until {}"),
}


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_waiting_package_is_shown_in_receipt_menu_statistics_and_history(
    shop: Shop, here: pytest.MonkeyPatch, language: str
) -> None:
    paid, menu, statistics, history, waits = SAYINGS[language]
    buyer = Buyer(shop, language=language)
    buyer.start()
    elite = buyer.buy("elite")
    assert waits.partition(":")[0] not in buyer.newest()["text"], "nothing waits yet"
    buyer.buy("mini")
    line = waits.format(moment(shop, elite, language))
    assert line in buyer.read(paid)["text"]
    assert line in screen(buyer, jobs.ShowMenu, menu)
    assert line in screen(buyer, jobs.ShowStats, statistics)
    entries = screen(buyer, jobs.ShowHistory, history).split("\n\n")
    assert [line in entry for entry in entries] == [False, False, True]


def test_a_smaller_package_needs_a_confirmation_before_payment(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    order_id = buyer.open_order("mini")
    card = buyer.read("Ваше замовлення")
    assert "Цей пакет менший за ваш «Plus»" in card["text"]
    assert "Постів на день менше: 1 замість 2\n⬇️ Ціна менша: $99.99 замість $299.00" in card["text"]
    assert "Справді перейти на менший пакет?" in card["text"]
    assert data_of(card) == [f"pay_{order_id}", f"cancel_{order_id}", "back_to_menu"]
    assert card["keyboard"][0][0]["text"] == "💳 Так, оплатити 99.99 USDT"
    shop.wait_for_job(buyer.do(jobs.CancelOrder, order_id=order_id).key)
    assert "Замовлення скасовано" in buyer.newest()["text"]


@pytest.mark.parametrize(("running", "new"), [(None, "mini"), ("mini", "mini"), ("mini", "plus")])
def test_a_package_that_is_not_smaller_needs_no_confirmation(
    buyer: Buyer, running: str | None, new: str
) -> None:
    if running:
        buyer.buy(running)
    buyer.open_order(new)
    assert "менш" not in buyer.read("Ваше замовлення")["text"]
