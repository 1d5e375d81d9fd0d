"""The list of measured queues, with the command that starts each worker. The programs are in peers/."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
THREADS: Final = "8"
CONCURRENCY: Final = "100"


@dataclass(frozen=True)
class System:
    """One queue. `{bin}` in its commands is the directory of its environment's programs."""

    name: str
    module: str
    worker: tuple[str, ...]
    concurrency: str
    environment: str = ""
    """The virtual environment's name at the root; empty: the one we run in."""
    burst: int = 20_000
    """Pre-enqueued jobs for the throughput, so that each runs for some seconds."""
    prepare: tuple[str, ...] = ()
    is_idle_measured: bool = True
    label: str = ""
    """The name on the command line, when it is not the first word of `name`."""

    @property
    def programs(self) -> Path:
        """Return where its environment keeps its programs."""
        return ROOT / self.environment / "bin" if self.environment else Path(sys.executable).parent

    def command(self, words: tuple[str, ...]) -> list[str]:
        """A command with this environment's programs in it."""
        return [word.replace("{bin}", str(self.programs)) for word in words]

    def module_command(self, *words: str) -> list[str]:
        """`python -m …` in this environment."""
        return [str(self.programs / "python"), "-m", *words]


def _dramatiq(module: str, *options: str) -> tuple[str, ...]:
    return ("{bin}/dramatiq", module, "-p", "1", "-t", THREADS, *options)


def _celery(*options: str) -> tuple[str, ...]:
    fixed = ("-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat")
    return ("{bin}/celery", "-A", "benchmarks.peers.celery_app", "worker", *fixed, *options)


_PROCRASTINATE = ("{bin}/procrastinate", "--app", "benchmarks.peers.procrastinate_app.app")

RAW: Final = System(
    "raw redis-py (floor)",
    "benchmarks.peers.raw_redis",
    ("{bin}/python", "-m", "benchmarks.peers.raw_redis"),
    "1 loop",
)
OURS: Final = System("ours", "benchmarks.peers.ours", _dramatiq("benchmarks.peers.ours"), "8 threads")
LEDGER: Final = System(
    "ours with a ledger row",
    "benchmarks.peers.ours_ledger",
    _dramatiq("benchmarks.peers.ours_ledger", "--queues", "interactive"),
    "8 threads",
    burst=3_000,
    label="ledger",
)
STOCK: Final = System(
    "stock Dramatiq",
    "benchmarks.peers.stock_dramatiq",
    _dramatiq("benchmarks.peers.stock_dramatiq"),
    "8 threads",
    label="stock",
)
POLLED: Final = System(
    "the specification's polled table",
    "benchmarks.peers.polled_table",
    ("{bin}/python", "-m", "benchmarks.peers.polled_table"),
    "1 loop",
    burst=2_000,
    prepare=("{bin}/python", "-m", "benchmarks.peers.polled_table", "create"),
    label="polled",
)
PEERS: Final = (
    System(
        "Taskiq (Redis streams)",
        "benchmarks.peers.taskiq_app",
        ("{bin}/taskiq", "worker", "benchmarks.peers.taskiq_app:broker", "--workers", "1",
         "--max-async-tasks", CONCURRENCY, "--log-level", "WARNING"),
        "100 async",
        ".venv-bench",
        label="taskiq",
    ),
    System(
        "SAQ",
        "benchmarks.peers.saq_app",
        ("{bin}/saq", "benchmarks.peers.saq_app.settings", "--quiet"),
        "100 async",
        ".venv-bench-saq",
    ),
    System(
        "arq",
        "benchmarks.peers.arq_app",
        ("{bin}/arq", "benchmarks.peers.arq_app.WorkerSettings",
         "--custom-log-dict", "benchmarks.peers.arq_app.QUIET"),
        "100 async",
        ".venv-bench-arq",
    ),
    System(
        "Celery, threads",
        "benchmarks.peers.celery_app",
        _celery("-P", "threads", "-c", THREADS),
        "8 threads",
        ".venv-bench",
        burst=10_000,
        label="celery",
    ),
    System(
        "Celery, prefork",
        "benchmarks.peers.celery_app",
        _celery("-c", "1", "-Q", "celery"),
        "1 process",
        ".venv-bench",
        burst=10_000,
        label="celery-prefork",
    ),
    System(
        "Procrastinate (PostgreSQL)",
        "benchmarks.peers.procrastinate_app",
        (*_PROCRASTINATE, "worker", "--concurrency", THREADS),
        "8 async",
        ".venv-bench",
        burst=2_000,
        prepare=(*_PROCRASTINATE, "schema", "--apply"),
        label="procrastinate",
    ),
    System(
        "RQ (forks)",
        "benchmarks.peers.rq_app",
        ("{bin}/rq", "worker", "--quiet", "rq_forks"),
        "1 process",
        ".venv-bench",
        burst=300,
        label="rq",
    ),
    System(
        "RQ, SimpleWorker",
        "benchmarks.peers.rq_app",
        ("{bin}/rq", "worker", "--quiet", "-w", "rq.SimpleWorker", "rq_simple"),
        "1 process",
        ".venv-bench",
        burst=2_000,
        label="rq-simple",
    ),
)  # fmt: skip
SYSTEMS: Final = (RAW, OURS, LEDGER, STOCK, *PEERS, POLLED)


def by_label(label: str) -> System:
    """Return the system so called on the command line; KeyError names those there are."""
    labels = {(system.label or system.name.split(" ", 1)[0].lower()): system for system in SYSTEMS}
    if label not in labels:
        raise KeyError(f"no queue {label!r}; there are {', '.join(labels)}")
    return labels[label]
