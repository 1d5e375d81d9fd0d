"""Tests of deploys under load: a stopping worker finishes its running jobs, others do the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from socialboost import jobs
from tests.flows.engine.actors import Look, Work
from tests.flows.engine.system import CoreSystem, wait_until
from tests.timings import Timings

DEPLOYS = 20
PAUSE_SECONDS = 0.02
"""Between two jobs: more than one worker can do while the other is replaced, so that some wait in it."""
MOST_WAITING = 300
"""Nobody sends more until fewer wait: a slow machine is to be done in the end, too."""

Master = subprocess.Popen[bytes]


@pytest.mark.slow("twenty deploys, each waiting for workers to start and to end")
def test_twenty_rolling_deploys_lose_nothing_and_do_nothing_twice(
    system: CoreSystem, record_property: Callable[[str, object], None]
) -> None:
    masters, cut_into, began = [system.start(), system.start()], 0, time.monotonic()
    with load(system) as sent:
        for number in range(DEPLOYS):
            cut_into += deploy(system, masters, number, Master.terminate)
    seconds = time.monotonic() - began
    wait_until(lambda: len(system.counts("end")) == len(sent), 120, "every job done")
    wait_until(lambda: not system.leftovers(), 60, "nothing left in Redis")
    for master in masters:
        master.terminate()
    assert [master.wait(60) for master in system.masters] == [0] * (DEPLOYS + 2)
    once = Counter(sent)
    assert (system.counts("start"), system.counts("end")) == (once, once)
    assert rows(system) == {("done", 1): sum(name.startswith("tg:") for name in sent)}
    assert (system.leftovers(), system.dead_letters("interactive")) == ({}, 0)
    record_property("jobs", len(sent))
    record_property("under_way_at_sigterm", cut_into)
    sys.stdout.write(f"{DEPLOYS} deploys in {seconds:.0f} s, {len(sent)} jobs, {cut_into} cut into\n")


def test_killing_workers_instead_repeats_some_jobs(system: CoreSystem) -> None:
    """Negative control: the jobs that were running begin again."""
    system.hurry(Timings(lease=3))
    masters = [system.start()]
    with load(system):
        deploy(system, masters, 0, system.kill)
        wait_until(lambda: max(system.counts("start").values()) > 1, 60, "a job begun again")


@contextmanager
def load(system: CoreSystem) -> Iterator[list[str]]:
    """Send ledger jobs and plain ones, one after the other, of 0.05 to 0.2 s each; their names so far."""
    sent: list[str] = []
    ending = threading.Event()

    def send() -> None:
        while not ending.wait(PAUSE_SECONDS):
            number = len(sent)
            if number % 50 == 0 and number - len(system.counts("end")) > MOST_WAITING:
                continue
            seconds = 0.05 + number // 2 % 4 * 0.05
            name = f"plain{number}" if number % 2 else f"tg:{number}:1"
            jobs.send(Look(name=name, seconds=seconds) if number % 2 else Work(key=name, seconds=seconds))
            sent.append(name)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        ending.set()
        thread.join()


def deploy(system: CoreSystem, masters: list[Master], number: int, end: Callable[[Master], object]) -> int:
    """Replace the older one while it works: the new one starts after it was told to end, or before.

    Nobody waits for its end, as no supervisor of another machine would. Returns how many jobs it was at.
    """
    old, starts_first = masters.pop(0), number // 2 % 2
    if starts_first:
        masters.append(system.start())
    busy = len(wait_until(lambda: under_way(system, old), 60, "a job under way"))
    end(old)
    if not starts_first:
        masters.append(system.start())
    return busy


def under_way(system: CoreSystem, master: Master) -> list[str]:
    """Return what the master's worker has begun and not ended."""
    begun: dict[str, int] = {}
    for event, name, process, *_ in system.lines():
        if event == "start":
            begun[name] = int(process)
        elif event == "end":
            begun.pop(name, None)
    return [name for name, process in begun.items() if group_of(process) == master.pid]


def group_of(process: int) -> int:
    """The process group, which has its master's number; 0 for a process that is gone."""
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return 0


def rows(system: CoreSystem) -> dict[tuple[str, int], int]:
    """Return how many of the ledger's rows have which state and how many attempts."""
    with psycopg.connect(system.database_url) as connection:
        found = connection.execute(
            "SELECT state, attempts, count(*) FROM job_ledger GROUP BY 1, 2"
        ).fetchall()
    return {(state, attempts): count for state, attempts, count in found}
