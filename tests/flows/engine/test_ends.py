"""Tests of SIGTERM: a worker ends in order and in time, whatever hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from sandbox.servers import PostgresServer, ValkeyServer
from socialboost import jobs
from tests.flows.engine.actors import Look, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.flows.frozen import frozen, silence

IN_ALL_SECONDS = 30
"""What supervisors wait before they kill (supervisord.conf); the worker's own bound is below it."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["systemd", "ctrl-c"])
def test_a_signal_to_the_process_group_lets_running_jobs_end(
    system: CoreSystem, number: signal.Signals
) -> None:
    """The worker gets the signal two or three times: with its group, and each time from its master."""
    master = system.start()
    jobs.send(Work(key="tg:1:1", seconds=3))
    jobs.send(Look(name="plain", seconds=3))
    wait_until(lambda: system.counts("start").total() == 2)
    for _ in range(3):
        os.killpg(master.pid, number)
        time.sleep(0.3)  # signals of one number that come together count as one
    assert master.wait(IN_ALL_SECONDS) == 0
    assert (system.count("end", "tg:1:1"), system.count("end", "plain")) == (1, 1)
    assert system.state("tg:1:1") == "done"
    assert system.leftovers() == {}


def test_without_the_guard_the_second_signal_kills_running_jobs(system: CoreSystem) -> None:
    """Negative control."""
    system.environment["CORE_NO_ENDING"] = "1"
    master = system.start()
    jobs.send(Work(key="tg:1:1", seconds=5))
    wait_until(lambda: system.count("start", "tg:1:1") == 1)
    for _ in range(2):
        os.killpg(master.pid, signal.SIGTERM)
        time.sleep(0.3)
    assert master.wait(IN_ALL_SECONDS) != 0
    assert system.count("end", "tg:1:1") == 0


@pytest.mark.parametrize("hanging", ["postgresql", "redis", "both"])
def test_a_worker_stops_in_time_while_other_services_hang(
    system: CoreSystem,
    postgres_server: PostgresServer,
    valkey_server: ValkeyServer,
    record_property: Callable[[str, object], None],
    hanging: str,
) -> None:
    """One of the running jobs waits for a partner that hangs."""
    servers: dict[str, list[PostgresServer | ValkeyServer]] = {
        "postgresql": [postgres_server],
        "redis": [valkey_server],
        "both": [postgres_server, valkey_server],
    }
    with ExitStack() as stack:
        system.environment["TELEGRAM_API_URL"] = stack.enter_context(silence())
        master = system.start(threads=4)
        keys = [f"tg:{number}:1" for number in range(8)]
        for key in keys:
            mode = "ask telegram" if key == keys[0] else "query"
            jobs.send(Work(key=key, mode=mode, seconds=1, times=1))
        wait_until(lambda: system.counts("start").total() >= 4)
        stack.enter_context(frozen(*servers[hanging]))
        began = time.monotonic()
        os.killpg(master.pid, signal.SIGTERM)
        status = master.wait(IN_ALL_SECONDS)
        record_property("seconds", time.monotonic() - began)
    said = system.log_text()
    assert "worker_stopped" in said, said[-3000:]
    assert (status, "Timeout (" in said) == (0, False), "the last resort was needed"
    system.environment["TELEGRAM_API_URL"] = "http://127.0.0.1:9"
    system.start()
    wait_until(lambda: {system.state(key) for key in keys[1:]} == {"done"}, 90, "what was cut off, done")
