"""Simulates a person with a Telegram app, who writes, taps and reads, without knowing the product."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

Message = dict[str, Any]
Matches = Callable[[Message], bool]

WAIT_SECONDS = 30.0
ANSWERS = ("sendMessage", "editMessageText", "sendPhoto", "editMessageCaption")


class NotSeenError(AssertionError):
    """An expected message or answer did not come. The text names it, and what came instead."""


@dataclass(frozen=True)
class Seen:
    """A message as it was read, and when the bot's call for it reached Telegram (wall clock, ms)."""

    message: Message
    called_at_ms: float
    took_ms: float
    """Time from the person's act to that call."""

    @property
    def first_line(self) -> str:
        """The first line with anything in it."""
        lines = (line.strip() for line in str(self.message["text"]).splitlines())
        return next((line for line in lines if line), "")


class Person:
    """One person's side of the conversation with the bot."""

    def __init__(self, telegram_url: str, first_name: str, **details: Any) -> None:
        self._http = requests.Session()
        self._url = telegram_url
        body = {"first_name": first_name, "language_code": "uk", **details}
        created = self._http.post(f"{telegram_url}/sim/people", json=body, timeout=10)
        created.raise_for_status()
        self.id = int(created.json()["id"])
        self.change = -1
        """What the person had seen before the last act."""
        self.acted_at_ms = 0.0
        self._acted_seq = 0

    def write(self, text: str) -> None:
        """Send a text."""
        self._act("messages", {"text": text})

    def tap(self, data: str) -> dict[str, Any]:
        """Tap the newest button that carries `data`; a url button gives its address."""
        return self._act("taps", {"data": data})

    def tap_twice(self, data: str) -> None:
        """Tap a button twice at once. The time counts from the first tap."""
        # Found first: the answer to the first tap may take the button away.
        message_id = self.find(lambda message: data in buttons(message))["message_id"]
        self.tap(data)
        change, acted, seq = self.change, self.acted_at_ms, self._acted_seq
        body = {"data": data, "message_id": message_id, "stale": True}
        self._http.post(f"{self._url}/sim/people/{self.id}/taps", json=body, timeout=10).raise_for_status()
        self.change, self.acted_at_ms, self._acted_seq = change, acted, seq

    def find(self, matches: Matches) -> Message:
        """The newest message on the screen that matches."""
        for message in reversed(self._transcript(-1, 0)["messages"]):
            if matches(message):
                return dict(message)
        raise NotSeenError("no message on the screen matches")

    def url_button(self) -> str:
        """The address behind the newest url button on the screen."""
        message = self.find(lambda one: any(button["kind"] == "url" for button in flat(one)))
        return str(next(button["url"] for button in flat(message) if button["kind"] == "url"))

    def wait_for(self, matches: Matches, what: str, since_ms: float | None = None) -> Seen:
        """Read until a message of the bot, new or changed since the last act, matches."""
        deadline, seen, latest = time.monotonic() + WAIT_SECONDS, self.change, ""
        while time.monotonic() < deadline:
            news = self._transcript(seen, 1.0)
            seen = max(seen, int(news["change"]))
            for message in news["messages"]:
                if message["from"] != "bot" or message["deleted"]:
                    continue
                if matches(message):
                    called = self._called_at(message)
                    took = called - (self.acted_at_ms if since_ms is None else since_ms)
                    return Seen(dict(message), called, took)
                latest = str(message["text"])
        raise NotSeenError(f"waited {WAIT_SECONDS:g} s for {what}; last read: {latest[:200]!r}")

    def wait_for_answered_taps(self, count: int) -> None:
        """Wait until the spinner of each of the last `count` taps has stopped."""
        deadline, answered = time.monotonic() + WAIT_SECONDS, set()
        while time.monotonic() < deadline:
            news = self._transcript(self.change, 1.0)
            answered |= {answer["callback_query_id"] for answer in news["answers"]}
            if len(answered) >= count:
                return
            time.sleep(0.02)
        raise NotSeenError(f"{count} taps, {len(answered)} answered: a spinner keeps turning")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _act(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        self.change = int(self._transcript(-1, 0)["change"])
        answer = self._http.post(f"{self._url}/sim/people/{self.id}/{what}", json=body, timeout=10)
        if answer.status_code >= 400:
            raise NotSeenError(f"could not {body}: {answer.text[:200]}")
        done: dict[str, Any] = answer.json()
        if "wire" in done:
            self.acted_at_ms, self._acted_seq = float(done["wire"]["at_ms"]), int(done["wire"]["seq"])
        return done

    def _transcript(self, after_change: int, timeout: float) -> dict[str, Any]:
        answer = self._http.get(
            f"{self._url}/sim/people/{self.id}/messages",
            params={"after_change": str(after_change), "timeout": str(timeout)},
            timeout=timeout + 10,
        )
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def _called_at(self, message: Message) -> float:
        """Return when the last call that changed the message reached Telegram."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            wire = self._http.get(
                f"{self._url}/sim/wire",
                params={"after": str(self._acted_seq), "kind": "call", "chat_id": str(self.id)},
                timeout=10,
            ).json()
            for record in reversed(wire["records"]):
                if (
                    record["method"] in ANSWERS
                    and record["status"] == 200
                    and record.get("result_message_id") == message["message_id"]
                ):
                    return float(record["at_ms"])
            time.sleep(0.02)
        raise NotSeenError("the wire log has no call for a message that was read")


def flat(message: Message) -> list[dict[str, Any]]:
    """The buttons of a message, row after row."""
    return [button for row in message["keyboard"] for button in row]


def buttons(message: Message) -> list[str]:
    """The callback data of a message's buttons."""
    return [str(button["data"]) for button in flat(message) if button["kind"] == "callback"]
