"""The stand-in's calls to the shop: it reports a status and fetches tasks."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.main_bot.tasks import Execution
from sandbox.wire import WireLog

REPORT_ATTEMPTS = 6
CALLBACK_KINDS = ("lost", "doubled", "delayed")


@dataclass
class CallbackPlan:
    """A plan for the next `times` reports: lost, doubled, or delayed by `seconds`."""

    kind: str
    times: int = 1
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in CALLBACK_KINDS:
            raise ValueError(f"kind: one of {', '.join(CALLBACK_KINDS)}")


@dataclass
class Shop:
    """The shop as Main Bot knows it: an address and a key."""

    url: str
    api_key: str
    log: WireLog
    plans: deque[CallbackPlan] = field(default_factory=deque)
    _session: aiohttp.ClientSession | None = None

    async def report(self, execution: Execution, status: str, response_data: dict[str, Any]) -> int:
        """PUT the status, and repeat it after a failure. Returns the last HTTP status, 0 for no answer."""
        plan = self._next_plan()
        if plan is not None and plan.kind == "lost":
            self.log.record("report_lost", task_id=execution.task["task_id"], status=status)
            return 0
        if plan is not None and plan.kind == "delayed":
            await asyncio.sleep(plan.seconds)
        path = f"/api/tasks/{execution.task['task_id']}/status"
        body = {
            "status": status,
            "external_task_id": execution.external_task_id,
            "response_data": response_data,
        }
        if plan is not None and plan.kind == "doubled":
            await self._call("PUT", path, body)
        pause, answered = 0.5, 0
        for _ in range(REPORT_ATTEMPTS):
            answered, _body = await self._call("PUT", path, body)
            if 200 <= answered < 500 and answered != 429:
                return answered
            await asyncio.sleep(pause)
            pause *= 2
        return answered

    async def pull(self, limit: int) -> list[dict[str, Any]]:
        """Fetch waiting tasks from the shop. Returns an empty list if it has none or does not answer."""
        status, body = await self._call("GET", f"/api/tasks/pending?limit={limit}", None)
        tasks = body.get("tasks_sent", []) if status == 200 else []
        return [task for task in tasks if isinstance(task, dict)]

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _next_plan(self) -> CallbackPlan | None:
        if not self.plans:
            return None
        self.plans[0].times -= 1
        return self.plans.popleft() if self.plans[0].times <= 0 else self.plans[0]

    async def _call(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        sent, status, answer = time.time(), 0, {}
        try:
            headers = {"Authorization": f"Bearer {self.api_key}"}
            async with self._session.request(method, self.url + path, json=body, headers=headers) as response:
                status = response.status
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            answer = {"error": type(error).__name__}
        self.log.record(
            "shop_called",
            method=method,
            path=path,
            status=status,
            sent_at=sent,
            ms=round((time.time() - sent) * 1000, 2),
            request=body,
            answer=answer,
        )
        return status, answer if isinstance(answer, dict) else {}
