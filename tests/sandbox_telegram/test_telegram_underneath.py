"""Tests of the live strip: it follows log files and groups lines and calls into stories."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.telegram import stories as stories_module
from sandbox.telegram.log_tail import LogTail
from sandbox.telegram.stories import Stories
from tests.sandbox_telegram.standin import standin

BASE_MS = 1_800_000_000_000.0


def line(event: str, at: float = 0.0, process: str = "worker", **fields: Any) -> dict[str, Any]:
    moment = datetime.fromtimestamp((BASE_MS + at) / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "timestamp": moment.replace("+00:00", "Z"),
        "level": "info",
        "event": event,
        "process": process,
        **fields,
    }


def wire(kind: str, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    return {"seq": 1, "kind": kind, "at_ms": BASE_MS + at, "mono_ms": at, **fields}


def events(lines: list[dict[str, Any]]) -> list[str]:
    return [one["event"] for one in lines]


def append(path: Path, *entries: dict[str, Any] | str) -> None:
    with path.open("a", encoding="utf-8") as file:
        for entry in entries:
            file.write((entry if isinstance(entry, str) else json.dumps(entry)) + "\n")


def test_a_tail_starts_at_the_end_and_follows(tmp_path: Path) -> None:
    append(tmp_path / "web.log", line("old"))
    tail = LogTail(tmp_path)
    assert tail.read() == []
    append(tmp_path / "web.log", line("one", process="web"))
    append(tmp_path / "worker.log", line("two"), "not json at all")
    append(tmp_path / "other.txt", line("ignored"))
    read = tail.read()
    assert events(read) == ["one", "two", "not json at all"]
    assert [one["process"] for one in read] == ["web", "worker", "worker"]
    assert tail.read() == []
    tail.close()


def test_an_unfinished_line_waits_for_its_end(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    whole = json.dumps(line("split"))
    with (tmp_path / "a.log").open("w") as file:
        file.write(whole[:20])
        file.flush()
        assert tail.read() == []
        file.write(whole[20:] + "\n")
    assert events(tail.read()) == ["split"]
    tail.close()


def test_rotation_truncation_and_copies(tmp_path: Path) -> None:
    tail, log = LogTail(tmp_path), tmp_path / "worker.log"
    append(log, line("before"))
    assert events(tail.read()) == ["before"]
    append(log, line("last of the old"))
    log.rename(tmp_path / "worker.log.1")
    append(log, line("first of the new"))
    assert events(tail.read()) == ["last of the old", "first of the new"]
    log.write_text("")
    assert tail.read() == []
    append(log, line("after truncation"))
    append(tmp_path / "errors.log", line("after truncation"))
    assert events(tail.read()) == ["after truncation"], "a copy in another file is the same line"
    log.unlink()
    assert tail.read() == []
    tail.close()


def test_a_directory_that_is_not_there_yet(tmp_path: Path) -> None:
    tail = LogTail(tmp_path / "logs")
    assert tail.read() == []
    (tmp_path / "logs").mkdir()
    append(tmp_path / "logs" / "bot.log", line("hello"))
    assert events(tail.read()) == ["hello"]
    tail.close()


class Told:
    """Stories with everything they published."""

    def __init__(self) -> None:
        self.stories: dict[int, dict[str, Any]] = {}
        self.entries: list[dict[str, Any]] = []
        self.made = Stories(self._hear, lambda chat_id: f"P{chat_id}")

    def _hear(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "story":
            self.stories[data["id"]] = data
        else:
            self.entries.append(data)

    def of(self, story: int) -> list[str]:
        return [
            str(one["fields"].get("method", one["kind"])) for one in self.entries if one["story"] == story
        ]


def tap(told: Told, update_id: int, person: int, at: float = 0.0) -> None:
    told.made.on_wire(
        wire("update_created", at, update_id=update_id, update_type="callback_query", chat_id=person,
             person_id=person, label="Go", data="go")
    )  # fmt: skip


def test_a_tap_and_all_its_effects_are_one_story() -> None:
    told = Told()
    tap(told, 10, 7)
    told.made.on_wire(wire("update_delivered", 1, update_id=10, update_type="callback_query", chat_id=7))
    told.made.on_log(line("update_received", 2, "bot", update_id=10, telegram_id=7))
    told.made.on_log(line("job_queued", 3, "bot", job="show", queue="interactive", job_id="j1", update_id=10))
    told.made.on_log(line("job_started", 4, job="show", job_id="j1"))
    told.made.on_log(line("owed", 5, job="notify", key="note:1", job_id="j1"))
    told.made.on_log(line("job_queued", 6, job="notify", key="note:1", job_id="j2"))
    told.made.on_log(line("job_started", 7, job="notify", job_id="j2"))
    told.made.on_log(line("job_finished", 8, job="other", job_id="j9"))
    assert told.stories[1]["kind"] == "tap"
    assert (told.stories[1]["title"], told.stories[1]["person_id"], told.stories[1]["name"]) == (
        "Go",
        7,
        "P7",
    )
    assert told.of(1) == [
        "update_created", "update_delivered", "update_received", "job_queued", "job_started", "owed",
        "job_queued", "job_started",
    ]  # fmt: skip
    assert told.of(2) == ["job_finished"]
    assert told.stories[2]["kind"] == "background"


def test_a_call_goes_to_the_story_whose_job_made_it() -> None:
    told = Told()
    tap(told, 10, 7)
    told.made.on_log(line("job_queued", 1, "bot", job="show", job_id="j1", update_id=10))
    told.made.on_log(line("webhook_received", 2, "web", source="crypto_pay", job_id="j2"))
    told.made.on_wire(wire("call", 5, method="sendMessage", chat_id=7, status=200))
    told.made.on_log(line("telegram_called", 6, method="sendMessage", chat_id=7, job="receipt", job_id="j2"))
    assert told.of(2) == ["webhook_received", "sendMessage"], "not to the newest story of the chat"
    assert told.entries[-1]["fields"]["by_process"] == "worker"
    told.made.flush()
    assert told.of(1) == ["update_created", "job_queued"]


def test_a_call_without_a_job_is_shown_under_its_chat(monkeypatch: Any) -> None:
    monkeypatch.setattr(stories_module, "CALL_WAITS_SECONDS", 0.0)
    told = Told()
    tap(told, 10, 7)
    told.made.on_wire(wire("call", 5, method="sendMessage", chat_id=7, status=200))
    told.made.on_wire(wire("call", 6, method="sendMessage", chat_id=8, status=403))
    told.made.on_wire(wire("call", 7, method="getMe", status=200))
    told.made.flush()
    assert told.of(1) == ["update_created", "sendMessage"]
    assert told.of(2) == ["sendMessage"]
    assert (told.stories[2]["kind"], told.stories[2]["person_id"]) == ("notice", 8)
    assert told.entries[-1]["story"] is None
    count = len(told.entries)
    told.made.on_log(line("telegram_called", 8, method="sendMessage", chat_id=7, update_id=10))
    assert len(told.entries) == count, "a late note about a call that is shown already"


def test_the_answer_to_a_tap_is_shown_at_once() -> None:
    told = Told()
    tap(told, 10, 7)
    tap(told, 11, 7, at=1)
    told.made.on_wire(wire("call", 5, method="answerCallbackQuery", chat_id=7, update_id=10, status=200))
    assert told.of(1) == ["update_created", "answerCallbackQuery"]


def test_a_webhook_and_all_its_messages_are_one_story() -> None:
    told = Told()
    told.made.on_log(
        line("job_queued", 1, "web", job="activate_order", key="cp:5", job_id="j1", request_id="r1")
    )
    told.made.on_log(line("webhook_received", 2, "web", source="cryptobot", key="cp:5", request_id="r1"))
    told.made.on_log(line("request_finished", 3, "web", route="/webhook/cryptobot", request_id="r1"))
    told.made.on_wire(wire("call", 4, method="sendMessage", chat_id=-100, status=200))
    told.made.on_log(line("telegram_called", 5, method="sendMessage", chat_id=-100, job_id="j1"))
    told.made.on_wire(wire("call", 6, method="sendMessage", chat_id=7, status=200))
    told.made.on_log(line("telegram_called", 7, method="sendMessage", chat_id=7, job_id="j1"))
    assert told.of(1) == ["job_queued", "webhook_received", "request_finished", "sendMessage", "sendMessage"]
    story = told.stories[1]
    assert (story["kind"], story["title"], story["chats"]) == ("webhook", "cryptobot", [-100, 7])
    assert (story["person_id"], story["name"]) == (7, "P7"), "a channel is nobody's own story"


def test_memory_is_bounded() -> None:
    told = Told()
    for number in range(1000):
        tap(told, number, 7, at=float(number))
    backlog = told.made.backlog()
    assert len(backlog["stories"]) == stories_module.STORIES_KEPT
    told.made.on_log(line("job_queued", 1, update_id=1, job_id="j"))
    assert told.entries[-1]["story"] == 1001, "a forgotten story does not come back"


async def test_the_page_stream_merges_wire_logs_and_messages(tmp_path: Path) -> None:
    async with standin(log_dir=tmp_path) as sim:
        person = await sim.person()
        async with sim.http.get(f"{sim.url}/sim/underneath/stream") as stream, asyncio.timeout(20):
            sent = await sim.post(f"/sim/people/{person}/messages", {"text": "hi"})
            at = sent["wire"]["at_ms"] - BASE_MS + 1
            append(tmp_path / "bot.log", line("update_received", at, "bot", update_id=sent["update_id"]))
            heard: dict[str, list[dict[str, Any]]] = {}
            name = ""
            while "update_received" not in [one["kind"] for one in heard.get("entry", [])]:
                raw = (await stream.content.readline()).decode()
                if raw.startswith("event: "):
                    name = raw.removeprefix("event: ").strip()
                elif raw.startswith("data: "):
                    heard.setdefault(name, []).append(json.loads(raw.removeprefix("data: ")))
        assert heard["backlog"][0]["entries"] == []
        assert heard["message"][0]["text"] == "hi"
        assert {one["story"] for one in heard["entry"]} == {heard["story"][0]["id"]}
        assert len((await sim.get("/sim/underneath"))["entries"]) == 2
