"""Sends one chunk of a broadcast for some seconds, at most once to each recipient (docs/adr/0008).

    ask the rate limiter for a page → commit its rows as `sending` → call Telegram → commit each outcome

A row is marked before its call, and only by the runner that holds the broadcast in that transaction. A marked
row is marked again only if its call certainly was not accepted. A call begins only while the lease lasts, so
a process that was stopped and continued sends nothing more. The sender's thread makes the calls while this
thread prepares the next page, so the send rate is reached. At most one second's worth of calls is in flight.

An error that Telegram itself did not send says nothing about a recipient. Then the chunk ends, and the next
one begins with a single recipient after a growing wait. If nearly all first answers are refusals, the
broadcast is paused until an admin decides.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import psycopg

from socialboost import jobs, logs
from socialboost.clients.refusals import CONTENT_CODES, UNREACHABLE_CODES
from socialboost.errors import (
    QueueUnavailableError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from workers.broadcasts.answers import (
    FEWEST_JUDGED,
    JUDGED,
    LOST,
    Answers,
    Ending,
    away,
    is_about_the_person,
)
from workers.engine import outages, resources
from workers.engine import shutdown as process_ending

if TYPE_CHECKING:
    from socialboost.clients.telegram import Content
    from socialboost.clients.telegram_bulk import Letter, Outcome

CHUNK_SECONDS: Final = 8.0
"""How long one chunk sends. Then its thread is free for other jobs."""
LEASE_SECONDS: Final = 2.0
"""How long a runner holds the broadcast. It renews the lease every LOOK_SECONDS; after that the next runner
takes it. It is not longer than the rest of the job's lease when a process dies (jobs.Broadcast), so the next
worker does not wait twice. Losing the lease without need loses no message."""
LOOK_SECONDS: Final = 0.5
"""Time between two checks whether the broadcast still runs."""
RECORD_SECONDS: Final = 0.25
PROGRESS_SECONDS: Final = 4.0
DRAIN_SECONDS: Final = 20.0
"""How long the end of a chunk waits for running calls, and for PostgreSQL to record their outcomes."""
PAGE: Final = 500
"""Recipients read at once. At any send rate at most two pages are in flight, and one more has ended but is
not recorded yet. So many are held in memory, and a crash leaves so many with an unknown outcome."""
SCANNED: Final = 2_000
"""How many people are checked when a page of the audience is listed."""
LONG_WAIT_SECONDS: Final = 1.5
"""If the rate limiter asks for a longer wait than this, the chunk ends and its thread is free."""
LONGEST_WAIT_SECONDS: Final = 30.0
TROUBLE: Final = 10
"""After so many refusals of unknown meaning in a row, the cause is not a single recipient."""
AWAY_IN_ROW: Final = 5
"""After so many calls of unknown outcome in a row, the cause is not a single connection."""

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class _End:
    user_id: str
    status: str
    error: str | None


def show_soon(broadcast_id: str) -> None:
    """Send the job that updates the cards. A failure is only logged: the next update follows in seconds."""
    try:
        jobs.send(jobs.ShowBroadcastProgress(broadcast_id=broadcast_id))
    except QueueUnavailableError as error:
        log.warning("progress_not_shown", error=str(error))


class Runner:
    """Works on one chunk; `row` is begin_broadcast's answer."""

    def __init__(
        self, broadcast_id: str, owner: str, row: Mapping[str, Any], content: Content, rate: int
    ) -> None:
        self._id = broadcast_id
        self._owner = owner
        self._content = content
        self._listed = bool(row["listed"])
        self._waited = row["waits"] > 0
        self._answers = Answers(row)
        self._per_minute = int(row["per_minute"])
        self._most = min(max(50, rate // 4), PAGE)
        self._ask = min(max(30, rate // 2), PAGE)
        self._buffer: deque[Letter] = deque()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._outstanding = 0
        self._ends: list[_End] = []
        self._halt = threading.Event()
        self._verdict: Ending | None = None
        self._alone = True
        self._lease_ends = 0.0
        self._unknown_in_row = self._refused_in_row = 0
        self._began = time.monotonic()
        self._looked_at = self._recorded_at = self._began
        self._shown_at = 0.0

    def run(self) -> Ending:
        """Send until the chunk is over. On return the outcome of every call is recorded."""
        try:
            ending = self._probe() if self._waited else None
            ending = ending or self._work()
        except BaseException:
            self._halt.set()
            self._drain()
            raise
        if ending.kind != "continue" or ending.delay_seconds or process_ending.has_begun.is_set():
            self._halt.set()
        self._drain()
        ending = self._verdict or ending
        log.info("broadcast_chunk", sent=self._answers.sent, outcome=ending.kind, per_minute=self._per_minute)
        return replace(ending, answered=self._answers.any)

    # --- the work ---

    def _probe(self) -> Ending | None:
        """After an outage test Telegram with a getMe. Returns an Ending if it is still down."""
        try:
            resources.telegram().get_me()
        except ThrottledError as error:
            resources.rate_limiter().pause(error.retry_after)
            return Ending("continue", error.retry_after)
        except RejectedError as error:  # an answer, whatever it means
            log.warning("probe_refused", error=outages.describe(error))
        except ServiceError as error:
            return away(error)
        return None

    def _work(self) -> Ending:
        while True:
            self._gather(0.0)
            self._judge()
            if self._verdict is not None:
                return self._verdict
            if time.monotonic() - self._began >= CHUNK_SECONDS or process_ending.has_begun.is_set():
                return Ending("continue")
            if not self._look():
                return LOST
            if self._outstanding >= self._room():
                self._gather(LOOK_SECONDS, eager=True)
            elif not self._buffer and not self._refill():
                if self._verdict is None and not self._outstanding:
                    return self._answers.mostly_refused(FEWEST_JUDGED) or Ending("completed")
                self._gather(LOOK_SECONDS, eager=True)
            else:
                wait = self._send_page()
                if wait > LONG_WAIT_SECONDS and not self._outstanding:
                    return Ending("continue", min(wait, LONGEST_WAIT_SECONDS))
                self._gather(min(wait, LOOK_SECONDS))

    def _room(self) -> int:
        """Return how many more calls may be in flight. It is limited while the first answers are checked."""
        if self._alone:
            return 1
        return self._most if self._answers.judged else min(self._most, self._answers.left)

    def _judge(self) -> None:
        """Check the first answers once there are enough of them."""
        if self._answers.judged or self._answers.left > 0:
            return
        refused = self._answers.mostly_refused(JUDGED)
        if refused is not None:
            self._verdict = self._verdict or refused
        else:
            resources.db().run("judge_broadcast", broadcast_id=self._id)
            self._answers.judged = True

    def _look(self) -> bool:
        """Renew the lease and update the cards when due. Returns False if the runner must stop."""
        now = time.monotonic()
        if now - self._shown_at >= PROGRESS_SECONDS:
            self._shown_at = now
            show_soon(self._id)
        if now - self._looked_at < LOOK_SECONDS:
            return True
        self._looked_at = now
        if now - self._began >= 2.0:
            self._per_minute = round(self._answers.sent / (now - self._began) * 60)
        may_send = self._hold("hold_broadcast", per_minute=self._per_minute)
        return may_send is True

    def _hold(self, query: str, **arguments: Any) -> Any:
        """Run a query that renews the lease. For this process it ends no later than in PostgreSQL.

        The clock goes on while the process is stopped, so the lease can end during a stop.
        """
        asked = time.monotonic()
        answer = resources.db().value(
            query, broadcast_id=self._id, runner=self._owner, lease_seconds=LEASE_SECONDS, **arguments
        )
        if answer is not None:
            self._lease_ends = asked + LEASE_SECONDS
        return answer

    def _may_begin(self) -> bool:
        """Return True if a call may begin now. The sender's thread calls this."""
        return not self._halt.is_set() and time.monotonic() < self._lease_ends

    def _refill(self) -> bool:
        """Read the next recipients. If there are none, list more of the audience first."""
        from socialboost.clients.telegram_bulk import Letter  # noqa: PLC0415 (its HTTP library is large)

        while True:
            rows = resources.db().many("get_pending_recipients", broadcast_id=self._id, limit=PAGE)
            self._buffer.extend(Letter(row["user_id"], row["chat_id"]) for row in rows)
            if rows or self._listed:
                return bool(rows)
            more = resources.db().value(
                "list_recipients", broadcast_id=self._id, runner=self._owner, scan=SCANNED
            )
            if more is None or not self._look():
                self._verdict = LOST
                return False
            self._listed = not more

    def _send_page(self) -> float:
        """Send to as many of the next recipients as the rate allows. Returns how long to wait for more.

        The first recipient of a chunk is tried alone, so a message that Telegram refuses is refused once.
        """
        room = 1 if self._alone else self._ask
        if not self._answers.judged:
            room = min(room, self._room() - self._outstanding)
        asked = [self._buffer[at] for at in range(min(room, len(self._buffer)))]
        granted = resources.rate_limiter().reserve(self._id, [letter.chat_id for letter in asked])
        chosen = set(granted.chat_ids)
        page = [letter for letter in asked if letter.chat_id in chosen]
        if page:
            taken = self._hold("take_recipients", users=[letter.ref for letter in page])
            if taken is None:
                self._verdict = LOST
                return 0.0
            for _ in asked:
                self._buffer.popleft()
            self._buffer.extendleft(letter for letter in reversed(asked) if letter.chat_id not in chosen)
            marked = set(taken)
            letters = [letter for letter in page if letter.ref in marked]
            self._outstanding += len(letters)
            resources.bulk().send(self._content, letters, self._may_begin, self._outcomes.put)
        return granted.wait_seconds

    # --- how the calls ended ---

    def _gather(self, seconds: float, *, eager: bool = False) -> None:
        """Process calls that end within `seconds`. With `eager`, return as soon as one has ended."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            try:
                outcome = self._outcomes.get(timeout=left) if left > 0 else self._outcomes.get_nowait()
            except Empty:
                break
            self._take_in(outcome)
            if self._verdict is not None:
                self._halt.set()
            if eager or self._verdict is not None:
                deadline = 0.0
            self._record()
        self._record()

    def _take_in(self, outcome: Outcome) -> None:
        self._outstanding -= 1
        error = outcome.error
        if not outcome.begun:
            self._end(outcome, "pending")
        elif error is None:
            self._answers.sent += 1
            self._alone = False
            self._unknown_in_row = self._refused_in_row = 0
            self._end(outcome, "sent")
        elif isinstance(error, ThrottledError):
            self._end(outcome, "pending")
            resources.rate_limiter().pause(error.retry_after)
        elif isinstance(error, RejectedError):
            self._take_in_refusal(outcome, error)
        else:
            self._take_in_outage(outcome, error)

    def _take_in_outage(self, outcome: Outcome, error: ServiceError) -> None:
        """Mark the recipient as pending if the call certainly was not accepted, otherwise as unknown."""
        not_accepted = isinstance(error, UnreachableError)
        self._unknown_in_row += 1
        if not_accepted:
            self._end(outcome, "pending")
        else:
            self._end(outcome, "unknown", outages.describe(error))
        seen = not_accepted or error.code == "no_envelope" or self._alone
        if seen or self._unknown_in_row >= AWAY_IN_ROW:
            self._verdict = self._verdict or away(error)

    def _take_in_refusal(self, outcome: Outcome, error: RejectedError) -> None:
        """Decide whether a refusal is about this recipient or about the message, which then stops."""
        self._answers.refused += 1
        self._unknown_in_row = 0
        if error.code in UNREACHABLE_CODES:
            self._end(outcome, "blocked", error.code)
            return
        reason = outages.describe(error)
        self._end(outcome, "failed", reason)
        if error.code in CONTENT_CODES:
            self._verdict = Ending("failed", reason=reason)
        elif not is_about_the_person(error):
            self._refused_in_row += 1
            if self._answers.judged and self._refused_in_row >= TROUBLE:
                self._verdict = self._verdict or Ending("paused", reason=reason)

    def _end(self, outcome: Outcome, status: str, error: str | None = None) -> None:
        self._ends.append(_End(outcome.letter.ref, status, error))

    def _record(self, *, now: bool = False) -> None:
        """Record the outcomes in batches. After a database error the next call records them."""
        due = now or not self._outstanding or len(self._ends) >= PAGE
        if not self._ends or not (due or time.monotonic() - self._recorded_at >= RECORD_SECONDS):
            return
        resources.db().value(
            "record_recipients",
            broadcast_id=self._id,
            runner=self._owner,
            users=[end.user_id for end in self._ends],
            statuses=[end.status for end in self._ends],
            errors=[end.error for end in self._ends],
        )
        self._ends.clear()
        self._recorded_at = time.monotonic()

    def _drain(self) -> None:
        """Wait for running calls and record everything, even if PostgreSQL is down for a moment.

        The lease is renewed meanwhile, because the next runner marks recipients without an outcome as
        unknown.
        """
        deadline = time.monotonic() + DRAIN_SECONDS
        while (self._outstanding or self._ends) and time.monotonic() < deadline:
            try:
                self._look()
                self._gather(
                    min(LOOK_SECONDS, deadline - time.monotonic()) if self._outstanding else 0.0, eager=True
                )
                self._record(now=True)
            except psycopg.Error as error:
                if not outages.is_away(error):
                    raise
                log.warning("ends_not_recorded", count=len(self._ends), error=type(error).__name__)
                time.sleep(min(0.5, max(deadline - time.monotonic(), 0.0)))
