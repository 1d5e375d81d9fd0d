"""Calls an HTTP service: keep-alive connections, limits of time and size, and errors of our own classes.

What happened to a request decides whether it may be repeated. This table is the only place that decides:

    no connection was made (refused, DNS, TLS handshake)     UnreachableError: certain nothing was accepted
    429                                                      ThrottledError: nothing was accepted, wait
    3xx or 4xx without the service's own envelope            UnreachableError: a proxy spoke, not the service
    a "no" in the service's own envelope                     RejectedError, or RefusesUsError when it is
                                                             about our key, path, rate or balance
    5xx, timeout or reset after sending, unreadable 2xx      AmbiguousError: it may have taken effect

Only a service's client knows its envelope. The client calls `refuse` for an answer inside it and `outage` for
one outside it.

A service is reached straight by http.client (direct.py) and through a proxy by `requests` (proxied.py).

An error message never holds a URL, because Telegram's URLs carry the bot token. For the same reason an error
of a library is never kept as the cause.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from socialboost import logs
from socialboost.clients.answers import Answer, Limits, NoAnswerInTimeError, NotConnectedError, ResetError
from socialboost.clients.direct import DirectConnection
from socialboost.clients.guard import CallGuard
from socialboost.clients.proxied import ProxiedConnection
from socialboost.errors import AmbiguousError, RejectedError, ServiceError, ThrottledError, UnreachableError
from socialboost.logs import tally
from socialboost.partners import outbound

log = logs.get(__name__)

MAX_IDLE_SECONDS: Final = 15.0
"""A connection idle for longer is not used for a request that must not be sent twice.

A server may close an idle connection at the very moment we write to it, and then it is unknown whether it
read the request. A new connection costs a handshake; an ambiguous payment costs a person's time.
"""

DEFAULT_RETRY_AFTER_SECONDS: Final = 5.0
"""The wait after a 429 that names none."""

LONGEST_RETRY_AFTER_SECONDS: Final = 3 * 3600.0
"""Above the longest wait Telegram was seen to ask for. A nonsensical one must not delay a job for ever."""

TOO_LONG: Final = "too_long"
"""The code of an answer above `Limits.max_bytes`. For a list, half as much is then requested."""


class HttpService:
    """Calls one service at one base URL. Threads may share it: each has its own connection."""

    def __init__(
        self,
        service: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        guard: CallGuard | None = None,
        quiet: bool = False,
    ) -> None:
        """`guard` limits the calls. Without one a service that hangs holds every thread that calls it.

        `quiet`: a success inside a job is logged at DEBUG only, as the job's own line counts it.
        """
        self.service = service
        self._guard = guard
        self._event, self._calls = f"{service}_called", f"{service}_calls"
        self._quiet = quiet
        self._base_url = base_url.rstrip("/")
        self._headers = {
            "User-Agent": "SocialBoost",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "keep-alive",
            **(headers or {}),
        }
        self._limits = limits or Limits()
        # Read once, for this service's host: `requests` would read the environment at every call.
        self._proxy = outbound.proxy_for(self._base_url)
        self._ca_bundle = outbound.ca_bundle()
        self._local = threading.local()
        self._connections: list[DirectConnection | ProxiedConnection] = []
        self._lock = threading.Lock()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        check: Callable[[Answer], None] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send one request, let `check` raise the answer's error, and log the outcome with `fields`.

        `repeatable` means that sending it twice does no harm. A reset on a keep-alive connection is then
        tried once more on a new one, because the server most likely closed it while it was idle.
        """
        started = time.perf_counter()
        status, error = 0, ""
        try:
            with nullcontext() if self._guard is None else self._guard.passing():
                answer = self._exchange(method, path, body, headers, repeatable=repeatable)
                status = answer.status
                if check is not None:
                    check(answer)
        except ServiceError as exc:
            status, error = exc.status or status, exc.code or type(exc).__name__
            raise
        finally:
            took_ms = round((time.perf_counter() - started) * 1000, 1)
            is_told = tally.add(self._calls, took_ms) and self._quiet and status and not error
            extra = {"error": error} if error else {}
            write = log.debug if is_told else log.info
            write(self._event, **(fields or {}), status=status, ms=took_ms, **extra)
        return answer

    def close(self) -> None:
        """Close every thread's connections; a later call opens new ones."""
        with self._lock:
            for connection in self._connections:
                connection.close()

    def _exchange(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None, *, repeatable: bool
    ) -> Answer:
        connection = self._connection()
        idle = time.monotonic() - getattr(self._local, "used_at", 0.0)
        reused = getattr(self._local, "used_at", None) is not None
        if not repeatable and idle > MAX_IDLE_SECONDS:
            connection.close()
        self._local.used_at = time.monotonic()
        data = None if body is None else dump_json(body)
        all_headers = dict(headers or {})
        if data is not None:
            all_headers["Content-Type"] = "application/json"
        try:
            return self._send(connection, method, path, data, all_headers)
        except ResetError as error:
            if not (repeatable and reused):
                raise AmbiguousError(self.service, f"the exchange broke off ({error})") from None
        connection.close()
        try:
            return self._send(connection, method, path, data, all_headers)
        except ResetError as error:
            raise AmbiguousError(self.service, f"the exchange broke off, twice ({error})") from None

    def _send(
        self,
        connection: DirectConnection | ProxiedConnection,
        method: str,
        path: str,
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            return connection.send(method, path, data, headers)
        except NotConnectedError:
            raise UnreachableError(self.service, "no connection was made") from None
        except NoAnswerInTimeError:
            raise AmbiguousError(self.service, "no answer in time") from None

    def _connection(self) -> DirectConnection | ProxiedConnection:
        """Return this thread's connection."""
        kept: DirectConnection | ProxiedConnection | None = getattr(self._local, "connection", None)
        if kept is not None:
            return kept
        common = (self._base_url, self._limits, self._ca_bundle, self._headers)
        proxy = self._proxy
        made = DirectConnection(*common) if proxy is None else ProxiedConnection(*common, proxy)
        self._local.connection = made
        with self._lock:
            self._connections.append(made)
        return made


def dump_json(value: Any) -> bytes:
    """Encode compactly and always in the same way, so that a repeated request has the same bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_number)
    return text.encode()


def refuse(service: str, answer: Answer, *, code: str, reason: str) -> ServiceError:
    """Return the error of a refusal in the service's own envelope.

    `reason` is the service's own words.
    """
    text = reason or f"HTTP {answer.status}"
    if answer.status == 429:
        return ThrottledError(service, text, retry_after=retry_after(answer))
    if answer.status >= 500:
        return AmbiguousError(service, text, status=answer.status, code=code)
    return RejectedError(service, text, status=answer.status, code=code)


def outage(service: str, answer: Answer) -> ServiceError:
    """Return the error of an answer other than 2xx that is not in the service's own envelope."""
    text = f"HTTP {answer.status} without the service's envelope"
    if answer.status == 429:
        return ThrottledError(service, text, retry_after=retry_after(answer))
    if answer.status >= 500:
        by_front = answer.status in (502, 503)
        return AmbiguousError(service, text, status=answer.status, code="no_envelope", by_front=by_front)
    return UnreachableError(service, text, status=answer.status, code="no_envelope")


def unreadable(service: str, answer: Answer) -> AmbiguousError:
    """Return the error of a 2xx that cannot be parsed: it is unknown whether the request was accepted."""
    code = TOO_LONG if answer.is_too_long else ""
    text = (
        "the answer is longer than it may be" if answer.is_too_long else "the answer is not what was agreed"
    )
    return AmbiguousError(service, text, status=answer.status, code=code)


def retry_after(answer: Answer) -> float:
    """Return the seconds asked for by Retry-After (a number or a date)."""
    header = answer.headers.get("Retry-After", "")
    try:
        seconds = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
        except ValueError:
            return DEFAULT_RETRY_AFTER_SECONDS
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return within_reason(seconds)


def within_reason(seconds: float) -> float:
    """Return a requested wait, limited to between one second and LONGEST_RETRY_AFTER_SECONDS."""
    return min(max(1.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)  # only opaque package features are numbers: money is sent as a string
    raise TypeError(f"{type(value).__name__} is not JSON")
