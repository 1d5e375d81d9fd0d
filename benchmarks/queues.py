"""Measures queues: the pick-up time of an idle worker, jobs per second, and the cost of enqueueing.

All on one Valkey (append-only file, synced every second) or one PostgreSQL (fsync on). Idle: no-ops one at a
time, 0.5 to 1.5 s apart, several systems side by side since each is idle almost always. Throughput: no-ops
enqueued before the worker starts, one worker process, one system at a time, the rate over the middle 80 %.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Spread, middle_rate, ratio, spread
from benchmarks.options import Options
from benchmarks.processes import CpuMeter, memory
from benchmarks.queue_systems import OURS, RAW, STOCK, SYSTEMS, System, by_label
from benchmarks.results import Result, Table
from benchmarks.running import NotMeasuredError, Running, Servers, servers

WARM_UP: Final = 5
IDLE_JOBS: Final = 40
QUICK_JOBS: Final = 3
QUICK_BURST: Final = 200
SIDE_BY_SIDE: Final = 7
BURST_SECONDS: Final = 60.0
"""A slower system's run is cut off here; the rate is that of what it did."""
STRAGGLER_SECONDS: Final = 5.0


HOW: Final = """\
Idle: no-ops 0.5 to 1.5 s apart, milliseconds from just before the enqueue to the job's first line; CPU and
memory are the worker's processes' meanwhile. Throughput: jobs enqueued before one worker process starts, the
rate over the middle 80 %. Every system in its crash-safe setting (late acknowledgement); RQ and arq as they
come. All on one Valkey and one PostgreSQL, each queue in a database of its own."""


@dataclass(frozen=True)
class Idle:
    """Pick-up of one system, milliseconds, and what its worker cost meanwhile."""

    system: System
    times: Spread
    cpu_percent: float
    pss_mb: float


@dataclass(frozen=True)
class Burst:
    """Throughput of one system with one worker process."""

    system: System
    jobs: int
    rate: float
    worker_us: float
    enqueue_us: float
    enqueue_cpu_us: float


def run(options: Options) -> Result:
    """Measure the systems named, all of them by default."""
    chosen = [by_label(name) for name in options.arguments] or list(SYSTEMS)
    with servers() as running:
        idle = _idle_all([one for one in chosen if one.is_idle_measured], running, options)
        bursts = [_burst(system, running, quick=options.quick) for system in chosen]
        described = running.described
    return Result(
        "queues",
        [_idle_table(idle), _burst_table(bursts)],
        how=HOW,
        servers=described,
    )


def _idle_all(systems: Sequence[System], running: Servers, options: Options) -> list[Idle]:
    found: list[Idle] = []
    for start in range(0, len(systems), SIDE_BY_SIDE):
        found += _idle_group(systems[start : start + SIDE_BY_SIDE], running, quick=options.quick)
    return found


def _idle_group(systems: Sequence[System], running: Servers, *, quick: bool) -> list[Idle]:
    """Measure some systems at once."""
    count = QUICK_JOBS if quick else IDLE_JOBS
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(systems)) as pool:
        workers = [stack.enter_context(Running(system, running)) for system in systems]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.warm_up(WARM_UP)
        meters = [CpuMeter({"worker": [worker.pid]}) for worker in workers]
        started = time.monotonic()
        list(pool.map(lambda worker: worker.produce("idle", count), workers))
        took = time.monotonic() - started
        found = []
        for worker, meter in zip(workers, meters, strict=True):
            worker.wait_for(WARM_UP + 1 + count, STRAGGLER_SECONDS)
            times = [(began - sent) / 1e6 for sent, began in sorted(worker.read_marks())[WARM_UP + 1 :]]
            busy = meter.read()["worker"] / took * 100
            found.append(Idle(worker.system, spread(times), busy, memory([worker.pid]).pss))
            _say(f"{worker.system.name}: picked up in {found[-1].times.p50:.2f} ms (median)")
        return found


def _burst(system: System, running: Servers, *, quick: bool) -> Burst:
    count = min(system.burst, QUICK_BURST) if quick else system.burst
    with Running(system, running) as worker:
        cost = worker.produce("burst", count)
        worker.start()
        before = worker.wait_for(1, BURST_SECONDS)
        meter = CpuMeter({"worker": [worker.pid]})
        worker.wait_for(count, BURST_SECONDS)
        busy, marks = meter.read()["worker"], worker.read_marks()
    if len(marks) < min(count, QUICK_BURST) // 2:
        raise NotMeasuredError(f"{system.name} began only {len(marks)} of {count} jobs")
    rate = middle_rate([began for _, began in marks], 1e-9)
    done = len(marks) - before
    _say(f"{system.name}: {rate:,.0f} jobs/s")
    return Burst(system, len(marks), rate, busy / max(done, 1) * 1e6, cost["wall_us"], cost["cpu_us"])


def _idle_table(found: Sequence[Idle]) -> Table:
    floor = next((one.times.p50 for one in found if one.system is RAW), 0.0)
    ours = next((one.times.p50 for one in found if one.system is OURS), 0.0)
    rows = [
        (
            one.system.name,
            one.times.p50,
            one.times.p95,
            one.times.worst,
            ratio(one.times.p50, floor),
            ratio(one.times.p50, ours),
            one.cpu_percent,
            one.pss_mb,
        )
        for one in sorted(found, key=lambda one: one.times.p50)
    ]
    columns = ("queue", "p50 ms", "p95 ms", "max ms", "p50 / floor", "p50 / ours", "CPU %", "PSS MB")
    return Table("Idle: from enqueue to the job's start", columns, rows)


def _burst_table(found: Sequence[Burst]) -> Table:
    stock = next((one.rate for one in found if one.system is STOCK), 0.0)
    rows = [
        (
            one.system.name,
            one.system.concurrency,
            one.jobs,
            one.rate,
            ratio(one.rate, stock),
            one.worker_us,
            one.enqueue_us,
            one.enqueue_cpu_us,
        )
        for one in sorted(found, key=lambda one: -one.rate)
    ]
    columns = (
        "queue", "concurrency", "jobs", "jobs/s", "/ stock Dramatiq", "worker CPU µs/job", "enqueue µs",
        "enqueue CPU µs",
    )  # fmt: skip
    return Table("Throughput of one worker process, and the price of enqueueing", columns, rows)


def _say(text: str) -> None:
    print(f"  {text}", flush=True)
