"""Runs a broadcast as a chain of jobs, one job for each chunk, and shows its progress to admins.

runner.py works on one chunk, dialogue.py composes a broadcast, and decisions.py sends and cancels it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.db.answers import BroadcastMoved
from socialboost.errors import PostponeError
from socialboost.screens.admin.broadcasts import MOSTLY_REFUSED
from workers.broadcasts import cards
from workers.broadcasts import content as broadcast_content
from workers.broadcasts.answers import Ending
from workers.broadcasts.runner import LEASE_SECONDS, Runner, show_soon
from workers.engine import outbox, resources
from workers.engine.actors import Attempt, actor
from workers.telegram import repeats

AT_ONCE: Final = 3
"""How many chunks run at once in one process. The other threads stay free for tasks and notices."""
BUSY_SECONDS: Final = 1.0
FIRST_WAIT_SECONDS: Final = 2.0
LONGEST_WAIT_SECONDS: Final = 60.0
"""The longest wait between two tries while Telegram is down. The first is FIRST_WAIT_SECONDS."""

log = logs.get(__name__)

_places: Final = threading.BoundedSemaphore(AT_ONCE)


def _park(tx: Transaction, job: jobs.Broadcast, error: str) -> None:
    """Pause a broadcast whose chunk killed its worker three times without a message: an admin decides."""
    stop = {"broadcast_id": job.broadcast_id, "chunk": job.chunk, "status": "paused", "reason": error}
    if tx.value("stop_broadcast", **stop):
        _owe_report(tx, job)


@actor(jobs.Broadcast, on_exhausted=_park)
def broadcast(job: jobs.Broadcast, attempt: Attempt) -> None:
    """Send for some seconds, then add the next chunk's job, or the report when the broadcast has ended."""
    with _place(), logs.context(broadcast_id=job.broadcast_id):
        row = resources.db().value(
            "begin_broadcast",
            broadcast_id=job.broadcast_id,
            chunk=job.chunk,
            runner=attempt.worker,
            lease_seconds=LEASE_SECONDS,
        )
        if row["outcome"] == "busy":
            raise PostponeError(float(row["wait"]), "another runner has it, or it is not time yet")
        if row["outcome"] == "over":
            log.info("broadcast_over", chunk=job.chunk)
            return
        if attempt.number > 1 and row["moved"]:  # the killed worker made progress: a new chunk, new attempts
            ending = Ending("continue")
        else:
            settings = resources.settings()
            content = broadcast_content.made(row, rate=settings.telegram_send_rate)
            runner = Runner(job.broadcast_id, attempt.worker, row, content, settings.telegram_send_rate)
            ending = runner.run()
        _hand_on(job, attempt.worker, ending)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise PostponeError(BUSY_SECONDS, "enough broadcasts run in this process")
    try:
        yield
    finally:
        _places.release()


def _hand_on(job: jobs.Broadcast, runner: str, ending: Ending) -> None:
    """Record how the chunk ended and add what follows, in the transaction that gives up the broadcast."""
    with resources.db().transaction() as tx:
        ours = tx.value("lock_run", broadcast_id=job.broadcast_id, runner=runner)
        stops = ending.kind in {"completed", "failed", "paused"}
        if (
            ours
            and stops
            and tx.value(
                "stop_broadcast",
                broadcast_id=job.broadcast_id,
                chunk=job.chunk,
                status=ending.kind,
                reason=ending.reason,
            )
        ):
            _owe_word(tx, job, ending)
        elif ending.kind != "lost" and (
            handed := tx.one(
                "end_chunk",
                broadcast_id=job.broadcast_id,
                runner=runner,
                reason=ending.reason,
                away=ending.kind == "away",
                answered=ending.answered,
            )
        ):
            delay = _wait_seconds(handed["waits"]) if handed["waits"] else ending.delay_seconds
            _owe_chunk(tx, job.broadcast_id, handed["chunk"], delay)
        else:
            tx.run("leave_broadcast", broadcast_id=job.broadcast_id, runner=runner)
    if ending.kind == "away":
        show_soon(job.broadcast_id)


def _wait_seconds(waits: int) -> float:
    """Return the wait before the next try, after Telegram was down so many times in a row."""
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(waits - 1, 10), LONGEST_WAIT_SECONDS)


def _owe_word(tx: Transaction, job: jobs.Broadcast, ending: Ending) -> None:
    """Add the report that a broadcast has stopped. If nearly everybody refuses it, notify all admins."""
    _owe_report(tx, job)
    if (ending.reason or "").partition(":")[0] != MOSTLY_REFUSED:
        return
    tx.run("judge_broadcast", broadcast_id=job.broadcast_id)  # an admin who resumes it knows of the refusals
    row = tx.one("get_broadcast", broadcast_id=job.broadcast_id)
    counts = {name: row[name] for name in ("sent", "blocked", "failed")} if row else {}
    key = f"notice:broadcast:{job.broadcast_id}:refused"
    data = {"broadcast_id": job.broadcast_id, **counts}
    outbox.notify_admins(tx, jobs.NotifyAdmins(key=key, kind="broadcast_refused", data=data))


def owe_moved(tx: Transaction, broadcast_id: str, moved: BroadcastMoved) -> None:
    """Add the job that follows from move_broadcast's answer, in the same transaction."""
    if moved["moved"] and moved["status"] in {"running", "scheduled"}:
        _owe_chunk(tx, broadcast_id, moved["chunk"], float(moved["wait"]))


def _owe_chunk(tx: Transaction, broadcast_id: str, chunk: int, delay_seconds: float) -> None:
    key = f"broadcast:{broadcast_id}:{chunk}"
    outbox.add(tx, jobs.Broadcast(key=key, broadcast_id=broadcast_id, chunk=chunk), delay_seconds)


def _owe_report(tx: Transaction, job: jobs.Broadcast) -> None:
    key = f"notice:broadcast:{job.broadcast_id}:{job.chunk}"
    outbox.add(tx, jobs.ReportBroadcast(key=key, broadcast_id=job.broadcast_id))


@actor(jobs.ShowBroadcastProgress, max_retries=0)
def show_broadcast_progress(job: jobs.ShowBroadcastProgress) -> None:
    """Redraw the cards. A missed edit is harmless."""
    try:
        cards.refresh(job.broadcast_id, job.chat_id)
    except PostponeError as error:  # other messages come first
        if job.chat_id:
            raise
        log.info("progress_not_shown", error=error.reason)


@actor(jobs.ReportBroadcast)
def report_broadcast(job: jobs.ReportBroadcast, attempt: Attempt) -> None:
    """Show on the cards how the broadcast ended, or why it waits. Its author always gets a card."""
    row = resources.db().one("get_broadcast", broadcast_id=job.broadcast_id)
    if row is None:
        return
    with repeats.allowed(attempt.number, row["admin_telegram_id"]):
        cards.report(job.broadcast_id)
