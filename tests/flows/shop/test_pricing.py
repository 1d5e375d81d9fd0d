"""Tests of package editing: it affects new orders, is visible at once, and records the admin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from socialboost import jobs
from tests.flows.shop.desk import Admin, data_of
from tests.flows.shop.world import Buyer, Shop, wait_until

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def admin(shop: Shop) -> Admin:
    return Admin(shop)


def package(shop: Shop, slug: str) -> dict[str, Any]:
    (row,) = shop.rows("SELECT *, id::text AS package_id FROM packages WHERE slug = %s", slug)
    return row


def change(shop: Shop, admin: Admin, slug: str, field: str, text: str) -> None:
    package_id = package(shop, slug)["package_id"]
    job = admin.do(jobs.ChangePackage, typed=True, package_id=package_id, field=field, text=text)
    shop.wait_for_job(job.key)


def test_a_new_price_is_for_new_orders(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    buyer.do(jobs.ShowPackages)
    buyer.read("Пакети просування")
    order_id = buyer.open_order("plus")
    change(shop, admin, "plus", "price", "310,5")
    try:
        assert buyer.invoice(order_id)["amount"] == "299"
        buyer.do(jobs.ShowPackages)
        labels = [b["text"] for row in buyer.read("Пакети просування")["keyboard"] for b in row]
        assert any("$310.50" in label for label in labels), "what is cached is forgotten with the commit"
    finally:
        change(shop, admin, "plus", "price", "299")
    noted = shop.rows(
        "SELECT data FROM admin_actions WHERE action = 'package_change' AND subject = %s ORDER BY created_at",
        package(shop, "plus")["package_id"],
    )
    assert (noted[0]["data"]["was"]["price"], noted[0]["data"]["is"]["price"]) == ("299.00", "310.50")


def test_a_package_is_taken_off_sale_and_put_back(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    change(shop, admin, "elite", "sale", "off")
    buyer.do(jobs.OpenOrder, slug="elite")
    buyer.read("вже немає в продажу")
    listed = admin.says(jobs.ShowEveryPackage, "Керування пакетами")
    assert f"package_{package(shop, 'elite')['package_id']}" in data_of(listed)
    change(shop, admin, "elite", "sale", "on")
    assert package(shop, "elite")["is_active"] is True


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("price", text) for text in ("0", "-1", "1.999", "1e5", "NaN", "100000", "", "ціна")),
        *(("posts", text) for text in ("0", "-1", "1.5", "1001", "99999", "")),
        *(("name", text) for text in ("", "x" * 101, "a\u202eb", "два\nрядки")),
    ],
)
def test_an_invalid_value_changes_nothing_and_is_asked_for_again(
    shop: Shop, admin: Admin, field: str, text: str
) -> None:
    before = package(shop, "mini")
    fields = {"package_id": before["package_id"], "field": field, "text": text}
    admin.says(jobs.ChangePackage, "❗️", **fields)
    assert package(shop, "mini") == before


def test_the_card_asks_for_a_value_and_shows_the_change(shop: Shop, admin: Admin) -> None:
    package_id = package(shop, "mini")["package_id"]
    card = admin.says(jobs.ShowAnyPackage, "Ідентифікатор", package_id=package_id)
    seen = shop.value("SELECT package_seen(p) FROM packages AS p WHERE id = %s", package_id)
    assert data_of(card)[:2] == [f"package_off_{package_id}_{seen}", f"package_name_{package_id}_{seen}"]
    admin.says(jobs.ShowAnyPackage, "нову назву", package_id=package_id, field="name")
    changed = {"package_id": package_id, "field": "name"}
    admin.says(jobs.ChangePackage, "Mini Plus", text=" Mini Plus ", **changed)
    assert package(shop, "mini")["name"] == "Mini Plus"
    change(shop, admin, "mini", "name", "Mini")
    change(shop, admin, "mini", "posts", "3")
    assert package(shop, "mini")["posts_per_day"] == 3
    change(shop, admin, "mini", "posts", "1")
    assert package(shop, "mini")["price"] == Decimal("99.99")


def test_a_package_that_a_colleague_changed_meanwhile_is_shown_instead(shop: Shop, admin: Admin) -> None:
    """Both admins had its card open. The second price was meant for the old values."""
    before = package(shop, "plus")
    query = "SELECT package_seen(p) FROM packages AS p WHERE slug = 'plus'"
    older = {"package_id": before["package_id"], "seen": shop.value(query)}
    change(shop, admin, "plus", "price", "310")
    try:
        for field, text in (("price", "305"), ("sale", "off")):
            told = admin.says(jobs.ChangePackage, "відтоді змінили", field=field, text=text, **older)
            assert "$310.00" in told["text"]
        assert (package(shop, "plus")["price"], package(shop, "plus")["is_active"]) == (Decimal(310), True)
        newer = older | {"seen": shop.value(query)}
        admin.says(jobs.ChangePackage, "$305.00", field="price", text="305", **newer)
    finally:
        change(shop, admin, "plus", "price", "299")


def test_an_unknown_package_or_person_is_refused(shop: Shop, buyer: Buyer, admin: Admin) -> None:
    admin.says(jobs.ShowAnyPackage, "Такого пакета немає", package_id=NOBODYS)
    fields = {"package_id": NOBODYS, "field": "price", "text": "1"}
    admin.says(jobs.ChangePackage, "Такого пакета немає", **fields)
    before = package(shop, "mini")
    fields["package_id"] = before["package_id"]
    for contract, more in (
        (jobs.ChangePackage, fields),
        (jobs.ShowEveryPackage, {}),
        (jobs.ShowAnyPackage, {"package_id": before["package_id"]}),
    ):
        refused = shop.log_text().count("admin_refused")
        buyer.do(contract, typed=True, **more)
        wait_until(lambda: shop.log_text().count("admin_refused") > refused, "the refusal")  # noqa: B023
    wait_until(lambda: buyer.count("Не вдалося розпізнати запит") == 3, "three answers")
    assert package(shop, "mini") == before
