"""A process that sends through the rate limiter like a worker and waits where a job would be postponed.

`python -m tests.flows.telegram.sender KIND SECONDS NAME CHAT…`: KIND is person, notice, broadcast, or
`reckless`, which does not ask the rate limiter. Prints as JSON what it sent and how often it had to wait.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from socialboost.errors import PostponeError, ThrottledError

PAGE = 50
SENDERS = 8
PERSON_SECONDS = 1.0
"""Between two answers: people tap, they do not stream."""


class Sender:
    """Sends texts that begin with its name."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.sent = 0
        self.put_off = 0
        self.runtime = importlib.import_module("workers.engine.resources")
        self.ends_at = time.monotonic() + seconds  # from here on: an import takes long on a busy machine

    def running(self) -> bool:
        return time.monotonic() < self.ends_at

    def send(self, chat_id: int) -> None:
        """Send one message; a pause that began meanwhile stops it."""
        self.runtime.rate_limiter().check()
        with self.runtime.rate_limiter().watching():
            self.runtime.telegram().send_message(chat_id, f"{self.name} {time.time_ns()}")
        self.sent += 1

    def wait(self, seconds: float) -> None:
        time.sleep(min(seconds, max(self.ends_at - time.monotonic(), 0)))

    def person(self, chats: list[int]) -> None:
        while self.running():
            for chat_id in chats:
                try:
                    self.runtime.rate_limiter().person()
                    self.send(chat_id)
                except PostponeError as error:
                    self.put_off += 1
                    self.wait(error.seconds)
            self.wait(PERSON_SECONDS)

    def notice(self, chats: list[int]) -> None:
        while self.running():
            for chat_id in chats:
                try:
                    self.runtime.rate_limiter().notice(chat_id)
                    self.send(chat_id)
                except PostponeError as error:
                    self.put_off += 1
                    self.wait(error.seconds / len(chats))

    def broadcast(self, chats: list[int]) -> None:
        waiting = list(chats)
        with ThreadPoolExecutor(SENDERS) as threads:
            while self.running() and waiting:
                granted = self.runtime.rate_limiter().reserve(self.name, waiting[:PAGE])
                for chat_id in granted.chat_ids:
                    waiting.remove(chat_id)
                    threads.submit(self.quietly, chat_id)
                self.put_off += granted.wait_seconds > 0
                self.wait(granted.wait_seconds)

    def quietly(self, chat_id: int) -> None:
        try:
            self.send(chat_id)
        except PostponeError:
            self.put_off += 1

    def reckless(self, chats: list[int]) -> None:
        while self.running():
            for chat_id in chats:
                with suppress(ThrottledError):
                    self.runtime.telegram().send_message(chat_id, f"{self.name} {time.time_ns()}")


def main() -> None:
    kind, seconds, name, *chats = sys.argv[1:]
    sender = Sender(name, float(seconds))
    getattr(sender, kind)([int(chat) for chat in chats])
    sender.runtime.close()
    sys.stdout.write(json.dumps({"sent": sender.sent, "put_off": sender.put_off}) + "\n")


if __name__ == "__main__":
    main()
