"""Calls an HTTP service: keep-alive connections, limits of time and size, and errors of our own classes.

What happened to a request decides whether it may be repeated. This table is the only place that decides:

    no connection was made (refused, DNS, TLS certificate)   UnreachableError: certain nothing was accepted
    429                                                      ThrottledError: nothing was accepted, wait
    3xx or 4xx without the service's own envelope            UnreachableError: a proxy spoke, not the service
    a "no" in the service's own envelope                     RejectedError, or RefusesUsError when it is
                                                             about our key, path, rate or balance
    5xx, timeout or reset after sending, unreadable 2xx      AmbiguousError: it may have taken effect

Only a service's client knows its envelope. The client calls `refuse` for an answer inside it and `outage` for
one outside it.

An error message never holds a URL, because Telegram's URLs carry the bot token. For the same reason an error
of `requests` is never kept as the cause.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from socialboost import logs
from socialboost.clients.guard import CallGuard
from socialboost.errors import AmbiguousError, RejectedError, ServiceError, ThrottledError, UnreachableError
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

_CHUNK_BYTES: Final = 16 * 1024
_LONGEST_INTEGER: Final = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one call's time and size."""

    connect_seconds: float = 3.05
    read_seconds: float = 10.0
    """The longest silence of the server."""
    total_seconds: float = 15.0
    """The longest time for reading the body, so that a slow server does not hold a thread for ever."""
    max_bytes: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer. `body` is None if it was too long, too slow or cut off."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None
    is_too_long: bool = False

    def json(self) -> Any:
        """Return the body as JSON with Decimal for every fraction, or None if it is not JSON."""
        if self.body is None:
            return None
        try:
            return json.loads(self.body, parse_float=Decimal, parse_int=_integer)
        except (ValueError, RecursionError):
            return None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object, or an empty one if it is anything else."""
        value = self.json()
        return value if isinstance(value, dict) else {}


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
    ) -> None:
        """`guard` limits the calls. Without one a service that hangs holds every thread that calls it."""
        self.service = service
        self._guard = guard
        self._event = f"{service}_called"
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
        proxy = outbound.proxy_for(self._base_url)
        self._proxies = {} if proxy is None else {"http": proxy, "https": proxy}
        self._verify = outbound.ca_bundle()
        self._local = threading.local()
        self._adapters: list[HTTPAdapter] = []
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
            extra = {"error": error} if error else {}
            log.info(self._event, **(fields or {}), status=status, ms=took_ms, **extra)
        return answer

    def close(self) -> None:
        """Close every thread's connections; a later call opens new ones."""
        with self._lock:
            for adapter in self._adapters:
                adapter.close()

    def _exchange(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None, *, repeatable: bool
    ) -> Answer:
        adapter = self._adapter()
        idle = time.monotonic() - getattr(self._local, "used_at", 0.0)
        reused = getattr(self._local, "used_at", None) is not None
        if not repeatable and idle > MAX_IDLE_SECONDS:
            adapter.close()
        self._local.used_at = time.monotonic()
        data = None if body is None else dump_json(body)
        all_headers = dict(headers or {})
        if data is not None:
            all_headers["Content-Type"] = "application/json"
        try:
            return self._send(adapter, method, path, data, all_headers)
        except _ResetError:
            if not (repeatable and reused):
                raise AmbiguousError(self.service, "the connection was cut after sending") from None
        adapter.close()
        try:
            return self._send(adapter, method, path, data, all_headers)
        except _ResetError:
            raise AmbiguousError(self.service, "the connection was cut after sending, twice") from None

    def _send(
        self,
        adapter: HTTPAdapter,
        method: str,
        path: str,
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        limits = self._limits
        try:
            response = adapter.send(
                self._prepare(method, path, data, headers),
                timeout=(limits.connect_seconds, limits.read_seconds),
                proxies=self._proxies,
                verify=self._verify,
                stream=True,
            )
        except requests.RequestException as exc:
            raise _meaning(self.service, exc) from None
        body, is_too_long = _read(response, limits)
        return Answer(response.status_code, response.headers, body, is_too_long)

    def _prepare(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        """Return the request that `Session.request` would prepare, in half the time (nothing is merged)."""
        request = requests.PreparedRequest()
        request.method = method
        request.url = self._base_url + path
        request.headers = CaseInsensitiveDict({**self._headers, **headers})
        request.prepare_cookies(None)
        request.body = data
        request.prepare_content_length(data)
        return request

    def _adapter(self) -> HTTPAdapter:
        """Return this thread's adapter.

        A `Session` above it would only handle cookies, redirects and hooks that no call here has.
        """
        adapter: HTTPAdapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1)
            with self._lock:
                self._adapters.append(adapter)
        return adapter


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


class _ResetError(Exception):
    """The connection ended before an answer began."""


def _meaning(service: str, error: requests.RequestException) -> Exception:
    if isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectTimeout):
        return AmbiguousError(service, "no answer in time")
    if isinstance(error, requests.ConnectTimeout) or _before_sending(error):
        return UnreachableError(service, "no connection was made")
    if isinstance(error, requests.ConnectionError):
        return _ResetError()
    return AmbiguousError(service, f"the exchange broke off ({type(error).__name__})")


def _before_sending(error: requests.RequestException) -> bool:
    wrapped = error.args[0] if error.args else None
    reason = getattr(wrapped, "reason", wrapped)
    if isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ProxyError):
        return True
    cause = reason.args[0] if isinstance(reason, urllib3.exceptions.SSLError) and reason.args else None
    return isinstance(cause, ssl.SSLCertVerificationError)


def _read(response: requests.Response, limits: Limits) -> tuple[bytes | None, bool]:
    """Return the whole body, or None if it is too long (then with True), too slow or cut off."""
    deadline = time.monotonic() + limits.total_seconds
    raw, parts, size = response.raw, [], 0
    try:
        while chunk := raw.read1(_CHUNK_BYTES):
            parts.append(chunk)
            size += len(chunk)
            if size > limits.max_bytes or time.monotonic() > deadline:
                raw.close()
                return None, size > limits.max_bytes
    except (urllib3.exceptions.HTTPError, OSError):
        raw.close()
        return None, False
    raw.release_conn()
    return b"".join(parts), False


def _integer(text: str) -> int | Decimal:
    """Parse a whole number of any length: `int` refuses thousands of digits, and would fail the answer."""
    return int(text) if len(text) <= _LONGEST_INTEGER else Decimal(text)


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)  # only opaque package features are numbers: money is sent as a string
    raise TypeError(f"{type(value).__name__} is not JSON")
