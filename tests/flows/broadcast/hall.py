"""Runs broadcasts: real worker processes, a stand-in for Telegram, an audience of any size."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from socialboost import jobs
from tests.flows.shop.world import ADMIN_ID, ROOT, Shop, wait_until

FIRST_ID = 800_000_000
COUNTED = ("sent", "blocked", "failed", "unknown", "skipped")


class Hall(Shop):
    """A shop with an audience; worker processes that can be killed one by one."""

    def __init__(self, database_url: str, redis_url: str, directory: Path) -> None:
        super().__init__(database_url, redis_url, directory)
        self.masters: list[subprocess.Popen[bytes]] = []
        self._logs: dict[int, Path] = {}
        self._people = 0

    def start(
        self, *, rate: int = 1100, queues: tuple[str, ...] = (), threads: int = 6
    ) -> subprocess.Popen[bytes]:
        """Start one worker process (and its master) with this rate limiter; wait until it works."""
        ready = self.log_text().count("worker_started")
        options = ["-p", "1", "-t", str(threads), *(["--queues", *queues] if queues else [])]
        own_log = self.log.with_name(f"workers-{len(self._logs)}.log")
        with own_log.open("ab") as log:
            master = subprocess.Popen(
                [sys.executable, "-m", "dramatiq", "workers", *options],
                cwd=ROOT,
                env=self.environment | {"TELEGRAM_SEND_RATE": str(rate)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.masters.append(master)
        self._logs[master.pid] = own_log
        wait_until(lambda: self.log_text().count("worker_started") > ready, "worker starts", 60)
        return master

    def kill(self, master: subprocess.Popen[bytes]) -> None:
        """SIGKILL a worker process with its master, as a machine that lost power."""
        if master.poll() is None:
            os.killpg(master.pid, signal.SIGKILL)
            master.wait(10)

    def log_text(self) -> str:
        """Return what all of them have logged."""
        return "".join(self.log_of(pid) for pid in self._logs)

    def log_of(self, pid: int) -> str:
        """Return what one master and its worker have logged."""
        return self._logs[pid].read_text(errors="replace")

    def marked(self, broadcast_id: str, runner: str) -> int:
        """Return how many recipients of a runner are in the state sending or unknown."""
        query = (
            "SELECT count(*) FROM broadcast_recipients WHERE broadcast_id = %s AND runner = %s"
            " AND status IN ('sending', 'unknown')"
        )
        return int(self.value(query, broadcast_id, runner))

    def freeze_runner(self, broadcast_id: str, *, under_way: int = 0) -> tuple[subprocess.Popen[bytes], str]:
        """SIGSTOP the process that works on the broadcast, and its master, while so many are under way.

        Returns the master and the runner's name.
        """

        def look() -> tuple[subprocess.Popen[bytes], str] | None:
            chunk, runner = (row := self.row(broadcast_id))["chunk"], row["runner"]
            began = {pid: self._began(pid, f"broadcast:{broadcast_id}:{chunk}") for pid in self._logs}
            for master in self.masters:
                if runner is None or not began[master.pid] or began[master.pid] < max(began.values()):
                    continue
                os.killpg(master.pid, signal.SIGSTOP)
                ours = self.row(broadcast_id)["runner"] == runner
                if ours and self.marked(broadcast_id, runner) >= under_way:
                    return master, runner
                os.killpg(master.pid, signal.SIGCONT)
            return None

        return wait_until(look, "somebody works on it")

    def _began(self, pid: int, key: str) -> str:
        """When a process has begun an attempt of this job; empty when it never has."""
        lines = [
            line for line in self.log_of(pid).splitlines() if '"job_started"' in line and f'"{key}"' in line
        ]
        return str(json.loads(lines[-1])["timestamp"]) if lines else ""

    def wait_for_another(self, broadcast_id: str, runner: str) -> None:
        """Wait until the broadcast is in other hands."""
        wait_until(
            lambda: self.row(broadcast_id)["runner"] not in {None, runner}, "another takes it over", 60
        )

    def stop_all(self) -> None:
        for master in self.masters:
            self.kill(master)
        self.masters.clear()

    def close(self) -> None:
        self.stop_all()
        super().close()

    # --- people ---

    def gather(self, count: int) -> list[int]:
        """So many people more, known to Telegram and to the shop; their ids, oldest first."""
        ids = [FIRST_ID + self._people + number for number in range(count)]
        self._people += count
        for telegram_id in ids:
            body = {"first_name": "Х", "id": telegram_id, "started": True}
            self.post(self.telegram, "/sim/people", body)
        self.rows(
            "INSERT INTO users (telegram_id, first_name, language, created_at)"
            " SELECT id, 'Х', 'uk', now() - interval '1 day' + mod(id, 100000) * interval '1 millisecond'"
            " FROM unnest(%s::bigint[]) AS id RETURNING id",
            ids,
        )
        return ids

    # --- broadcasts ---

    def draft(self, body: str | None = "<b>Новини</b>", **columns: Any) -> str:
        """A draft as the dialogue leaves it; its id."""
        values = {"admin_telegram_id": ADMIN_ID, "body": body, "segment": "all", **columns}
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        return str(
            self.value(
                f"INSERT INTO broadcasts ({names}) VALUES ({places}) RETURNING id",  # noqa: S608
                *values.values(),
            )
        )

    def move(self, broadcast_id: str, action: str) -> str:
        """An admin's tap on a button of the card; the job's key."""
        number = self.next_id()
        key = f"tg:{number}:0"
        jobs.send(
            jobs.MoveBroadcast(
                telegram_id=ADMIN_ID, chat_id=ADMIN_ID, update_id=number, seq=number, key=key,
                broadcast_id=broadcast_id, action=action,
            )
        )  # fmt: skip
        return key

    def send(self, body: str | None = "<b>Новини</b>", **columns: Any) -> str:
        """A draft that an admin confirms; its id."""
        broadcast_id = self.draft(body, **columns)
        self.wait_for_job(self.move(broadcast_id, "send"))
        return broadcast_id

    def row(self, broadcast_id: str) -> dict[str, Any]:
        return self.rows("SELECT * FROM broadcasts WHERE id = %s", broadcast_id)[0]

    def wait_for(self, broadcast_id: str, status: str = "completed", seconds: float = 60) -> dict[str, Any]:
        """Wait until the broadcast is so; its row."""
        return wait_until(
            lambda: row if (row := self.row(broadcast_id))["status"] == status else None,
            f"{status}: {self.row(broadcast_id)}",
            seconds,
        )

    def wait_for_sent(self, broadcast_id: str, count: int, seconds: float = 60) -> None:
        wait_until(lambda: self.row(broadcast_id)["sent"] >= count, f"{count} sent", seconds)

    def wait_for_progress(self, broadcast_id: str) -> None:
        """Wait until more has been sent than now, or it is over."""
        before = self.row(broadcast_id)["sent"]

        def moved() -> bool:
            row = self.row(broadcast_id)
            return row["sent"] > before or row["status"] != "running"

        wait_until(moved, "it goes on", 60)

    def states(self, broadcast_id: str) -> Counter[str]:
        """Return how many recipients are in each state."""
        rows = self.rows(
            "SELECT status, count(*) AS n FROM broadcast_recipients WHERE broadcast_id = %s GROUP BY status",
            broadcast_id,
        )
        return Counter({row["status"]: row["n"] for row in rows})

    def check_counts(self, broadcast_id: str) -> dict[str, Any]:
        """The counts of the card are those of the rows, and add up; the broadcast's row."""
        row, states = self.row(broadcast_id), self.states(broadcast_id)
        assert {name: row[name] for name in COUNTED} == {name: states[name] for name in COUNTED}
        assert row["recipients"] == sum(states.values())
        assert row["recipients"] == sum(row[name] for name in COUNTED), states
        return row

    # --- what Telegram saw ---

    def calls(self, method: str = "sendMessage", **matching: Any) -> list[dict[str, Any]]:  # type: ignore[override]
        wire = self.get(self.telegram, "/sim/wire", kind="call", method=method, **matching)
        return [call for call in wire["records"] if FIRST_ID <= call["chat_id"] < ADMIN_ID]

    def received(self, text: str) -> Counter[int]:
        """Return how often each person of the audience got a message with this text."""
        seen: Counter[int] = Counter()
        for call in self.calls(status=200):
            if text in str(call["params"]):
                seen[call["chat_id"]] += 1
        return seen

    def fault_for(self, chat_ids: list[int], **fault: Any) -> None:
        for chat_id in chat_ids:
            self.post(self.telegram, "/sim/faults", {"chat_id": chat_id, "times": None, **fault})

    def no_faults(self) -> None:
        self.http.delete(self.telegram.url + "/sim/faults", timeout=10).raise_for_status()


def until(moment: float) -> None:
    """Sleep until time.monotonic() is so."""
    time.sleep(max(moment - time.monotonic(), 0.0))
