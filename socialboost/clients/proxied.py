"""One keep-alive connection to a service that is reached through a web proxy: `requests`' adapter.

http.client knows no proxy that is itself reached by TLS and no absolute form, and tells of a proxy's refusal
in a text only. `requests` does all that. Its three times higher cost counts little beside the longer way.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from socialboost.clients.answers import Answer, Limits, NoAnswerInTimeError, NotConnectedError, ResetError

_CHUNK_BYTES = 16 * 1024


class ProxiedConnection:
    """Belongs to one thread; only `close` may be called from another."""

    def __init__(
        self, base_url: str, limits: Limits, ca_bundle: str, headers: Mapping[str, str], proxy: str
    ) -> None:
        self._base_url = base_url
        self._limits = limits
        self._verify = ca_bundle
        self._headers = headers
        self._proxies = {"http": proxy, "https": proxy}
        # A `Session` above it would only handle cookies, redirects and hooks that no call here has.
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1)
        # urllib3 leaves Nagle's algorithm on for proxies. A request's body then waits up to 40 ms for the
        # acknowledgement of its head.
        self._adapter.proxy_manager_for(proxy, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Make one exchange."""
        limits = self._limits
        try:
            response = self._adapter.send(
                self._prepare(method, path, data, headers),
                timeout=(limits.connect_seconds, limits.read_seconds),
                proxies=self._proxies,
                verify=self._verify,
                stream=True,
            )
        except requests.RequestException as error:
            raise _meaning(error) from None
        if response.status_code < 200:  # an interim answer says nothing about the request
            self.close()
            raise ResetError("an interim answer")
        body, is_too_long = _read(response, limits)
        return Answer(response.status_code, response.headers, body, is_too_long)

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        self._adapter.close()

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


def _meaning(error: requests.RequestException) -> Exception:
    """Return what an error of `requests` says about the request. It never holds the URL."""
    if isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectTimeout):
        return NoAnswerInTimeError()
    if isinstance(error, requests.ConnectTimeout) or _before_sending(error):
        return NotConnectedError()
    return ResetError(type(error).__name__)


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
