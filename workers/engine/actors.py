"""Declares actors: `@actor(jobs.X)` takes name and queue from the contract and runs the body with the ledger.

    @actor(jobs.OpenOrder)
    def open_order(job: jobs.OpenOrder, attempt: Attempt) -> None: ...      # a LedgerJob

    @actor(jobs.ShowMenu)
    def show_menu(job: jobs.ShowMenu) -> None: ...                          # a plain Job

    @actor(jobs.ShowPayment, right="look")
    def show_payment(job: jobs.ShowPayment) -> None: ...                    # an admin's (engine/rights.py)

The decorated function stays a plain function, which tests can call. An exception means (engine/outages.py):
PostponeError, ThrottledError, UnreachableError, our PostgreSQL or Redis is down: postponed, no attempt used.
RejectedError, ParkError: final, a ledger job is parked. DiscardError: final, the job is discarded. Any other:
a failed attempt. A RefusesUsError also notifies the admins (workers/notices/infrastructure.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import wraps
from typing import Any, Final, TypeVar, overload

import dramatiq
from dramatiq.common import current_millis
from dramatiq.message import Message
from dramatiq.middleware import CurrentMessage, Interrupt

from socialboost import logs
from socialboost.errors import DiscardError, ParkError, RefusesUsError, RejectedError
from socialboost.jobs import PAYMENTS, Decision, Job, LedgerJob, Tap
from socialboost.jobs.sending import ANSWER
from socialboost.logs import tally
from socialboost.queue import broker
from socialboost.queue.middleware import MAX_RETRIES, worth_repeating
from workers.engine import claiming, deciding, hooks, ledger, lines, outages, resources, rights, under_way
from workers.engine.claiming import ContractError
from workers.engine.ledger import Claim, Claiming, OnExhausted
from workers.engine.rights import Right
from workers.engine.under_way import ClaimLostError, UnderWay

J = TypeVar("J", bound=Job)
L = TypeVar("L", bound=LedgerJob)
JobT = TypeVar("JobT", bound=Job)

log = logs.get(__name__)


@dataclass(frozen=True)
class Attempt:
    """The current attempt of a ledger job."""

    number: int
    """The number of the attempt, from 1."""
    worker: str
    """The unique id of this attempt: the owner of everything that it leases."""
    last: bool
    """True if a failure now parks the job."""
    is_repeated: bool = False
    """True if the job was claimed before, so its effect may exist. `number` does not count attempts that were
    given back."""
    found: Mapping[str, Any] | None = None
    """The other columns of the statement that claimed the job (`claims_with`), or the data that the
    transaction which added the job read for it (under_way.add_next)."""


@dataclass(frozen=True)
class Actor:
    """A declared actor. `REGISTRY` has all of them by name."""

    contract: type[Job]
    function: Callable[..., Any]
    on_duplicate: Callable[[Any], object] | None
    on_busy: Callable[[Any], object] | None
    on_exhausted: OnExhausted | None
    right: Right | None = None
    """The right that the job's person needs. Without it the body does not run."""
    claims_with: Claiming | None = None
    """The query that claims the job, if it does more than claim."""


REGISTRY: Final[dict[str, Actor]] = {}


@overload
def actor(
    contract: type[L],
    *,
    right: Right | None = ...,
    on_duplicate: Callable[[L], object] | None = ...,
    on_busy: Callable[[L], object] | None = ...,
    on_exhausted: OnExhausted | None = ...,
    claims_with: Claiming | None = ...,
    **options: Any,
) -> Callable[[Callable[[L, Attempt], Any]], Callable[[L, Attempt], Any]]: ...
@overload
def actor(
    contract: type[J], *, right: Right | None = ..., **options: Any
) -> Callable[[Callable[[J], Any]], Callable[[J], Any]]: ...
def actor(
    contract: type[Any],
    *,
    right: Right | None = None,
    on_duplicate: Callable[[Any], object] | None = None,
    on_busy: Callable[[Any], object] | None = None,
    on_exhausted: OnExhausted | None = None,
    claims_with: Claiming | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the contract's actor on the installed broker. `options` are Dramatiq's (`periodic`, …).

    `right` is checked before the body. Raises ValueError for an admin's contract without one.

    For a LedgerJob: `on_duplicate(job)` runs instead of the body if the job has already ended, `on_busy(job)`
    if another worker has it or it waits for its next attempt (the return value of either answers a question),
    and `on_exhausted(tx, job, error)` runs in the transaction that parks the row. `claims_with` is a query
    that claims the job and makes the body's first step in the same statement. That step must read only, or be
    safe to repeat, and the actor must not need a right (ValueError).
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        declared = Actor(contract, function, on_duplicate, on_busy, on_exhausted, right, claims_with)
        _declare(declared, options)
        return function

    return declare


def _declare(declared: Actor, options: Mapping[str, Any]) -> None:
    contract = declared.contract
    if contract.actor_name in REGISTRY:
        raise ValueError(f"{contract.actor_name} has two actors")
    rights.check(contract, declared.right)
    if declared.right is not None and declared.claims_with is not None:
        reason = f"its right is asked after the claim, so {declared.claims_with.query} may not claim it"
        raise ValueError(f"{contract.actor_name}: {reason}")
    REGISTRY[contract.actor_name] = declared
    settings = dict(options)
    # Dramatiq's own `max_retries` would also count the times a job was only postponed.
    repeating = worth_repeating(settings.pop("max_retries", MAX_RETRIES))
    defaults: dict[str, Any] = {"throws": ContractError, "retry_when": repeating}
    runner = _run_plain
    if issubclass(contract, LedgerJob):
        defaults["time_limit"] = contract.lease_seconds * 1000
        runner = _run_ledger
    if contract.max_age_seconds is not None:
        defaults["max_age"] = contract.max_age_seconds * 1000

    @wraps(declared.function)
    def run(**kwargs: Any) -> Any:
        return runner(declared, kwargs)

    settings.setdefault("priority", _priority(contract))
    dramatiq.actor(
        actor_name=contract.actor_name,
        queue_name=contract.queue,
        broker=broker.current(),
        **(defaults | settings),
    )(run)


def _priority(contract: type[Job]) -> int:
    """Which of the jobs that a process has taken a free thread does first, the lowest: money before taps."""
    if contract.queue != PAYMENTS:
        return 20
    return 10 if issubclass(contract, Tap) else 0  # a buyer waits for a link, another has paid already


def decode(contract: type[JobT], values: object) -> JobT:
    """Return the job: fields of a newer producer are ignored, those an older one lacks get their defaults.

    Raises ContractError for what lacks others, or is no JSON object.
    """
    if not isinstance(values, Mapping):
        raise ContractError(f"{contract.actor_name}: its fields are a {type(values).__name__}")
    known = {f.name: f for f in fields(contract)}
    missing = [
        name
        for name, f in known.items()
        if name not in values and f.default is MISSING and f.default_factory is MISSING
    ]
    if missing:
        raise ContractError(f"{contract.actor_name} lacks {', '.join(missing)}")
    return contract(**{name: value for name, value in values.items() if name in known})


def _run_plain(declared: Actor, kwargs: Mapping[str, Any]) -> Any:
    """Run a job without a ledger row."""
    message = _message()
    job = decode(declared.contract, kwargs)
    retries = message.options.get("retries", 0)
    started = time.monotonic()
    with logs.context(**lines.labels(job, message), attempt=retries + 1), tally.counting():
        if hooks.IS_SUPERSEDED(job, _waited_ms(message)):
            return None
        waited_ms = _waited_ms(message)
        lines.started(retries + 1, waited_ms)
        try:
            value = declared.function(job) if rights.allows(declared.right, job) else None
        except RejectedError as error:  # a screen that Telegram refuses for good: nobody to tell
            log.warning("job_finished", outcome="rejected", error=outages.describe(error), ms=_ms(started))
            return None
        except Exception as error:
            wait = outages.wait(error)
            if wait is None:
                log.warning("job_failed", error=outages.describe(error), ms=_ms(started))
                raise
            raise _not_now(message, error, wait) from error
        log.info("job_finished", outcome="done", ms=_ms(started), waited_ms=waited_ms, **tally.fields())
        return _answer(message, value)


def _run_ledger(declared: Actor, kwargs: Mapping[str, Any]) -> Any:
    """Run a job that has a row: claim, body, settlement."""
    message = _message()
    job = decode(declared.contract, kwargs)
    assert isinstance(job, LedgerJob)  # noqa: S101 (`actor` chose this function for it)
    with logs.context(**lines.labels(job, message)), tally.counting():
        claimed = claiming.claim(job, message, declared.claims_with)
        if claimed.outcome != "claimed":
            return _answer(message, _not_ours(declared, job, claimed, message))
        job = decode(declared.contract, {**kwargs, **(claimed.args or {})})
        with logs.context(attempt=claimed.attempt):
            value, following = _work(declared, job, claimed, _waited_ms(message))
    _go_on(following, message)
    return _answer(message, value)


def _go_on(following: Sequence[tuple[LedgerJob, Claim]], message: Message[Any]) -> None:
    """Run the jobs that were born claimed (under_way.add_next), and those that they bring."""
    waiting = list(following)
    while waiting:
        job, claimed = waiting.pop(0)
        with logs.context(**lines.labels(job, message), attempt=claimed.attempt), tally.counting():
            waiting += _work(REGISTRY[job.actor_name], job, claimed, 0)[1]


def _work(
    declared: Actor, job: Any, claimed: Claim, waited_ms: int
) -> tuple[Any, list[tuple[LedgerJob, Claim]]]:
    """Run the body of a claimed job and settle it. Returns its value, and the jobs to go on with."""
    started = time.monotonic()
    lines.started(claimed.attempt, waited_ms)
    resources.lease_renewer().hold(claimed, job.lease_seconds)
    attempt = Attempt(claimed.attempt, claimed.worker, claimed.last, claimed.is_repeated, claimed.found)
    with under_way.working(claimed) as running:
        try:
            if claimed.failure is not None:
                raise claimed.failure
            value = _permitted(declared, job, attempt)
        except (Exception, Interrupt) as error:  # noqa: BLE001 (every failure is written to the ledger)
            settle_failure(declared, job, claimed, error, started, kept=running.kept)
            return None, running.next
    _settle_success(running, job)
    log.info("job_finished", outcome="done", ms=_ms(started), waited_ms=waited_ms, **tally.fields())
    return value, running.next


def _settle_success(running: UnderWay, job: LedgerJob) -> None:
    """Record the job as done, unless its own transaction did (under_way.finish_with)."""
    renewer, claimed, kept = resources.lease_renewer(), running.claim, tuple(running.kept)
    if running.is_finished:
        renewer.settle(claimed, lambda: ledger.write_kept(resources.db(), kept))
    elif (end := running.end) is not None:
        renewer.settle(claimed, lambda: ledger.finish_by(resources.db(), claimed, end, kept))
    elif job.may_finish_later and not kept:
        resources.finisher().add(claimed)
    else:
        renewer.settle(claimed, lambda: ledger.finish(resources.db(), claimed, kept))


def _permitted(declared: Actor, job: Any, attempt: Attempt) -> Any:
    """Run the body, or refuse: of a decision not taken yet the value is then `not_allowed`, for good."""
    if rights.allows(declared.right, job):
        return declared.function(job, attempt)
    return deciding.refuse(job) if isinstance(job, Decision) else None


def _not_ours(declared: Actor, job: LedgerJob, claimed: Claim, message: Message[Any]) -> Any:
    """Answer for a job that has ended or that another worker has."""
    if claimed.outcome == "foreign":
        log.error("job_key_taken", job=job.actor_name, key=job.key)
        return None
    log.info("job_skipped", outcome=claimed.outcome)
    callback = declared.on_busy if claimed.outcome in {"busy", "early"} else declared.on_duplicate
    if callback is None:
        return None
    try:
        return callback(job)
    except RejectedError as error:
        log.warning("job_answer_failed", error=outages.describe(error))
        return None
    except Exception as error:
        wait = outages.wait(error)
        if wait is None:
            raise
        raise _not_now(message, error, wait) from error


def _not_now(message: Message[Any], error: Exception, wait: outages.Wait) -> dramatiq.Retry:
    """Return the error that postpones a message without a ledger row. Its age limit still applies."""
    if isinstance(error, RefusesUsError):
        hooks.SERVICE_REFUSES(error)
    delay = wait.after(_waited_ms(message) / 1000)
    log.info("job_postponed", error=outages.describe(error), delay_seconds=round(delay, 1))
    return dramatiq.Retry(delay=round(delay * 1000))


def settle_failure(
    declared: Actor,
    job: LedgerJob,
    claimed: Claim,
    error: BaseException,
    started: float,
    *,
    kept: Sequence[tuple[int, int]] = (),
) -> None:
    """Classify the exception and record the outcome, after the messages (`kept`) that must last."""
    text, wait, db = outages.describe(error), outages.wait(error), resources.db

    def settle(action: Callable[[], object]) -> None:
        def write() -> None:
            ledger.write_kept(db(), kept)
            action()

        resources.lease_renewer().settle(claimed, write)

    if isinstance(error, ClaimLostError):
        log.warning("claim_lost", ms=_ms(started))
        settle(lambda: None)
    elif wait is not None:
        settle(lambda: ledger.postpone(db(), claimed, wait, text))
        log.info("job_postponed", error=text, delay_seconds=wait.seconds, grows=wait.grows, ms=_ms(started))
        if isinstance(error, RefusesUsError):
            hooks.SERVICE_REFUSES(error)
    elif isinstance(error, DiscardError):
        log.error("job_discarded", error=text, ms=_ms(started))
        settle(lambda: ledger.discard(db(), claimed, text))
    elif claimed.last or isinstance(error, RejectedError | ParkError):
        log.error("job_failed", error=text, ms=_ms(started), exc_info=error)
        settle(lambda: ledger.park(db(), claimed, job, text, declared.on_exhausted))
    else:
        log.warning("job_failed", error=text, ms=_ms(started), exc_info=error)
        settle(lambda: ledger.retry(db(), claimed, text))


def seconds_left() -> float | None:
    """Return how much longer the caller waits for the running job's answer, None without a given time.

    It counts from the time when the question was queued, like its age at the fetch. If this machine's clock
    is behind, the result is at most the whole time.
    """
    message = _message()
    most = message.options.get("max_age")
    return None if most is None else (most - max(_waited_ms(message), 0)) / 1000


def _message() -> Message[Any]:
    message = CurrentMessage.get_current_message()
    if message is None:
        raise RuntimeError("an actor's wrapper runs in a Dramatiq worker; tests call the function itself")
    return message


def _answer(message: Message[Any], value: Any) -> Any:
    """Wrap the value for the caller, if the message is a question."""
    return {ANSWER: value} if message.options.get("store_results") else None


def _waited_ms(message: Message[Any]) -> int:
    return current_millis() - message.message_timestamp


def _ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
