"""Joins the wire log and the product's logs into stories: one tap and everything it caused.

A story grows by shared marks. A log line carries some of `update_id`, `job_id`, `key`; whatever story knows
one of them takes the line and learns the others. A call to Telegram carries none, so it waits a moment for
the product's own line about it (`telegram_called`), which says whose it was; without one it joins the newest
story of its chat.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ENTRIES_KEPT = 1_500
STORIES_KEPT = 400
CALL_WAITS_SECONDS = 0.4
SAME_CHAT_MS = 10_000
SAME_CALL_MS = 5_000
MARK_LIVES_MS = 15 * 60 * 1000
UNSHOWN = {"timestamp", "event", "process", "logger", "level"}

Entry = dict[str, Any]


@dataclass
class Story:
    """A chain of things that happened because of the first."""

    id: int
    kind: str
    title: str
    began_ms: float
    person_id: int | None = None
    name: str = ""
    chats: set[int] = field(default_factory=set)
    last_ms: float = 0.0
    marks: set[str] = field(default_factory=set)

    def view(self) -> dict[str, Any]:
        """The story as the page gets it."""
        return {
            "id": self.id, "kind": self.kind, "title": self.title, "began_ms": self.began_ms,
            "person_id": self.person_id, "name": self.name, "chats": sorted(self.chats),
        }  # fmt: skip


@dataclass
class HeldCall:
    """A call to Telegram whose story is not known yet, or was guessed."""

    record: dict[str, Any]
    since: float


class Stories:
    """Collects entries; `publish(kind, data)` hears of each story and entry, `name_of` names a chat."""

    def __init__(self, publish: Callable[[str, Any], None], name_of: Callable[[int | None], str]) -> None:
        self._publish = publish
        self._name_of = name_of
        self._stories: OrderedDict[int, Story] = OrderedDict()
        self._marks: dict[str, int] = {}
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_KEPT)
        self._held: list[HeldCall] = []
        self._guessed: deque[HeldCall] = deque(maxlen=200)
        self._last_story = 0
        self._last_entry = 0

    def backlog(self) -> dict[str, Any]:
        """Stories and entries so far, for a page that opens now."""
        shown = {entry["story"] for entry in self._entries}
        stories = [story.view() for story in self._stories.values() if story.id in shown]
        return {"stories": stories, "entries": list(self._entries)}

    # the wire log

    def on_wire(self, record: dict[str, Any]) -> None:
        """Take a wire record."""
        if record["kind"] == "call":
            self._on_call(record)
            return
        mark = f"update:{record['update_id']}"
        story = self._story_of({mark}, record["at_ms"])
        if story is None and record["kind"] == "update_created":
            story = self._begin_from_update(record, mark)
        self._add(
            story,
            record["at_ms"],
            source="telegram",
            kind=record["kind"],
            level="info",
            fields=wire_fields(record),
        )

    def _begin_from_update(self, record: dict[str, Any], mark: str) -> Story:
        chat_id = record.get("person_id") or record.get("chat_id")
        kinds = {"callback_query": "tap", "message": "message"}
        kind = kinds.get(record["update_type"], "update")
        shown = record.get("label") or record.get("text") or record.get("status") or record["update_type"]
        return self._begin(kind, str(shown), record["at_ms"], {mark}, chat_id)

    def _on_call(self, record: dict[str, Any]) -> None:
        if record.get("update_id") is not None:
            story = self._story_of({f"update:{record['update_id']}"}, record["at_ms"])
            self._add_call(story, record)
            self._guessed.append(HeldCall(record, 0.0))
        else:
            self._held.append(HeldCall(record, time.monotonic()))

    def flush(self) -> None:
        """Place calls that waited long enough by their chat. Call a few times a second."""
        limit = time.monotonic() - CALL_WAITS_SECONDS
        due, self._held = (
            [h for h in self._held if h.since <= limit],
            [h for h in self._held if h.since > limit],
        )
        for held in due:
            record = held.record
            story = self._newest_of_chat(record.get("chat_id"), record["at_ms"])
            if story is None and record.get("chat_id") is not None:
                story = self._begin("notice", record["method"], record["at_ms"], set(), record["chat_id"])
            self._add_call(story, record)
            self._guessed.append(held)

    def _newest_of_chat(self, chat_id: Any, at_ms: float) -> Story | None:
        for story in reversed(self._stories.values()):
            if chat_id in story.chats and at_ms - max(story.last_ms, story.began_ms) < SAME_CHAT_MS:
                return story
        return None

    def _add_call(
        self, story: Story | None, record: dict[str, Any], job: dict[str, Any] | None = None
    ) -> None:
        if story is not None and record.get("chat_id") not in {None, *story.chats}:
            self._concerns(story, int(record["chat_id"]))
            self._publish("story", story.view())
        fields = wire_fields(record) | {f"by_{name}": value for name, value in (job or {}).items()}
        level = "info" if record["status"] == 200 else "warning"
        self._add(story, record["at_ms"], source="telegram", kind="call", level=level, fields=fields)

    # the product's logs

    def on_log(self, line: dict[str, Any]) -> None:
        """Take a line of the product's log."""
        at_ms = wall_ms(line.get("timestamp"))
        marks = marks_of(line)
        if not marks and str(line.get("level")).upper() == "DEBUG":  # of nothing that a person caused
            return
        story = self._story_of(marks, at_ms)
        if story is None and marks:
            story = self._begin_from_log(line, at_ms, marks)
        if story is not None:
            self._learn(story, marks)
            self._tell_more(story, line)
        if line["event"] == "telegram_called" and self._claim_call(line, story, at_ms):
            return
        fields = {name: value for name, value in line.items() if name not in UNSHOWN}
        level = str(line.get("level", "info"))
        self._add(story, at_ms, source=str(line["process"]), kind=line["event"], level=level, fields=fields)

    def _tell_more(self, story: Story, line: dict[str, Any]) -> None:
        """Take over what a line says about its story: whose it is, and that a webhook began it."""
        before = story.view()
        if line.get("telegram_id") is not None:
            self._concerns(story, int(line["telegram_id"]))
        if line["event"] == "webhook_received" and story.kind == "background":
            story.kind, story.title = "webhook", str(line.get("source") or "webhook")
        if story.view() != before:
            self._publish("story", story.view())

    def _concerns(self, story: Story, chat_id: int) -> None:
        """The story reached this chat; the first private one is whose story it is."""
        story.chats.add(chat_id)
        if story.person_id is None and chat_id > 0:
            story.person_id, story.name = chat_id, self._name_of(chat_id)

    def _begin_from_log(self, line: dict[str, Any], at_ms: float, marks: set[str]) -> Story:
        if line["event"] == "webhook_received":
            return self._begin("webhook", str(line.get("source") or "webhook"), at_ms, marks, None)
        kind = "update" if any(mark.startswith("update:") for mark in marks) else "background"
        title = line.get("job") or line["event"]
        return self._begin(kind, str(title), at_ms, marks, line.get("telegram_id"))

    def _claim_call(self, line: dict[str, Any], story: Story | None, at_ms: float) -> bool:
        """True when the line only repeats a call of the wire log; a waiting call gets its story by it."""
        for held in self._held:
            if same_call(held.record, line, at_ms):
                self._held.remove(held)
                job: dict[str, Any] = {name: line[name] for name in ("job", "process") if name in line}
                self._add_call(story, held.record, job)
                return True
        for held in self._guessed:
            if same_call(held.record, line, at_ms):
                self._guessed.remove(held)
                return True
        return False

    # stories and entries

    def _story_of(self, marks: set[str], at_ms: float) -> Story | None:
        for mark in sorted(marks, key=mark_rank):
            story = self._stories.get(self._marks.get(mark, 0))
            if story is not None and at_ms - story.began_ms < MARK_LIVES_MS:
                return story
        return None

    def _begin(self, kind: str, title: str, at_ms: float, marks: set[str], chat_id: Any) -> Story:
        self._last_story += 1
        story = Story(self._last_story, kind, title, at_ms)
        if chat_id is not None:
            self._concerns(story, int(chat_id))
            story.name = story.name or self._name_of(int(chat_id))
        self._stories[story.id] = story
        self._learn(story, marks)
        while len(self._stories) > STORIES_KEPT:
            _, old = self._stories.popitem(last=False)
            for mark in old.marks:
                if self._marks.get(mark) == old.id:
                    del self._marks[mark]
        self._publish("story", story.view())
        return story

    def _learn(self, story: Story, marks: set[str]) -> None:
        for mark in marks:
            if self._stories.get(self._marks.get(mark, 0)) is None or mark_rank(mark) > 1:
                self._marks[mark] = story.id
                story.marks.add(mark)

    def _add(self, story: Story | None, at_ms: float, **entry: Any) -> None:
        """Keep and publish an entry: source, kind, level and fields besides story and time."""
        self._last_entry += 1
        story_id = story.id if story else None
        numbered: Entry = {"id": self._last_entry, "story": story_id, "at_ms": at_ms, **entry}
        if story is not None:
            story.last_ms = max(story.last_ms, at_ms)
        self._entries.append(numbered)
        self._publish("entry", numbered)


def mark_rank(mark: str) -> int:
    """An update decides before a job, a job before a request, a request before a key."""
    return ("update", "job", "request", "key").index(mark.partition(":")[0])


def marks_of(line: dict[str, Any]) -> set[str]:
    """Return the marks that connect a log line to others."""
    marks = set()
    key = str(line.get("key") or "")
    if line.get("update_id") is not None:
        marks.add(f"update:{line['update_id']}")
    if key.startswith("tg:"):
        marks.add(f"update:{key.split(':')[1]}")
    if line.get("job_id"):
        marks.add(f"job:{line['job_id']}")
    if line.get("request_id"):
        marks.add(f"request:{line['request_id']}")
    if key:
        marks.add(f"key:{key}")
    return marks


def same_call(record: dict[str, Any], line: dict[str, Any], at_ms: float) -> bool:
    """True when a log line and a wire record are about one call to Telegram."""
    if str(record["method"]).lower() != str(line.get("method", "")).lower():
        return False
    chat_id = line.get("chat_id")
    same_chat = chat_id is None or str(chat_id) == str(record.get("chat_id"))
    return same_chat and abs(at_ms - record["at_ms"]) < SAME_CALL_MS


def wall_ms(timestamp: Any) -> float:
    """ISO 8601 as milliseconds since 1970; now for a line without a readable time."""
    try:
        return datetime.fromisoformat(str(timestamp)).timestamp() * 1000
    except ValueError:
        return time.time() * 1000


def wire_fields(record: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a wire record."""
    return {name: value for name, value in record.items() if name not in {"seq", "kind", "at_ms", "mono_ms"}}
