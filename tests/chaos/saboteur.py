"""Causes the faults of a schedule on time, and records which of them hit something."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import redis
import requests

from tests.chaos.rig import Rig, iter_lines
from tests.chaos.schedule import Fault
from tests.chaos.stress import Stress

STRUCK_WITHIN_SECONDS = 5.0
"""The wait for a worker that is being restarted. A missing notice is not waited for."""
TICK_SECONDS = 0.05
Way = Callable[[Fault], Coroutine[Any, Any, bool]]

DOWN_SECONDS = 0.5
"""Time between a server's stop and its start."""


@dataclass
class Saboteur:
    """Runs the faults of one run beside the buyers."""

    rig: Rig
    faults: list[Fault]
    stress: Stress
    struck: list[Fault] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._servers = {name: asyncio.Lock() for name in ("valkey", "postgres")}

    async def run(self, clock: Callable[[], float]) -> None:
        """Return when the last fault has ended. `clock` returns the schedule's time."""
        for fault in self.faults:
            while clock() < fault.at:  # noqa: ASYNC110 (that clock stands still at times: nobody can say when)
                await asyncio.sleep(TICK_SECONDS)
            self._tasks.append(asyncio.create_task(self._strike(fault)))
        await asyncio.gather(*self._tasks)

    async def make_peace(self) -> None:
        """Let every service and every connection work again. Killed processes restart by themselves."""
        world = self.rig.world
        for url in (world.telegram_url, world.crypto_pay_url, world.main_bot_url):
            await asyncio.to_thread(requests.delete, f"{url}/sim/faults", timeout=10)
        await asyncio.to_thread(self.rig.proxy.clear)

    async def _strike(self, fault: Fault) -> None:
        how = self._network_on if fault.kind.startswith("net_") else self._service_on
        ways: dict[str, Way] = {
            "kill": self._kill_on,
            "kill_entry": self._kill_entry_on,
            "kill_at_webhook": self._kill_at_webhook_on,
            "wipe": self._wipe_on,
            "restart": self._restart_on,
            "freeze": self._freeze_on,
            "hang": self._alone(self.stress.hang),
            "read_only": self._alone(self.stress.read_only),
            "slow_clients": self.stress.slow_clients,
            "flood": self.stress.flood,
            "bad_row": self.stress.bad_row,
        }
        done = await ways.get(fault.kind, how)(fault)
        (self.struck if done else self.missed).append(fault)

    def _alone(self, way: Way) -> Way:
        """Do the same with exclusive access to the server, so that a stopped one is not restarted."""

        async def strike(fault: Fault) -> bool:
            async with self._servers[fault.where]:
                return await way(fault)

        return strike

    async def _kill_on(self, fault: Fault) -> bool:
        name = self.rig.workers[fault.settings["worker"] % len(self.rig.workers)]
        return await self._kill(name, whole=bool(fault.settings["whole"]))

    async def _kill_entry_on(self, fault: Fault) -> bool:
        return await self._kill(fault.where, whole=True)

    async def _kill(self, name: str, *, whole: bool) -> bool:
        deadline = time.monotonic() + STRUCK_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if name in self.rig.frozen:
                return False
            if await asyncio.to_thread(self.rig.kill, name, whole=whole):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _kill_at_webhook_on(self, fault: Fault) -> bool:
        """Kill a worker of the queue at the moment at which the shop has answered a notice with 200."""
        path = self.rig.world.wire_log("crypto_pay")
        position, deadline = path.stat().st_size, time.monotonic() + STRUCK_WITHIN_SECONDS
        while time.monotonic() < deadline:
            for end, line in iter_lines(path, position):
                position, record = end, json.loads(line)
                if record["event"] == "webhook" and record["status"] == 200:
                    names = self.rig.workers[: self.rig.options.interactive]
                    return await self._kill(names[fault.settings["worker"] % len(names)], whole=True)
            await asyncio.sleep(0.005)
        return False

    async def _wipe_on(self, _: Fault) -> bool:
        async with self._servers["valkey"]:
            return await asyncio.to_thread(self._flush)

    def _flush(self) -> bool:
        with redis.Redis.from_url(self.rig.world.redis_url) as client:
            return bool(client.flushall())

    async def _restart_on(self, fault: Fault) -> bool:
        async with self._servers[fault.where]:
            if fault.where == "postgres":
                await asyncio.to_thread(self.rig.world.postgres.restart_immediate)
            else:
                await asyncio.to_thread(self.rig.world.valkey.kill)
                await asyncio.sleep(DOWN_SECONDS)
                await asyncio.to_thread(self.rig.world.valkey.start)
        return True

    async def _freeze_on(self, fault: Fault) -> bool:
        name = self.rig.workers[fault.settings["worker"] % len(self.rig.workers)]
        if not await asyncio.to_thread(self.rig.freeze, name):
            return False
        await asyncio.sleep(float(fault.settings["seconds"]))
        await asyncio.to_thread(self.rig.thaw, name)
        return True

    async def _network_on(self, fault: Fault) -> bool:
        kind = fault.kind.removeprefix("net_")
        await asyncio.to_thread(self.rig.proxy.order, fault.where, kind, **fault.settings)
        return True

    async def _service_on(self, fault: Fault) -> bool:
        """Order a fault from a stand-in."""
        world = self.rig.world
        url = {
            "crypto_pay": world.crypto_pay_url,
            "main_bot": world.main_bot_url,
            "telegram": world.telegram_url,
        }[fault.where]
        body: dict[str, Any] = {"kind": fault.kind, **fault.settings}
        answer = await asyncio.to_thread(requests.post, f"{url}/sim/faults", json=body, timeout=10)
        answer.raise_for_status()
        return True
