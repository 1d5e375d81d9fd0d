"""The optional state file: people, chats and conversations survive a restart of the stand-in.

Written whenever something changed (at most once a second) and at the end, to a temporary file that then
takes the old one's place. Pending updates, taps, uploads and limits are not kept.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.telegram.service import Service
from sandbox.telegram.state import Group, Message, Person

EVERY_SECONDS = 1.0


class Snapshot:
    """Keeps one file in step with the world; does nothing without a path."""

    def __init__(self, service: Service, path: Path | None) -> None:
        self._service = service
        self._path = path
        self._written = -1
        self._task: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Take over what the file holds, when there is one."""
        if self._path is None or not self._path.exists():
            return
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        world = self._service.world
        world.people = {person["id"]: Person(**person) for person in kept["people"]}
        world.groups = {group["id"]: Group(**group) for group in kept["groups"]}
        world.commands, world.profile = kept["commands"], kept["profile"]
        world.load_messages([Message(**message) for message in kept["messages"]], kept["last_message_ids"])
        self._service.updates.next_id = max(self._service.updates.next_id, kept["next_update_id"])

    def start(self) -> None:
        """Begin writing."""
        if self._path is not None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write a last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._write(self._state())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if self._service.world.change != self._written:
                self._written = self._service.world.change
                await asyncio.to_thread(self._write, self._state())

    def _state(self) -> str:
        world = self._service.world
        kept: dict[str, Any] = {
            "people": [asdict(person) for person in world.people.values()],
            "groups": [asdict(group) for group in world.groups.values()],
            "commands": world.commands,
            "profile": world.profile,
            "messages": [vars(message) for message in world.all_messages()],
            "last_message_ids": world.last_message_ids(),
            "next_update_id": self._service.updates.next_id,
        }
        return json.dumps(kept, ensure_ascii=False)

    def _write(self, state: str) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(state, encoding="utf-8")
        fresh.replace(self._path)
