"""The broadcast itself: one job a chunk, and what the admin is shown of it.

How each chunk works is in broadcast_runner.py, what the admins do about it in broadcast_dialogue.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.clients.refusals import EDIT_GONE
from socialboost.db import Transaction
from socialboost.errors import PostponeError, RejectedError
from socialboost.screens import broadcasts, texts
from workers import broadcast_content, outbox, replies, runtime
from workers.base import Attempt, actor
from workers.broadcast_runner import LEASE_SECONDS, Ending, Runner

AT_ONCE: Final = 3
"""Chunks in one process: the threads of all others stay free for tasks and notices."""
BUSY_SECONDS: Final = 1.0

log = logs.get(__name__)

_places: Final = threading.BoundedSemaphore(AT_ONCE)


def _park(tx: Transaction, job: jobs.Broadcast, error: str) -> None:
    """A chunk that killed its worker three times without reaching anybody: a person decides."""
    stop = {"broadcast_id": job.broadcast_id, "chunk": job.chunk, "status": "paused", "reason": error}
    if tx.value("stop_broadcast", **stop):
        _owe_report(tx, job)


@actor(jobs.Broadcast, on_exhausted=_park)
def broadcast(job: jobs.Broadcast, attempt: Attempt) -> None:
    """Send for some seconds, then owe the next chunk, or the report when it is over."""
    with _place(), logs.context(broadcast_id=job.broadcast_id):
        row = runtime.db().value(
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
        if attempt.number > 1 and row["moved"]:  # its worker was killed, but not for nothing: begin afresh
            ending = Ending("continue")
        else:
            settings = runtime.settings()
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
    """Write down what comes next, in the transaction that gives the broadcast away."""
    with runtime.db().transaction() as tx:
        stops = ending.kind in {"completed", "failed", "paused"}
        if stops and tx.value(
            "stop_broadcast",
            broadcast_id=job.broadcast_id,
            chunk=job.chunk,
            status=ending.kind,
            reason=ending.reason,
        ):
            _owe_report(tx, job)
        elif ending.kind != "lost" and (
            chunk := tx.value("end_chunk", broadcast_id=job.broadcast_id, runner=runner)
        ):
            _owe_chunk(tx, job.broadcast_id, chunk, ending.delay_seconds)
        else:
            tx.run("leave_broadcast", broadcast_id=job.broadcast_id, runner=runner)


def owe_moved(tx: Transaction, broadcast_id: str, moved: Mapping[str, Any]) -> None:
    """Owe what follows from move_broadcast's answer, in the same transaction."""
    if moved["moved"] and moved["status"] in {"running", "scheduled"}:
        _owe_chunk(tx, broadcast_id, moved["chunk"], float(moved["wait"]))


def _owe_chunk(tx: Transaction, broadcast_id: str, chunk: int, delay_seconds: float) -> None:
    key = f"broadcast:{broadcast_id}:{chunk}"
    outbox.owe(tx, jobs.Broadcast(key=key, broadcast_id=broadcast_id, chunk=chunk), delay_seconds)


def _owe_report(tx: Transaction, job: jobs.Broadcast) -> None:
    key = f"notice:broadcast:{job.broadcast_id}:{job.chunk}"
    outbox.owe(tx, jobs.ReportBroadcast(key=key, broadcast_id=job.broadcast_id))


@actor(jobs.ShowBroadcastProgress, max_retries=0)
def show_broadcast_progress(job: jobs.ShowBroadcastProgress) -> None:
    """Show the admin how far it is; missing one of these edits is no harm."""
    try:
        _show_progress(job.broadcast_id)
    except PostponeError as error:  # the gate lets others through first
        log.info("progress_not_shown", error=error.reason)


@actor(jobs.ReportBroadcast)
def report_broadcast(job: jobs.ReportBroadcast, attempt: Attempt) -> None:  # noqa: ARG001
    """Tell the admin how it ended, or why it waits, in a message that stays."""
    row = runtime.db().one("get_broadcast", broadcast_id=job.broadcast_id)
    if row is None:
        return
    if row["progress_message_id"]:
        show_broadcast_progress(jobs.ShowBroadcastProgress(broadcast_id=job.broadcast_id))
    zone = runtime.settings().timezone
    replies.notify(row["admin_telegram_id"], broadcasts.report(row, _language(row), zone))


def _show_progress(broadcast_id: str) -> None:
    shown = None
    row = runtime.db().one("get_broadcast", broadcast_id=broadcast_id)
    while row is not None and row["status"] != shown:  # it may end while its last progress is on the way
        runtime.gate().notice(row["admin_telegram_id"])
        _draw(row)
        shown = row["status"]
        row = runtime.db().one("get_broadcast", broadcast_id=broadcast_id)


def _draw(row: Mapping[str, Any]) -> None:
    screen = broadcasts.card(row, _language(row), runtime.settings().timezone)
    chat_id, message_id = row["admin_telegram_id"], row["progress_message_id"]
    markup = screen.keyboard_markup()
    try:
        with runtime.gate().watching():
            if message_id:
                runtime.telegram().edit_message(chat_id, message_id, screen.text, markup)
                return
            message_id = runtime.telegram().send_message(chat_id, screen.text, markup)
    except RejectedError as error:
        if error.code != EDIT_GONE:
            raise
        log.info("progress_message_gone", chat_id=chat_id)
        return
    replies.keep(chat_id, message_id)
    runtime.db().run("set_progress_message", broadcast_id=row["broadcast_id"], message_id=message_id)


def _language(row: Mapping[str, Any]) -> str:
    admin = runtime.db().one("get_user", telegram_id=row["admin_telegram_id"])
    return texts.language(admin["language"] if admin else None)
