"""Tests of the broadcast dialogue with real workers: write, choose recipients, preview, confirm, schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from socialboost import jobs
from tests.flows.broadcast.hall import Hall
from tests.flows.shop.desk import Admin, data_of
from tests.flows.shop.world import ADMIN_ID, Buyer, wait_until


@pytest.fixture
def admin(hall: Hall) -> Admin:
    hall.gather(5)
    hall.start()
    return Admin(hall)


def composed(hall: Hall, admin: Admin, **content: Any) -> str:
    """Compose a broadcast; its id."""
    admin.says(jobs.ComposeBroadcast, "Кому надіслати", **content)
    return str(hall.value("SELECT id FROM broadcasts ORDER BY created_at DESC LIMIT 1"))


def test_an_admin_composes_and_sends_a_broadcast(hall: Hall, admin: Admin) -> None:
    admin.says(jobs.AskBroadcast, "Нова розсилка")
    admin.says(jobs.ComposeBroadcast, "Альбом розіслати не можна", copied_id=5, album=True)
    assert hall.value("SELECT count(*) FROM broadcasts") == 0
    broadcast_id = composed(hall, admin, text="<b>Знижка</b> &lt;50%")
    card = admin.says(jobs.AimBroadcast, "Отримувачів: 5", broadcast_id=broadcast_id, segment="all")
    assert f"broadcast_send_{broadcast_id}" in data_of(card)
    preview = hall.messages(ADMIN_ID)[-2]
    assert preview["text"] == "Знижка <50%"
    assert [entity["type"] for entity in preview["entities"]] == ["bold"]
    admin.says(
        jobs.DetailBroadcast, "Отримувачів: 5", broadcast_id=broadcast_id, detail="buttons",
        text="Купити - https://example.com/a\nПитання — https://t.me/example",
    )  # fmt: skip
    assert [[b["url"] for b in row] for row in hall.messages(ADMIN_ID)[-2]["keyboard"]] == [
        ["https://example.com/a"],
        ["https://t.me/example"],
    ]
    assert hall.calls() == [], "nobody got anything before the confirmation"
    admin.says(jobs.MoveBroadcast, "Розсилка:", broadcast_id=broadcast_id, action="send")
    hall.wait_for(broadcast_id)
    assert hall.check_counts(broadcast_id)["sent"] == 5
    wait_until(lambda: admin.count("Надіслано: 5") > 0, "the final counts")
    assert "завершено" in admin.says(jobs.ShowBroadcasts, "Розсилки")["keyboard"][0][0]["text"]


def test_a_chat_with_room_for_one_message_gets_the_preview_once(hall: Hall) -> None:
    hall.environment["TELEGRAM_CHAT_BURST"] = "1"
    hall.gather(5)
    hall.start()
    admin = Admin(hall)
    broadcast_id = composed(hall, admin, text="Знижка")
    admin.says(jobs.AimBroadcast, "Отримувачів: 5", broadcast_id=broadcast_id, segment="all")
    assert [m["text"] for m in hall.messages(ADMIN_ID)].count("Знижка") == 1
    wait_until(lambda: len(cards(admin, broadcast_id)) == 1, "one card")


def test_a_message_of_any_kind_is_copied(hall: Hall, admin: Admin) -> None:
    sent = hall.post(hall.telegram, f"/sim/people/{ADMIN_ID}/messages", {"text": "як є"})
    broadcast_id = composed(hall, admin, copied_id=sent["message_id"])
    admin.says(jobs.AimBroadcast, "Отримувачів: 5", broadcast_id=broadcast_id, segment="all")
    admin.says(jobs.MoveBroadcast, "Розсилка:", broadcast_id=broadcast_id, action="send")
    hall.wait_for(broadcast_id)
    assert hall.check_counts(broadcast_id)["sent"] == 5
    assert len(hall.calls("copyMessage", status=200)) == 5


def test_a_message_that_telegram_refuses_never_becomes_a_broadcast(hall: Hall, admin: Admin) -> None:
    broadcast_id = composed(hall, admin, text="<b>незакрите")
    admin.says(jobs.AimBroadcast, "can't parse entities", broadcast_id=broadcast_id, segment="all")
    assert hall.row(broadcast_id)["status"] == "draft"
    assert hall.calls() == []


def cards(admin: Admin, broadcast_id: str) -> list[int]:
    """The messages of this chat from which something can be done about the broadcast."""
    verbs = ("send", "pause", "resume", "cancel", "to")
    data = tuple(f"broadcast_{verb}_{broadcast_id}" for verb in verbs)
    return [m["message_id"] for m in admin.messages() if any(d.startswith(data) for d in data_of(m))]


def reads(admin: Admin, message_id: int, words: str) -> dict[str, Any]:
    """Wait until this very message has these words."""

    def find() -> dict[str, Any] | None:
        return next(
            (m for m in admin.messages() if m["message_id"] == message_id and words in m["text"]), None
        )

    return wait_until(find, f"{words} in {message_id}: {[m['text'][:60] for m in admin.messages()]}")


def test_one_broadcast_has_one_card(hall: Hall) -> None:
    """One message is edited from the draft to the end. If it must move, the old one loses its buttons."""
    hall.gather(150)
    hall.start(rate=25)
    admin = Admin(hall)
    broadcast_id = composed(hall, admin, text="Новини")
    draft = admin.newest()["message_id"]
    admin.tap(draft, jobs.AimBroadcast, broadcast_id=broadcast_id, segment="all")
    card = admin.read("Так це побачать люди")["message_id"]
    assert "в іншому повідомленні" in reads(admin, draft, "Картка")["text"]
    count = len(admin.messages())
    for action, words in (("send", "триває"), ("pause", "на паузі"), ("resume", "триває")):
        admin.tap(card, jobs.MoveBroadcast, broadcast_id=broadcast_id, action=action)
        reads(admin, card, words)
    reads(admin, card, "Залишилося")  # its progress
    admin.tap(card, jobs.ShowBroadcast, broadcast_id=broadcast_id)
    admin.tap(card, jobs.AskBroadcastDetail, broadcast_id=broadcast_id, detail="time")  # leads elsewhere
    elsewhere = admin.read("Коли надіслати")["message_id"]
    assert (cards(admin, broadcast_id), len(admin.messages())) == ([card], count + 1)

    admin.tap(elsewhere, jobs.ShowBroadcasts)
    reads(admin, elsewhere, "Розсилки")
    admin.tap(elsewhere, jobs.ShowBroadcast, broadcast_id=broadcast_id)  # shown there, it is the card now
    reads(admin, card, "в іншому повідомленні")
    hall.wait_for(broadcast_id)
    assert "Надіслано: 150" in reads(admin, elsewhere, "завершено")["text"]
    assert sum("Розсилка:" in m["text"] for m in admin.messages()) == 1
    assert len(admin.messages()) == count + 1


def test_two_admins_see_one_broadcast_and_change_it_once(hall: Hall) -> None:
    hall.gather(60)
    body = {"first_name": "Друга", "started": True}
    second_id = int(hall.post(hall.telegram, "/sim/people", body)["id"])
    hall.environment["ADMIN_TELEGRAM_IDS"] += f",{second_id}"
    hall.start(rate=10)
    first, second = Admin(hall), Admin(hall, second_id)
    broadcast_id = hall.send("Новини")
    card = first.read("Розсилка: триває")["message_id"]
    theirs = second.says(jobs.ShowBroadcast, "Розсилка: триває", broadcast_id=broadcast_id)["message_id"]
    first.tap(card, jobs.MoveBroadcast, broadcast_id=broadcast_id, action="pause")
    reads(second, theirs, "на паузі")
    move = {"broadcast_id": broadcast_id, "action": "cancel"}
    taps = [first.tap(card, jobs.MoveBroadcast, **move), second.tap(theirs, jobs.MoveBroadcast, **move)]
    for admin, message_id in ((first, card), (second, theirs)):
        reads(admin, message_id, "скасовано")
        assert cards(admin, broadcast_id) == []
        assert sum("Розсилка:" in m["text"] for m in admin.messages()) == 1
    values = [hall.wait_for_job(job.key)["value"] for job in taps]
    assert sorted(value["outcome"] for value in values) == ["changed_meanwhile", "done"]
    assert {value["status"] for value in values} == {"cancelled"}
    acted = "SELECT count(*) FROM admin_actions WHERE action = 'broadcast_cancel'"
    assert hall.value(acted) == 1


def test_an_admin_without_the_card_gets_a_new_one_at_the_end(hall: Hall) -> None:
    hall.gather(40)
    hall.start(rate=10)
    admin = Admin(hall)
    broadcast_id = hall.send("Новини")
    card = admin.read("Розсилка: триває")["message_id"]
    gone = {"kind": "bad_request", "description": "message to edit not found", "chat_id": ADMIN_ID}
    hall.post(hall.telegram, "/sim/faults", {**gone, "method": "editMessageText", "times": None})
    hall.wait_for(broadcast_id)
    told = admin.read("Розсилка: завершено")
    assert told["message_id"] > card
    cards = "SELECT array_agg(message_id) FROM broadcast_cards WHERE broadcast_id = %s"
    wait_until(lambda: hall.value(cards, broadcast_id) == [told["message_id"]], "it is written down")


def test_the_final_card_survives_a_proxy_that_answers_502(hall: Hall) -> None:
    """Its 502 means that nothing was accepted and uses no attempt. Two used attempts would park the job."""
    hall.gather(40)
    hall.start(rate=10)
    admin = Admin(hall)
    broadcast_id = hall.send("Новини")
    admin.read("Розсилка: триває")
    gone = {"kind": "bad_request", "description": "message to edit not found", "chat_id": ADMIN_ID}
    hall.post(hall.telegram, "/sim/faults", {**gone, "method": "editMessageText", "times": None})
    front = {"kind": "page", "status": 502, "method": "sendMessage", "contains": "завершено", "times": 3}
    hall.post(hall.telegram, "/sim/faults", front)
    hall.wait_for(broadcast_id)
    wait_until(lambda: hall.hurry() or admin.count("Розсилка: завершено"), "the card")
    reports = (
        "SELECT array_agg(state) FROM job_ledger WHERE actor = 'report_broadcast' AND args::text LIKE %s"
    )
    wait_until(lambda: hall.value(reports, f"%{broadcast_id}%") == ["done"], "the report to be settled")
    sent = [
        call for call in hall.telegram_calls("sendMessage", ADMIN_ID) if "завершено" in str(call["params"])
    ]
    assert [call["status"] for call in sent] == [502, 502, 502, 200]


def test_a_scheduled_broadcast_begins_by_itself(hall: Hall, admin: Admin) -> None:
    broadcast_id = composed(hall, admin, text="згодом")
    said = {"broadcast_id": broadcast_id, "detail": "time"}
    admin.says(jobs.DetailBroadcast, "Не вдалося прочитати", text="завтра", **said)
    admin.says(jobs.DetailBroadcast, "уже минув", text="24.12.2020 18:00", **said)
    moment = hall.value("SELECT now() AT TIME ZONE 'Europe/Kyiv'") + timedelta(days=2)
    admin.says(jobs.DetailBroadcast, f"Почнеться: {moment:%d.%m.%Y}", text=f"{moment:%d.%m.%Y %H:%M}", **said)
    row = hall.row(broadcast_id)
    assert row["status"] == "scheduled"
    wanted = hall.value(
        "SELECT %s::timestamp AT TIME ZONE 'Europe/Kyiv'", moment.replace(second=0, microsecond=0)
    )
    assert row["scheduled_at"] == wanted, "the shop's clock"
    job = hall.job(f"broadcast:{broadcast_id}:1")
    assert abs(job["run_at"] - wanted) < timedelta(seconds=5)
    hall.hurry()  # the job comes early: it is put off, not begun
    wait_until(lambda: hall.job(job["key"])["error"], "put off")
    assert hall.calls() == []
    hall.rows("UPDATE broadcasts SET scheduled_at = now() WHERE id = %s RETURNING id", broadcast_id)
    hall.hurry()
    hall.wait_for(broadcast_id)
    assert hall.check_counts(broadcast_id)["sent"] == 5


def test_a_scheduled_broadcast_can_be_cancelled(hall: Hall, admin: Admin) -> None:
    broadcast_id = composed(hall, admin, text="згодом")
    moment = hall.value("SELECT now() AT TIME ZONE 'Europe/Kyiv'") + timedelta(days=2)
    admin.says(
        jobs.DetailBroadcast,
        "Почнеться",
        broadcast_id=broadcast_id,
        detail="time",
        text=f"{moment:%d.%m.%Y %H:%M}",
    )
    admin.says(jobs.MoveBroadcast, "скасовано", broadcast_id=broadcast_id, action="cancel")
    hall.rows("UPDATE broadcasts SET scheduled_at = now() WHERE id = %s RETURNING id", broadcast_id)
    hall.hurry()
    hall.wait_for_job(f"broadcast:{broadcast_id}:1")
    assert hall.calls() == []


@pytest.mark.parametrize("words", [
    "Купити - http://example.com", "Купити https://example.com", "- https://example.com",
    "Купити - https://localhost", "Купити - https://10.0.0.1/", "Купити - https://user@example.com/",
    "\n".join(["Так - https://example.com"] * 11), "",
])  # fmt: skip
def test_only_https_buttons_are_taken(words: str) -> None:
    from workers.broadcasts.dialogue import parse_buttons

    assert parse_buttons(words) is None


def test_a_worker_checks_again_that_the_person_is_an_admin(hall: Hall, admin: Admin) -> None:
    broadcast_id = composed(hall, admin, text="Усім")
    nobody = Buyer(hall)
    taps: list[tuple[type[jobs.Job], dict[str, Any]]] = [
        (jobs.AskBroadcast, {}),
        (jobs.ComposeBroadcast, {"text": "чуже"}),
        (jobs.AimBroadcast, {"broadcast_id": broadcast_id, "segment": "all"}),
        (jobs.AskBroadcastDetail, {"broadcast_id": broadcast_id, "detail": "time"}),
        (jobs.DetailBroadcast, {"broadcast_id": broadcast_id, "detail": "buttons", "text": "-"}),
        (jobs.MoveBroadcast, {"broadcast_id": broadcast_id, "action": "send"}),
        (jobs.ShowBroadcasts, {}),
        (jobs.ShowBroadcast, {"broadcast_id": broadcast_id}),
    ]
    for contract, fields in taps:
        nobody.do(contract, typed=True, **fields)
    wait_until(lambda: hall.log_text().count("admin_refused") == len(taps), "each is refused")
    assert hall.value("SELECT count(*) FROM broadcasts") == 1
    assert hall.row(broadcast_id)["status"] == "draft"
    assert all("озсилк" not in m["text"] for m in nobody.messages())
