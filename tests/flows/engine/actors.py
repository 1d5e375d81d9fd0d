"""Actors of the engine's tests, which record their starts and ends: `dramatiq tests.flows.engine.actors`.

What they did is in the record (recording.py).
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Final

import dramatiq.brokers.redis
import dramatiq.worker
import psycopg

import socialboost.queue.broker
import socialboost.queue.consumer
from socialboost import jobs
from socialboost.db import Transaction
from socialboost.errors import (
    AmbiguousError,
    ParkError,
    PostponeError,
    RefusesUsError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)
from tests import timings
from tests.flows.engine.recording import record, recorded
from workers.engine import (
    deciding,
    outbox,
    resources,
    shutdown,
    under_way,
)
from workers.engine.actors import Attempt, actor
from workers.operations import boot

timings.apply_those_of_the_environment()

if "CORE_SKEW_MS" in os.environ:  # a machine whose clock is wrong, as far as Dramatiq can see
    skew = int(os.environ["CORE_SKEW_MS"])
    ours = (socialboost.queue.broker, socialboost.queue.consumer)
    for module in (*ours, dramatiq.message, dramatiq.worker, dramatiq.brokers.redis):
        vars(module)["current_millis"] = lambda: int(time.time() * 1000) + skew

if "CORE_NO_VITALS" in os.environ:  # a negative control: nobody looks after the threads
    vars(boot)["Watchdog"] = lambda *_: SimpleNamespace(start=list, stop=list)


if "CORE_NO_ENDING" in os.environ:  # a negative control: a worker that ends as Dramatiq has it
    for step in ("install", "end_jobs"):
        setattr(shutdown.Ending, step, lambda *_: None)


@dataclass(frozen=True, kw_only=True)
class Work(jobs.LedgerJob):
    """A ledger job that behaves as `mode` says on its first `times` attempts, then does its work."""

    actor_name: ClassVar[str] = "core_work"
    queue: ClassVar[str] = jobs.INTERACTIVE
    mode: str = "done"
    seconds: float = 0.0
    times: int = 1_000
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Chain(jobs.LedgerJob):
    """A ledger job that adds a Work to the outbox in its transaction."""

    actor_name: ClassVar[str] = "core_chain"
    queue: ClassVar[str] = jobs.PAYMENTS
    delay_seconds: float = 0.0
    roll_back: bool = False


@dataclass(frozen=True, kw_only=True)
class Look(jobs.Job):
    """A job without a row; fails on its first `times` runs."""

    actor_name: ClassVar[str] = "core_look"
    queue: ClassVar[str] = jobs.INTERACTIVE
    name: str
    seconds: float = 0.0
    times: int = 0
    postpone: bool = False
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Question(jobs.Job):
    """Answers with `value` after `seconds`."""

    actor_name: ClassVar[str] = "core_question"
    queue: ClassVar[str] = jobs.INTERACTIVE
    name: str
    value: Any = None
    seconds: float = 0.0


def owes_notice(tx: Transaction, job: Work, error: str) -> None:
    """Tell that a Work was parked, in the transaction that parks it."""
    if job.note == "broken callback":
        raise KeyError(job.key)
    record("exhausted", job.key, error)
    outbox.add(tx, Work(key=f"after:{job.key}"))


def duplicate(job: Work) -> str:
    """Answer for a job that is done; not the first three times when it is to be "not now"."""
    record("duplicate", job.key)
    if job.note == "not now" and recorded("duplicate", job.key) <= 3:
        raise PostponeError(0.1, "not now")
    return "again"


def busy(job: Work) -> None:
    """Answer for a job that another worker has."""
    record("busy", job.key)


@actor(Work, on_duplicate=duplicate, on_busy=busy, on_exhausted=owes_notice)
def core_work(job: Work, attempt: Attempt) -> str:
    """Misbehave as `mode` says, or work for `seconds` and end."""
    record("start", job.key, attempt.number)
    time.sleep(job.seconds)
    if attempt.number <= job.times:
        misbehave(job)
    record("end", job.key, attempt.number)
    return f"worked on {job.key}"


@dataclass(frozen=True, kw_only=True)
class Hang(jobs.LedgerJob):
    """A ledger job whose first attempt takes longer than it may."""

    actor_name: ClassVar[str] = "core_hang"
    queue: ClassVar[str] = jobs.INTERACTIVE
    lease_seconds: ClassVar[int] = 3


@actor(Hang)
def core_hang(job: Hang, attempt: Attempt) -> None:
    """Hang once, then end."""
    record("start", job.key, attempt.number)
    time.sleep(10 if attempt.number == 1 else 0)
    record("end", job.key, attempt.number)


@dataclass(frozen=True, kw_only=True)
class EndThread(jobs.Job):
    """Ends or hangs one of Dramatiq's own threads in the worker, as an error nobody foresaw would."""

    actor_name: ClassVar[str] = "core_end_thread"
    queue: ClassVar[str] = jobs.INTERACTIVE
    kind: str
    hangs: bool = False


class HangError(Exception):
    """Whoever raises it waits for ever, where no exception and no time limit reaches it."""

    def __init__(self) -> None:
        super().__init__()
        threading.Event().wait()


@actor(EndThread, max_retries=0)
def core_end_thread(job: EndThread) -> None:
    """Raise SystemExit in another thread of that kind: between two jobs no handler catches it."""
    record("start", job.kind)
    others = [t for t in threading.enumerate() if t is not threading.current_thread()]
    thread = next(t for t in others if job.kind in (type(t).__name__, t.name))
    assert thread.ident is not None
    raised = ctypes.py_object(HangError if job.hangs else SystemExit)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), raised)


@dataclass(frozen=True, kw_only=True)
class Stick(jobs.LedgerJob):
    """A ledger job whose first attempt never ends, and which its time limit does not reach."""

    actor_name: ClassVar[str] = "core_stick"
    queue: ClassVar[str] = jobs.INTERACTIVE
    lease_seconds: ClassVar[int] = 1


@actor(Stick)
def core_stick(job: Stick, attempt: Attempt) -> None:
    """Wait for ever once, holding what must not be in a log, then end."""
    record("start", job.key, attempt.number)
    secret = f"do-not-log-{job.key}"
    if attempt.number == 1:
        threading.Event().wait()
    assert secret
    record("end", job.key, attempt.number)


OUTAGES: Final = {
    "away": UnreachableError("main_bot", "refused"),
    "away, then unknown": UnreachableError("main_bot", "refused"),
    "refuses us": RefusesUsError("main_bot", "bad key", setting="MAIN_BOT_API_KEY", status=401),
    "throttled": ThrottledError("main_bot", "slow down", retry_after=1.0),
    "told to wait": ThrottledError("main_bot", "slow down", retry_after=300.0),
    "outage": PostponeError(0.0, "down", outage=True),
    "not now": PostponeError(20.0, "leased elsewhere"),
}
"""Modes that never end by themselves."""


def misbehave(job: Work) -> None:
    """Do what `mode` names; PostponeError and its like only twice per job, since they use up no attempt."""
    if job.mode == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if job.mode == "raise":
        raise ValueError("see https://example.com/bot1:secret?x=1 for more")
    if job.mode == "reject":
        raise RejectedError("telegram", "never", status=400, code="bad")
    if job.mode == "park":
        raise ParkError("a person must look")
    if job.mode == "query":
        resources.db().value("ping")
    if job.mode == "ask telegram":
        resources.telegram().get_me()
    twice = {
        "postpone": PostponeError(0.5, "later"),
        "throttle": ThrottledError("telegram", "slow down", retry_after=0.5),
        "unreachable": UnreachableError("main_bot", "refused"),
    }
    if job.mode in twice and recorded("start", job.key) <= 2:
        raise twice[job.mode]
    if job.mode == "away, then unknown" and recorded("start", job.key) > 1:
        raise AmbiguousError("main_bot", "no answer in time")
    if job.mode in OUTAGES:
        raise OUTAGES[job.mode]


@dataclass(frozen=True, kw_only=True)
class Effect(jobs.LedgerJob):
    """A ledger job that ends with its effect, and goes on with a Work that behaves as `mode` says."""

    actor_name: ClassVar[str] = "core_effect"
    queue: ClassVar[str] = jobs.PAYMENTS
    mode: str = "done"
    fate: str = ""
    """`die` before the commit in the first attempt, or `lose` the claim to another worker then."""


@actor(Effect)
def core_effect(job: Effect, attempt: Attempt) -> None:
    """Owe a Work (the effect), add the next one, and end, all in one transaction."""
    record("start", job.key, attempt.number)
    with resources.db().transaction() as tx:
        outbox.add(tx, Work(key=f"effect:{job.key}:{attempt.number}"))
        under_way.add_next(tx, Work(key=f"next:{job.key}", mode=job.mode, times=1))
        if job.fate == "die" and attempt.number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if job.fate == "lose" and attempt.number == 1:
            take_over(job.key)
        under_way.finish_with(tx)


def take_over(key: str) -> None:
    """Let another worker claim the job, as if this one had been frozen for longer than its lease."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute(
            "UPDATE job_ledger"
            " SET worker = 'another', attempts = 2, lease_until = now() + interval '2 seconds'"
            " WHERE key = %s",
            (key,),
        )


@dataclass(frozen=True, kw_only=True)
class Quick(jobs.LedgerJob):
    """A ledger job whose end may be recorded with others'."""

    actor_name: ClassVar[str] = "core_quick"
    queue: ClassVar[str] = jobs.INTERACTIVE
    may_finish_later: ClassVar[bool] = True
    die: bool = False


@actor(Quick)
def core_quick(job: Quick, attempt: Attempt) -> None:
    """End at once; with `die` the first attempt's process is killed before its end is recorded."""
    record("start", job.key, attempt.number)
    if job.die and attempt.number == 1:
        threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGKILL)).start()


@actor(Chain)
def core_chain(job: Chain, attempt: Attempt) -> None:
    """Owe the next job; with `roll_back` the first attempt fails before its commit."""
    with resources.db().transaction() as tx:
        outbox.add(tx, Work(key=f"owed:{job.key}"), delay_seconds=job.delay_seconds)
        if job.roll_back and attempt.number == 1:
            raise ValueError("before the commit")


@actor(Look)
def core_look(job: Look) -> None:
    """Fail `times` times, then end."""
    record("start", job.name)
    time.sleep(job.seconds)
    if job.refused:
        raise OUTAGES["refuses us"]
    if job.times and recorded("start", job.name) <= job.times:
        raise PostponeError(0.3, "later") if job.postpone else ValueError("not yet")
    record("end", job.name)


@dataclass(frozen=True, kw_only=True)
class Once(Look):
    """A job without a row that is not to be repeated."""

    actor_name: ClassVar[str] = "core_once"


@actor(Once, max_retries=0)
def core_once(job: Once) -> None:
    """Fail."""
    record("start", job.name)
    raise ValueError("once")


@dataclass(frozen=True, kw_only=True)
class CoreDecision(jobs.Decision, queue=jobs.INTERACTIVE):
    """What somebody decides elsewhere than in a chat, about nothing."""


@actor(CoreDecision, right="payments", on_duplicate=deciding.value)
def core_decision(job: CoreDecision, attempt: Attempt) -> deciding.Value:
    """Say that it is done."""
    record("decided", job.key)
    return deciding.decide(job, lambda _: {"outcome": "done"})


@actor(Question)
def core_question(job: Question) -> Any:
    """Answer after `seconds`."""
    record("start", job.name)
    time.sleep(job.seconds)
    if job.value == "raise":
        raise RejectedError("telegram", "no", status=400)
    return job.value
