"""Tests of the simulated person: writing, tapping, blocking, reading, the wire log."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.types import Update

from tests.sandbox_telegram.standin import Sim
from tests.sandbox_telegram.test_telegram_methods import JPEG, PNG

KEYS: dict[str, Any] = {
    "inline_keyboard": [
        [{"text": "Go", "callback_data": "go"}, {"text": "Stop", "callback_data": "stop", "style": "danger"}],
        [{"text": "Pay", "url": "https://pay.example.org/1"}],
        [{"text": "Copy", "copy_text": {"text": "R-1"}}],
    ]
}


async def updates(bot: Bot) -> list[Update]:
    return await bot.get_updates(allowed_updates=["message", "callback_query", "my_chat_member"])


async def test_people_have_ids_of_their_own(sim: Sim) -> None:
    assert await sim.person() == 700000001
    assert await sim.person("Leo", id=5, username="leo", language_code="uk", last_name="K") == 5
    assert await sim.person() == 700000002
    assert (await sim.request("POST", "/sim/people", {"first_name": "x", "id": 5}))[0] == 409
    assert (await sim.request("POST", "/sim/people", {}))[0] == 400
    listed = {person["id"]: person for person in (await sim.get("/sim/people"))["people"]}
    assert listed[5]["username"] == "leo"
    assert listed[5]["last_message"] is None


async def test_a_text_becomes_a_message_update(sim: Sim, bot: Bot) -> None:
    person = await sim.person("Leo", username="leo", language_code="uk", started=False)
    await sim.post(f"/sim/people/{person}/messages", {"text": "/start ref_42"})
    (update,) = await updates(bot)
    message = update.message
    assert message
    assert (message.text, message.chat.id, message.chat.type) == ("/start ref_42", person, "private")
    assert message.from_user
    assert (message.from_user.username, message.from_user.language_code) == ("leo", "uk")
    assert [entity.type for entity in message.entities or []] == ["bot_command"]


async def test_a_long_text_goes_in_parts_as_from_a_real_app(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    sent = await sim.post(f"/sim/people/{person}/messages", {"text": "x" * 10_000})
    assert len(sent["messages"]) == 3
    assert [len(update.message.text or "") for update in await updates(bot) if update.message] == [
        4096,
        4096,
        1808,
    ]
    assert (await sim.request("POST", f"/sim/people/{person}/messages", {"text": " "}))[0] == 400


async def test_photos_come_alone_or_as_an_album(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    where, png, jpeg = f"/sim/people/{person}/messages", base64.b64encode(PNG), base64.b64encode(JPEG)
    alone = await sim.post(where, {"text": "Look https://e.org", "photos": [png.decode()]})
    await sim.post(where, {"text": "Two", "photos": [png.decode(), jpeg.decode()]})
    one, first, second = [update.model_dump()["message"] for update in await updates(bot)]
    assert (one["message_id"], one["caption"]) == (alone["message_id"], "Look https://e.org")
    assert [entity["type"] for entity in one["caption_entities"]] == ["url"]
    shown = one["photo"][-1]
    assert (shown["width"], shown["height"], one["media_group_id"]) == (320, 200, None)
    assert (await bot.get_file(shown["file_id"])).file_size == len(PNG)
    assert (first["caption"], second["caption"]) == ("Two", None)
    assert isinstance(first["media_group_id"], str)
    assert first["media_group_id"] == second["media_group_id"]
    for refused in ({"photos": ["?"]}, {"photos": ["QUJD"]}, {"photos": [png.decode()] * 11}, {"photos": 1}):
        assert (await sim.request("POST", where, refused))[0] == 400
    long = {"photos": [png.decode()], "text": "x" * 1025}
    assert (await sim.request("POST", where, long))[0] == 400


async def test_taps_by_data_label_and_index(sim: Sim, bot: Bot) -> None:
    person = await sim.person("Leo")
    message = await bot.send_message(person, "choose", reply_markup=KEYS)  # type: ignore[arg-type]
    taps = f"/sim/people/{person}/taps"
    for body in ({"data": "go"}, {"label": "Go", "message_id": message.message_id}, {"index": 0}):
        assert (await sim.post(taps, body))["kind"] == "callback"
    queries = [update.callback_query for update in await updates(bot)]
    assert [query.data for query in queries if query] == ["go"] * 3
    query = queries[0]
    assert query
    assert query.message
    assert (query.from_user.id, query.message.message_id) == (person, message.message_id)
    assert query.message.reply_markup  # type: ignore[union-attr]
    assert (await sim.post(taps, {"label": "Pay"}))["url"] == "https://pay.example.org/1"
    assert (await sim.post(taps, {"label": "Copy"}))["value"] == "R-1"
    for body, status in (({"data": "gone"}, 404), ({"message_id": 99, "index": 0}, 404), ({}, 400)):
        assert (await sim.request("POST", taps, body))[0] == status
    assert len(await updates(bot)) == 3, "only callback buttons make updates"


async def test_a_stale_button_can_still_be_tapped(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    message = await bot.send_message(person, "choose", reply_markup=KEYS)  # type: ignore[arg-type]
    await bot.edit_message_text("over", chat_id=person, message_id=message.message_id)
    body = {"message_id": message.message_id, "data": "go"}
    assert (await sim.request("POST", f"/sim/people/{person}/taps", body))[0] == 404
    assert (await sim.post(f"/sim/people/{person}/taps", {**body, "stale": True}))["kind"] == "callback"


async def test_reading_a_conversation_as_it_changes(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    path = f"/sim/people/{person}/messages"
    message = await bot.send_message(person, "<b>a</b> < b", parse_mode=None, reply_markup=KEYS)  # type: ignore[arg-type]
    seen = await sim.get(path)
    (view,) = seen["messages"]
    assert (view["from"], view["text"], view["html"]) == (
        "bot",
        "<b>a</b> < b",
        "&lt;b&gt;a&lt;/b&gt; &lt; b",
    )
    assert view["edited"] is False
    flat = [(button["index"], button["text"], button["kind"]) for row in view["keyboard"] for button in row]
    assert flat == [(0, "Go", "callback"), (1, "Stop", "callback"), (2, "Pay", "url"), (3, "Copy", "copy")]
    assert view["keyboard"][0][1]["style"] == "danger"
    waiting = asyncio.create_task(sim.get(path, after_change=seen["change"], timeout=20))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    edit = {"chat_id": person, "message_id": message.message_id}
    await bot.edit_message_text("<i>new</i>", parse_mode="HTML", **edit)  # type: ignore[arg-type]
    news = await waiting
    (view,) = news["messages"]
    assert (view["edited"], view["html"], view["keyboard"]) == (True, "<i>new</i>", [])
    await bot.delete_message(person, message.message_id)
    (view,) = (await sim.get(path, after_change=news["change"]))["messages"]
    assert view["deleted"] is True
    assert (await sim.get(path))["messages"] == []


async def test_the_answer_to_a_tap_can_be_waited_for(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await bot.send_message(person, "choose", reply_markup=KEYS)  # type: ignore[arg-type]
    path = f"/sim/people/{person}/messages"
    change = (await sim.get(path))["change"]
    tap = await sim.post(f"/sim/people/{person}/taps", {"data": "go"})
    waiting = asyncio.create_task(sim.get(path, after_change=change, timeout=20))
    await bot.answer_callback_query(tap["callback_query_id"], text="Saved", show_alert=True)
    (answer,) = (await waiting)["answers"]
    assert answer["callback_query_id"] == tap["callback_query_id"]
    assert (answer["text"], answer["show_alert"]) == ("Saved", True)


async def test_blocking_tells_the_bot_and_stops_the_person(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await sim.post(f"/sim/people/{person}/block")
    assert (await sim.post(f"/sim/people/{person}/block"))["update_id"] is None
    assert (await sim.request("POST", f"/sim/people/{person}/messages", {"text": "x"}))[0] == 409
    await sim.post(f"/sim/people/{person}/unblock")
    changes = [update.my_chat_member for update in await updates(bot) if update.my_chat_member]
    moves = [(change.old_chat_member.status, change.new_chat_member.status) for change in changes]
    assert moves == [("member", "kicked"), ("kicked", "member")]


async def test_channels_and_the_outbox(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await sim.post("/sim/chats", {"id": -100500, "title": "Orders", "type": "channel"})
    assert (await sim.request("POST", "/sim/chats", {"id": -100500}))[0] == 409
    assert (await sim.request("POST", "/sim/chats", {"id": 5, "type": "channel"}))[0] == 400
    await bot.send_message(-100500, "sold")
    await bot.send_message(person, "thanks")
    outbox = await sim.get("/sim/outbox")
    assert [(one["chat_id"], one["text"]) for one in outbox["messages"]] == [
        (-100500, "sold"),
        (person, "thanks"),
    ]
    (posted,) = (await sim.get("/sim/chats/-100500/messages"))["messages"]
    assert posted["sender"] == "Orders"
    await bot.edit_message_text("sold out", chat_id=-100500, message_id=posted["message_id"])
    changed = await sim.get(f"/sim/outbox?after_change={outbox['change']}")
    assert [one["text"] for one in changed["messages"]] == ["sold out"]
    again = await sim.get("/sim/outbox")
    assert [one["text"] for one in again["messages"]] == ["thanks", "sold out"], "by their last change"
    assert (await sim.request("GET", "/sim/chats/-9/messages"))[0] == 404


async def test_any_update_can_be_made(sim: Sim, bot: Bot) -> None:
    payload = {"id": "1", "from": {"id": 7, "is_bot": False, "first_name": "A"}, "query": "x", "offset": ""}
    made = await sim.post("/sim/updates", {"type": "inline_query", "payload": payload, "chat_id": 7})
    (update,) = await bot.get_updates()
    assert update.update_id == made["update_id"]
    assert update.inline_query
    assert update.inline_query.query == "x"
    assert [one["type"] for one in (await sim.get("/sim/updates"))["pending"]] == ["inline_query"]


async def test_reset_forgets_people(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await sim.post(f"/sim/people/{person}/messages", {"text": "hi"})
    await sim.post("/sim/faults", {"kind": "forbidden", "times": None})
    await sim.post("/sim/reset")
    assert (await sim.get("/sim/people"))["people"] == []
    assert await updates(bot) == []
    assert (await sim.request("GET", f"/sim/people/{person}"))[0] == 404


async def test_the_wire_log_times_a_tap(sim: Sim, bot: Bot) -> None:
    person = await sim.person()
    await bot.send_message(person, "choose", reply_markup=KEYS)  # type: ignore[arg-type]
    tap = await sim.post(f"/sim/people/{person}/taps", {"data": "go"})
    seq = tap["wire"]["seq"]
    await updates(bot)
    await bot.answer_callback_query(tap["callback_query_id"])
    await bot.send_message(person, "ї" * 100)
    records = (await sim.get("/sim/wire", after=seq - 1))["records"]
    kinds = [(record["kind"], record.get("method")) for record in records]
    assert kinds == [
        ("update_created", None),
        ("update_delivered", None),
        ("call", "answerCallbackQuery"),
        ("call", "sendMessage"),
    ]  # fmt: skip
    created, delivered, answered, sent = records
    assert created["update_id"] == delivered["update_id"] == answered["update_id"]
    assert answered["chat_id"] == sent["chat_id"] == person
    assert created["mono_ms"] <= delivered["mono_ms"] <= answered["mono_ms"] <= sent["mono_ms"]
    assert sent["mono_ms"] <= sent["answered_mono_ms"]
    assert sent["params"]["text"] == "ї" * 80
    assert "test-token" not in json.dumps(records)
    only = await sim.get("/sim/wire", kind="call", chat_id=person, method="sendMessage", timeout=5)
    assert len(only["records"]) == 2


async def test_the_wire_log_streams(sim: Sim, bot: Bot) -> None:
    async with sim.http.get(f"{sim.url}/sim/wire/stream") as stream, asyncio.timeout(20):
        assert (await stream.content.readline()).startswith(b"retry:")
        await bot.get_me()
        lines = [await stream.content.readline() for _ in range(3)]
    assert lines[1] == b"event: call\n"
    assert json.loads(lines[2].removeprefix(b"data: "))["method"] == "getMe"


async def test_other_sites_pages_cannot_act(sim: Sim) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with aiohttp.ClientSession(headers=headers) as foreign:
        async with foreign.post(f"{sim.url}/sim/reset") as answer:
            assert answer.status == 403
        async with foreign.get(f"{sim.url}/sim/people") as answer:
            assert answer.status == 200
    async with sim.http.post(f"{sim.url}/sim/people", data=b"[1]") as answer:
        assert answer.status == 400


async def test_the_newest_conversations_can_be_asked_for(sim: Sim, bot: Bot) -> None:
    first, second, third = [await sim.person(name) for name in ("A", "B", "C")]
    await bot.send_message(first, "hi")
    listed = await sim.get("/sim/people", limit=2)
    assert [person["id"] for person in listed["people"]] == [first, third]
    assert listed["total"] == 3
    assert second not in [person["id"] for person in listed["people"]]
