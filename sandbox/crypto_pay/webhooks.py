"""Sends the paid-invoice webhook to the shop: signed, repeated until 200, delayed on request."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.crypto_pay.fields import iso
from sandbox.wire import WireLog

ATTEMPTS = 17
"""After so many failures in a row the real service switches the webhook off until a person resets it."""

PLANS = ("lost", "doubled", "delayed", "reordered")
PLAN_SECONDS = {"delayed": 4.0, "reordered": 2.0}


@dataclass
class Plan:
    """A plan for the next `times` notices, instead of one prompt delivery.

    lost: never sent. doubled: sent twice at once. delayed: sent after `seconds`. reordered: held until
    the next notice has been delivered, at most `seconds`.
    """

    kind: str
    times: int | None = 1
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in PLANS:
            raise ValueError(f"kind: one of {', '.join(PLANS)}")


@dataclass
class Webhooks:
    """The one webhook of the app."""

    token: str
    url: str
    log: WireLog
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 60.0
    enabled: bool = True
    plans: deque[Plan] = field(default_factory=deque)
    shares: dict[str, float] = field(default_factory=dict)
    """For notices without a plan: the share that gets each kind of plan."""
    seed: int = 0
    """With the same seed the n-th notice always gets the same plan."""
    _noticed: int = 0
    delivered: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    def sign(self, body: bytes) -> str:
        """HMAC-SHA256 of the raw body under the raw SHA-256 of the token, in lower-case hex."""
        return hmac.new(hashlib.sha256(self.token.encode()).digest(), body, hashlib.sha256).hexdigest()

    def notify(self, invoice: dict[str, Any]) -> None:
        """Start sending the notice about a paid invoice."""
        update = {
            "update_id": random.randint(1, 99),  # documented as not unique, so here it is not
            "update_type": "invoice_paid",
            "request_date": iso(time.time()),
            "payload": invoice,
        }
        body = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode()
        plan = self._next_plan()
        if plan is not None and plan.kind == "lost":
            self.log.record("webhook_lost", invoice_id=invoice["invoice_id"])
            return
        for _ in range(2 if plan is not None and plan.kind == "doubled" else 1):
            task = asyncio.create_task(self._deliver(body, invoice["invoice_id"], plan))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Abandon all deliveries."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _next_plan(self) -> Plan | None:
        self._noticed += 1
        if not self.plans:
            return self._dealt()
        plan = self.plans[0]
        if plan.times is not None:
            plan.times -= 1
            if plan.times <= 0:
                self.plans.popleft()
        return plan

    def _dealt(self) -> Plan | None:
        """Return the plan that this notice's number gets from the shares."""
        drawn = random.Random(f"{self.seed}:{self._noticed}").random()
        for kind, share in self.shares.items():
            if drawn < share:
                return Plan(kind, seconds=PLAN_SECONDS.get(kind, 1.0))
            drawn -= share
        return None

    async def _deliver(self, body: bytes, invoice_id: int, plan: Plan | None) -> None:
        if plan is not None and plan.kind == "delayed":
            await asyncio.sleep(plan.seconds)
        elif plan is not None and plan.kind == "reordered":
            await self._wait_for_another(plan.seconds)
        pause = self.first_retry_seconds
        for attempt in range(1, ATTEMPTS + 1):
            if not self.enabled:
                return
            if await self._post(body, invoice_id, attempt) == 200:
                self.delivered.set()
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, self.longest_retry_seconds)
        self.enabled = False
        self.log.record("webhook_switched_off", attempts=ATTEMPTS)

    async def _wait_for_another(self, seconds: float) -> None:
        self.delivered.clear()
        try:
            await asyncio.wait_for(self.delivered.wait(), seconds)
        except TimeoutError:
            return

    async def _post(self, body: bytes, invoice_id: int, attempt: int) -> int:
        """The answer's status; 0 when there was none."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        headers = {"crypto-pay-api-signature": self.sign(body), "Content-Type": "application/json"}
        sent = time.time()
        status = 0
        try:
            async with self._session.post(self.url, data=body, headers=headers) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            self.log.record("webhook_failed", invoice_id=invoice_id, error=type(error).__name__)
        self.log.record(
            "webhook",
            invoice_id=invoice_id,
            attempt=attempt,
            status=status,
            sent_at=sent,
            ms=round((time.time() - sent) * 1000, 2),
        )
        return status
