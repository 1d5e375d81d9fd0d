"""Runs the bot as a process, sends it updates, and reads the resulting jobs from Redis.

Both the recorder and the test of the recording ask it, so they see the same thing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import redis

from tests.flows.bot.script import TOKEN, ScriptedTelegram
from tests.flows.engine.system import ROOT, wait_until
from tests.flows.updates import Queued, message, person, private, queued, tap

Json = dict[str, Any]
MOST: Final = 1_000
_FIRST_PERSON, _FIRST_UPDATE, _EARLIER_UPDATE = 900_000_001, 700_000_001, 600_000_001


class Desk:
    """A bot that takes everybody for an admin; each update comes from a person of its own.

    What it says of an update has `{person}` and `{update}` for these two numbers, and no `seq`, which is the
    clock's.
    """

    def __init__(self, redis_url: str, directory: Path) -> None:
        self.redis_url = redis_url
        self.directory = directory
        self.telegram = ScriptedTelegram()
        self.others: list[Queued] = []
        self._numbers = count()
        self._log = (directory / "bot.log").open("ab")
        admins = ",".join(str(_FIRST_PERSON + number) for number in range(MOST))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "socialboost.bot"],
            cwd=directory,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "LOG_DIR": "-",
                "REDIS_URL": redis_url,
                "TELEGRAM_BOT_TOKEN": TOKEN,
                "TELEGRAM_API_URL": self.telegram.url,
                "ADMIN_TELEGRAM_IDS": admins,
            },
            stdout=self._log,
            stderr=self._log,
        )

    def close(self) -> None:
        """End the bot and its Telegram."""
        self._process.kill()
        self._process.wait(30)
        self._log.close()
        self.telegram.close()

    def tapped(self, data: Sequence[str]) -> list[Json]:
        """What each button becomes, as `said` has it."""
        return self._ask([{"data": one} for one in data])

    def said(self, contents: Sequence[Json], dialogue: Json | None = None) -> list[Json]:
        """What each message becomes: {"asked": it, "job": the job, "leaves": the dialogue after it}.

        `dialogue` is what Redis has of the person's before: {key: value}, with `{person}` in both.
        """
        return self._ask(list(contents), dialogue)

    def again(self, update: Json) -> None:
        """Deliver an update that this desk has not numbered; what it becomes is then among `others`."""
        self.telegram.updates.append(update)

    def _ask(self, asked: list[Json], dialogue: Json | None = None) -> list[Json]:
        numbers = [next(self._numbers) for _ in asked]
        people = {_FIRST_PERSON + number: one for number, one in zip(numbers, asked, strict=True)}
        with redis.Redis.from_url(self.redis_url) as client:
            for who in people:
                for key, value in (dialogue or {}).items():
                    client.set(filled(key, person=who), filled(value, person=who, update=_EARLIER_UPDATE))
        updates = [_update(who, one) for who, one in people.items()]
        self.telegram.updates += updates
        jobs: dict[int, Json] = {}

        def arrived() -> bool:
            for job in queued(self.redis_url):
                who = job.args["telegram_id"]
                if who not in people:
                    self.others.append(job)
                    continue
                assert who not in jobs, f"two jobs of one update: {jobs[who]}, {job}"
                jobs[who] = {"queue": job.queue, "actor": job.actor, "fields": job.args}
            return len(jobs) == len(people)

        wait_until(arrived, 300, f"a job for each of {len(people)} updates")
        return [self._answer(who, one, jobs[who]) for who, one in people.items()]

    def _answer(self, who: int, asked: Json, job: Json) -> Json:
        update_id = who - _FIRST_PERSON + _FIRST_UPDATE
        job["fields"].pop("seq", None)
        with redis.Redis.from_url(self.redis_url, decode_responses=True) as client:
            leaves = {key: client.get(key) for key in sorted(client.scan_iter(f"fsm:{who}:*"))}
        text = json.dumps({"asked": asked, "job": job, "leaves": leaves}, ensure_ascii=False)
        for number, name in ((who, "{person}"), (update_id, "{update}")):
            text = text.replace(f": {number}", f': "{name}"').replace(str(number), name)
        answer: Json = json.loads(text)
        return answer


def filled(text: str, **numbers: int) -> str:
    """Put the numbers in where the recording has their names."""
    for name, number in numbers.items():
        text = text.replace(f"{{{name}}}", str(number))
    return text


def _update(who: int, asked: Json) -> Json:
    common: Json = {"chat": private(who), "from": person(who)}
    made = tap(asked["data"], **common) if "data" in asked else message(asked.get("text"), **common)
    if "data" not in asked:
        made["message"] |= {name: value for name, value in asked.items() if name != "text"}
    return made | {"update_id": who - _FIRST_PERSON + _FIRST_UPDATE}
